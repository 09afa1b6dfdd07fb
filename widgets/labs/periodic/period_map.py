"""The map over learning rate and weight decay: each cell is a net that trains in periods, all of them at once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.core.experiment import Experiment
from lessons.periodic.experiment import Periodic
from lessons.periodic.grid import PeriodMap, read_grid
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.spreads import PERIOD_MAP, MapSettings
from lessons.periodic.theory import expected_period
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.periodic.periods import LOG_125, draw_ticks, idle_fields, ticks
from widgets.plots import grey, line, plot, theory
from widgets.view import LabView

PERIODS_NEEDED = 2


class MapView(LabView[PeriodicSettings, MapSettings]):
    """Period times eta lambda and norm of each cell, and the period against eta lambda."""

    name = "period_map"
    title = "A map over η and λ"
    experiment: Experiment[PeriodicSettings] = Periodic()
    spread = PERIOD_MAP
    compare = False
    step_figures = ()
    shown = ("learning_rate", "weight_decay", "rows", "columns", "optimizer", "momentum")
    more = ("seed", "width", "depth", "train_size", "steps")
    presets = (
        Preset(
            "a quick map",
            "Twelve cells. What does the period follow, η, λ or their product? And the norm?",
            ({"learning_rate": 0.5, "weight_decay": 0.004, "rows": 3, "columns": 4, "steps": 2500},),
        ),
        Preset("24 cells", "More than a decade of η·λ, all at once.", ({},)),
        Preset(
            "with momentum",
            "Heavy ball: shorter periods at the same η and λ. Do they still follow η·λ?",
            (
                {
                    "learning_rate": 0.25,
                    "weight_decay": 0.004,
                    "rows": 3,
                    "columns": 4,
                    "steps": 1500,
                    "optimizer": "heavy ball",
                },
            ),
        ),
    )

    def idle(self, settings: MapSettings) -> tuple[str, ...]:
        return idle_fields(settings.optimizer, settings.weight_decay)

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        (colour,) = colours
        period = _cells(
            "map-period",
            "Period times η·λ, T·η·λ, of each cell",
            [(0.0, "#2f7ed8"), (0.5, "#f5f0e6"), (1.0, "#e0662e")],
        )
        period.update_traces(zmin=0.0, zmax=3.0)
        norm = _cells("map-norm", "Norm ρ at which each cell breaks down", "Viridis")
        law = plot(
            "map-law",
            "Period T against η·λ (dashes: their median product over η·λ)",
            "η·λ",
            "steps",
            [line("measured", colour, mode="markers", marker={"size": 8}), theory("T = c/(ηλ)", grey(1.0))],
            xaxis_type="log",
            xaxis_tickformat="~g",
            xaxis_dtick="D2",
            height=340,
            **LOG_125,
        )
        dashed = {"dash": "dot"}
        corners = [
            line("lowest η and λ", "#2f7ed8"),
            line("highest λ", "#2f7ed8", line=dashed),
            line("highest η", "#e0662e"),
            line("highest η and λ", "#e0662e", line=dashed),
        ]
        norms = plot(
            "map-norms",
            "Norm ρ of the four corners of the map",
            "step",
            "norm ρ",
            corners,
            height=340,
            showlegend=True,
            **LOG_125,
        )
        return {"period": period, "norm": norm, "law": law, "norms": norms}

    def begin(self, frame: Frame) -> None:
        rates, decays = self._axes(frame)
        frame.screen.relayout("norms", {"xaxis.range": [0, frame.lanes.shared.steps]})
        lowest, highest = rates[0] * decays[0], rates[-1] * decays[-1]
        across, up = (np.log10(ends).tolist() for ends in ((lowest / 1.2, 1.2 * highest), (0.2 / highest, 3 / lowest)))
        frame.screen.relayout("law", {"xaxis.range": across, "yaxis.range": up})
        for figure in ("period", "norm"):
            frame.screen.replace(figure, 0, x=np.arange(len(decays)), y=np.arange(len(rates)))
            frame.screen.relayout(
                figure,
                {
                    "xaxis.range": [-0.5, len(decays) - 0.5],
                    "yaxis.range": [-0.5, len(rates) - 0.5],
                    "xaxis.tickvals": list(range(len(decays))),
                    "xaxis.ticktext": [f"{decay:.2g}" for decay in decays],
                    "yaxis.tickvals": list(range(len(rates))),
                    "yaxis.ticktext": [f"{rate:.3g}" for rate in rates],
                },
            )

    def draw(self, frame: Frame) -> None:
        found = self._read(frame)
        frame.screen.replace("period", 0, z=found.scaled_period)
        frame.screen.replace("norm", 0, z=found.lowest_norm)
        rows, columns = found.count.shape
        self._draw_norms(frame, (0, columns - 1, (rows - 1) * columns, rows * columns - 1))
        products = found.learning_rates[:, None] * found.weight_decays
        known = found.count > PERIODS_NEEDED
        frame.screen.replace("law", 0, x=products[known], y=found.period[known])
        frame.screen.relayout("law", {"xaxis.dtick": ticks(products), "yaxis.dtick": ticks(found.period[known])})
        if known.any():
            ends = np.array([products.min(), products.max()])
            factor = float(np.median(found.scaled_period[known]))
            frame.screen.replace("law", 1, x=ends, y=expected_period(ends, 1.0, factor))

    def readings(self, frame: Frame) -> list[Reading]:
        found = self._read(frame)
        known = found.count > PERIODS_NEEDED
        lines = [Reading(0, "cells with three breakdowns and more", f"{int(known.sum())} of {known.size}")]
        if known.any():
            scaled = found.scaled_period[known]
            factor = float(np.median(scaled))
            reach = 100 * max(float(scaled.max()) / factor - 1, 1 - float(scaled.min()) / factor)
            products = (found.learning_rates[:, None] * found.weight_decays)[known]
            lines += [
                Reading(0, "median T·η·λ", factor),
                Reading(0, "all of them within", f"±{reach:.0f} %"),
                Reading(0, "over a range of η·λ of", f"1 : {products.max() / products.min():.3g}"),
            ]
        return [*lines, *self._norm_readings(found)]

    @staticmethod
    def _norm_readings(found: PeriodMap) -> list[Reading]:
        """Return how the norm answers to eta and to lambda, from the edges of the map."""
        lines, norm = [], found.lowest_norm
        for name, axis, values in (("η", 0, found.learning_rates), ("λ", 1, found.weight_decays)):
            ends = np.take(norm, -1, axis) / np.take(norm, 0, axis)
            if len(values) > 1 and np.isfinite(ends).all():
                lines.append(Reading(0, f"norm, if {name} × {values[-1] / values[0]:.3g}", f"× {ends.mean():.3g}"))
        return lines

    @staticmethod
    def _axes(frame: Frame) -> tuple[list[float], list[float]]:
        """Learning rates of the rows and weight decays of the columns."""
        lanes = frame.lanes
        rates, decays = (dict.fromkeys(each.tolist()) for each in (lanes.learning_rate, lanes.weight_decay))
        return list(rates), list(decays)

    def _read(self, frame: Frame) -> PeriodMap:
        return read_grid(frame.history, *self._axes(frame))

    def _draw_norms(self, frame: Frame, lanes: Sequence[int]) -> None:
        for trace, lane in enumerate(lanes):
            frame.curve("norms", trace, lane, "norm")
        draw_ticks(frame, "norms", "norm")


def _cells(name: str, caption: str, colours: str | list[tuple[float, str]]) -> go.Figure:
    cells = go.Heatmap(
        x=[], y=[], z=[], colorscale=colours, texttemplate="%{z:.2f}", showscale=False, hoverinfo="skip", xgap=2, ygap=2
    )
    return plot(name, caption, "weight decay λ", "learning rate η", [cells], height=340)
