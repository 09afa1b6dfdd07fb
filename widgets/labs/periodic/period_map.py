"""The map over learning rate and weight decay: each cell is a net that trains in periods, all of them at once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from lessons.core.experiment import Experiment
from lessons.periodic.experiment import Periodic
from lessons.periodic.grid import PeriodMap, read_grid
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.spreads import PERIOD_MAP, MapSettings
from lessons.periodic.theory import expected_period
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import grey, line, numbered_cells, theory, thin
from widgets.labs.periodic import clock_goals
from widgets.labs.periodic.periods import LOG_125, fit_ticks, idle_fields, ticks
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line, One, Part, Points
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

PERIODS_NEEDED = 2
AXES = "weight decay λ", "learning rate η"
CORNERS = (
    ("lowest η and λ", LANE_COLOURS[0], line),
    ("highest λ", LANE_COLOURS[0], thin),
    ("highest η", LANE_COLOURS[1], line),
    ("highest η and λ", LANE_COLOURS[1], thin),
)


class MapView(LabView[PeriodicSettings, MapSettings]):
    """Period times eta lambda and norm of each cell, and the period against eta lambda."""

    name = "period_map"
    title = "A map over η and λ"
    experiment: Experiment[PeriodicSettings] = Periodic()
    spread = PERIOD_MAP
    compare = False
    step_figures = ()
    goals = clock_goals.PERIOD_MAP
    shown = ("learning_rate", "weight_decay", "optimizer")
    more = ("rows", "columns", "momentum", "seed", "width", "depth", "train_size", "steps")
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

    @property
    def panels(self) -> Mapping[str, Panel[PeriodicSettings]]:
        scale = [(0.0, LANE_COLOURS[0]), (0.5, "#f5f0e6"), (1.0, LANE_COLOURS[1])]
        period = One(self._scaled_periods, "", make=numbered_cells, colorscale=scale, zmin=0.0, zmax=3.0)
        norm = One(self._norms, "", make=numbered_cells, colorscale="Viridis")
        axes: dict[str, Any] = {"fit": _fit_cells, "height": 340}
        return {
            "period": Panel("Period times η·λ, T·η·λ, of each cell", *AXES, period, **axes),
            "norm": Panel("Norm ρ at which each cell breaks down", *AXES, norm, **axes),
            "law": Panel(
                "Period T against η·λ",
                "η·λ",
                "steps",
                One(self._periods, "measured", mode="markers", marker={"size": 8}),
                One(self._law, "T = c/(ηλ)", grey(1.0), make=theory),
                fit=self._fit_law,
                xaxis_type="log",
                xaxis_tickformat="~g",
                xaxis_dtick="D2",
                height=340,
                **LOG_125,
            ),
            "norms": OverSteps(
                "Norm ρ of the four corners of the map",
                "norm ρ",
                *(self._corner(number) for number in range(len(CORNERS))),
                fit=self._fit_norms,
                height=340,
                showlegend=True,
                **LOG_125,
            ),
        }

    def _scaled_periods(self, frame: Frame[PeriodicSettings]) -> Points:
        return *_numbers(frame), frame.once(self._read).scaled_period

    def _norms(self, frame: Frame[PeriodicSettings]) -> Points:
        return *_numbers(frame), frame.once(self._read).lowest_norm

    def _periods(self, frame: Frame[PeriodicSettings]) -> Points:
        found = frame.once(self._read)
        known = found.count > PERIODS_NEEDED
        return _products(found)[known], found.period[known]

    def _law(self, frame: Frame[PeriodicSettings]) -> Points | None:
        found = frame.once(self._read)
        known, products = found.count > PERIODS_NEEDED, _products(found)
        if not known.any():
            return None
        ends = np.array([products.min(), products.max()])
        return ends, expected_period(ends, 1.0, float(np.median(found.scaled_period[known])))

    def _fit_law(self, frame: Frame[PeriodicSettings]) -> dict[str, Any]:
        found, (rates, decays) = frame.once(self._read), axes_of(frame)
        lowest, highest = rates[0] * decays[0], rates[-1] * decays[-1]
        across, up = (np.log10(ends).tolist() for ends in ((lowest / 1.2, 1.2 * highest), (0.2 / highest, 3 / lowest)))
        known = found.count > PERIODS_NEEDED
        return {
            "xaxis.range": across,
            "yaxis.range": up,
            "xaxis.dtick": ticks(_products(found)),
            "yaxis.dtick": ticks(found.period[known]),
        }

    def _corner(self, number: int) -> Part[PeriodicSettings]:
        """The norm of one corner over the step."""
        name, colour, make = CORNERS[number]
        return Line(partial(_norm_of, number), each=[(name, colour)], make=make, showlegend=True)

    def _fit_norms(self, frame: Frame[PeriodicSettings]) -> dict[str, Any]:
        return fit_ticks("norm")(frame)

    def readings(self, frame: Frame[PeriodicSettings]) -> list[Reading]:
        found = frame.once(self._read)
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

    def _read(self, frame: Frame[PeriodicSettings]) -> PeriodMap:
        return read_grid(frame.history, *axes_of(frame))


def axes_of(frame: Frame[PeriodicSettings]) -> tuple[list[float], list[float]]:
    """Return the learning rates of the rows and the weight decays of the columns."""
    lanes = frame.lanes
    rates, decays = (dict.fromkeys(each.tolist()) for each in (lanes.learning_rate, lanes.weight_decay))
    return list(rates), list(decays)


def corner_lane(frame: Frame[PeriodicSettings], number: int) -> int:
    """Return the lane of a corner, in the order of `CORNERS`."""
    rows, columns = (len(axis) for axis in axes_of(frame))
    return (0, columns - 1, (rows - 1) * columns, rows * columns - 1)[number]


def _norm_of(corner: int, frame: Frame[PeriodicSettings], _number: int, steps: np.ndarray) -> np.ndarray:
    """The norm of a corner, until it diverges."""
    lane = corner_lane(frame, corner)
    return np.where(steps < frame.rows(lane).stop, frame.history["norm"][steps, lane], np.nan)


def _products(found: PeriodMap) -> np.ndarray:
    """Learning rate times weight decay of each cell."""
    return found.learning_rates[:, None] * found.weight_decays


def _numbers(frame: Frame[PeriodicSettings]) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the columns and of the rows."""
    rates, decays = axes_of(frame)
    return np.arange(len(decays)), np.arange(len(rates))


def _fit_cells(frame: Frame[PeriodicSettings]) -> dict[str, Any]:
    rates, decays = axes_of(frame)
    return {
        "xaxis.range": [-0.5, len(decays) - 0.5],
        "yaxis.range": [-0.5, len(rates) - 0.5],
        "xaxis.tickvals": list(range(len(decays))),
        "xaxis.ticktext": [f"{decay:.2g}" for decay in decays],
        "yaxis.tickvals": list(range(len(rates))),
        "yaxis.ticktext": [f"{rate:.3g}" for rate in rates],
    }
