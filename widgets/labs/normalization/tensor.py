"""The tensor picture: which cells are averaged, what another sample changes, and the running statistics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go

from lessons.normalization.layers import EPSILON
from lessons.normalization.tensor_picture import TensorPicture, TensorPictureSettings, chosen_cell
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.normalization.panels import Panels, lit_scale
from widgets.plots import grey, line, placed, plot, theory, wide
from widgets.readings import number
from widgets.view import LabView

KINDS = ("batch", "layer", "instance", "group", "RMS")
CELL = ("cell_sample", "cell_channel", "cell_row", "cell_column")
SEEN = 1e-4  # of an output: less is rounding, and what epsilon leaves
BARE = {"showticklabels": False, "ticks": "", "showline": False, "showgrid": False, "zeroline": False}


class TensorView(LabView[TensorPictureSettings]):
    """Cells averaged for the chosen one, change of the outputs by another sample, running statistics, their error."""

    name = "tensor"
    title = "Which cells are averaged?"
    experiment = TensorPicture()
    methods = ("normalization",)
    instant = True
    speed = 5.0
    trains = False
    covered = ("effect", "running")
    shown = ("normalization", "groups", "cell_sample", "cell_channel", "changed_sample", "factor", "momentum")
    more = ("samples", "channels", "height", "width", "cell_row", "cell_column", "offset", "deviation", "steps", "seed")
    step_figures = ("running", "gap")
    places: ClassVar = {"cells": CELL}
    presets = (
        Preset(
            "five normalizations",
            "Click on a cell: lit are all cells that share its mean and variance.",
            tuple({"normalization": kind} for kind in KINDS),
            KINDS,
        ),
        Preset(
            "groups, from one to all",
            "One group is layer norm. As many groups as channels is instance norm.",
            tuple({"normalization": "group", "groups": groups} for groups in (1, 2, 4)),
            ("one group", "two groups", "four groups"),
        ),
        Preset(
            "no positions",
            "A dense layer: one cell a channel. Batch norm averages over samples, layer norm over units.",
            tuple({"normalization": kind, "height": 1, "width": 1, "samples": 8, "channels": 8} for kind in KINDS[:2]),
            KINDS[:2],
        ),
        Preset(
            "a batch of one",
            "Batch norm and instance norm now average the same cells. But batch norm has running averages, too.",
            tuple({"normalization": kind, "samples": 1, "changed_sample": 1} for kind in KINDS[:3]),
            KINDS[:3],
        ),
        Preset(
            "slow and fast averages",
            "Running statistics of many batches are steady and late, those of few early and shaky.",
            tuple({"momentum": share, "steps": 60} for share in (0.02, 0.1, 0.5)),
            ("0.02", "0.1", "0.5"),
        ),
    )

    def idle(self, settings: TensorPictureSettings) -> tuple[str, ...]:
        only = {"groups": "group", "momentum": "batch"}
        return tuple(name for name, kind in only.items() if settings.normalization != kind)

    def pointed(self, figure: str, x: float, y: float, settings: TensorPictureSettings) -> dict[str, float]:
        shape = settings.samples, settings.channels, settings.height, settings.width
        return {name: at + 1 for name, at in zip(CELL, Panels(1, shape).cell_at(x, y), strict=True)}

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        layout: dict[str, Any] = {
            "xaxis": BARE,
            "yaxis": BARE,
            "height": 250,
            "margin": {"l": 30, "r": 8, "t": 6, "b": 26},
        }
        ends = "channel →", "← sample"
        values = _heatmap("values", [(0.0, grey(0.0)), (1.0, grey(0.65))])
        lit = _heatmap("averaged", lit_scale(colours), zmin=0, zmax=len(colours) + 1, opacity=0.75)
        square = {"symbol": "square-open", "size": 9, "color": "#111", "line": {"width": 2.5}}
        cell = go.Scatter(x=[], y=[], mode="markers", name="chosen cell", marker=square, hoverinfo="skip")
        cells = plot(
            "normalization-cells",
            "Grey: the tensor's values. Lit: the cells averaged for the marked one",
            *ends,
            [values, lit, _borders(), cell],
            **layout,
        )
        orange = [(0.0, "rgba(224,102,46,0)"), (0.02, "rgba(224,102,46,0.3)"), (1.0, "#8a2f0b")]
        effect = plot(
            "normalization-effect",
            "How much each output moves when the changed sample's first channel is multiplied (empty: not at all)",
            *ends,
            [
                _heatmap("change", orange, zmin=0, zmax=1.5),
                _borders(),
            ],
            **layout,
        )
        running = plot(
            "normalization-running",
            "Running mean (line) and variance (dots) of the cell's channel; dashes: expected on average",
            "batch",
            "running statistic",
            [
                *(line(n, c) for n, c in pairs),
                *(line(f"{n}, variance", c, line={"dash": "dot"}) for n, c in pairs),
                *(theory(f"{n}, expected mean", c) for n, c in pairs),
                *(theory(f"{n}, expected variance", c) for n, c in pairs),
            ],
        )
        gap = plot(
            "normalization-gap",
            "Outputs by batch statistics minus outputs by running averages, mean square",
            "batch",
            "difference²",
            [line(n, c) for n, c in pairs],
            yaxis_rangemode="tozero",
        )
        return {
            "cells": placed(wide(cells), 3, "Click on another", step=1.0),
            "effect": wide(effect),
            "running": running,
            "gap": gap,
        }

    def begin(self, frame: Frame[TensorPictureSettings]) -> None:
        panels = _panels(frame)
        x, y = panels.borders()
        for figure, trace in (("cells", 2), ("effect", 1)):
            frame.screen.replace(figure, trace, x=x, y=y)
            frame.screen.relayout(figure, {**panels.ranges(), "annotations": panels.titles(frame.lanes.names)})
        places = [panels.middle(lane, chosen_cell(frame.lanes.settings[lane])) for lane in range(len(frame.lanes))]
        frame.screen.replace("cells", 3, x=[at[0] for at in places], y=[at[1] for at in places])
        for figure in ("running", "gap"):
            frame.screen.relayout(figure, {"xaxis.range": [0, frame.lanes.shared.steps]})
        for lane in range(len(frame.lanes)):
            self._expected(frame, lane)

    def draw(self, frame: Frame[TensorPictureSettings]) -> None:
        panels, count = _panels(frame), len(frame.lanes)
        averaged = frame.history.snapshot("averaged") * np.arange(1.5, count + 1).reshape(-1, 1, 1, 1, 1)
        frame.screen.replace("cells", 0, **panels.picture(frame.history.snapshot("before")))
        frame.screen.replace("cells", 1, **panels.picture(averaged))
        effect = frame.history.snapshot("effect")
        frame.screen.replace("effect", 0, **panels.picture(np.where(effect > SEEN, effect, 0.0)))
        for lane in range(count):
            frame.curve("gap", lane, lane, "loss")
            if frame.lanes.settings[lane].normalization == "batch":
                self._running(frame, lane)

    def readings(self, frame: Frame[TensorPictureSettings]) -> list[Reading]:
        lines = []
        for lane, settings in enumerate(frame.lanes.settings):
            mean, variance = frame.history.snapshot("statistics")[lane].astype(float)
            at = (lane, *chosen_cell(settings))
            before, after = (float(frame.history.snapshot(name)[at]) for name in ("before", "after"))
            touched = int((frame.history.snapshot("effect")[lane].max((1, 2, 3)) > SEEN).sum())
            lines += [
                Reading(lane, "cells averaged", str(int(frame.history.snapshot("averaged")[lane].sum()))),
                Reading(lane, "their mean μ and variance σ²", f"{number(mean, 3)} and {number(variance, 3)}"),
                Reading(lane, "output of the cell", after, _by_formula(settings.normalization, before, mean, variance)),
                Reading(lane, "samples whose outputs moved", f"{touched} of {settings.samples}"),
            ]
        return lines

    @staticmethod
    def _running(frame: Frame[TensorPictureSettings], lane: int) -> None:
        rows, channel = frame.rows(lane), chosen_cell(frame.lanes.settings[lane])[1]
        steps, count = np.arange(rows.start, rows.stop), len(frame.lanes)
        for block, name in enumerate(("running_mean", "running_variance")):
            values = frame.history[name][steps, lane, channel]
            frame.screen.extend("running", block * count + lane, steps, values)

    @staticmethod
    def _expected(frame: Frame[TensorPictureSettings], lane: int) -> None:
        """Both start at 0 and 1 and lose the share m of that with each batch; torch's running variance is unbiased."""
        settings, count = frame.lanes.settings[lane], len(frame.lanes)
        if settings.normalization != "batch":
            return
        shares = np.append(float(frame.started_with[lane]["momentum"]), frame.at_each_step(lane, "momentum"))
        left = np.cumprod(1 - shares)
        values = settings.samples * settings.height * settings.width
        expected = [settings.offset * (1 - left), left + settings.deviation**2 * (1 - left)]
        for block, line_of in enumerate(expected, start=2):
            known = line_of if block == 2 or values > 1 else np.full(len(line_of), np.nan)
            x, y = frame.thinned(known)
            frame.screen.replace("running", block * count + lane, x=x, y=y)


def _by_formula(kind: str, x: float, mean: float, variance: float) -> float:
    """The normalized value; gamma is 1 and beta 0."""
    if kind == "RMS":
        return x / (mean**2 + variance + EPSILON) ** 0.5
    return (x - mean) / (variance + EPSILON) ** 0.5


def _panels(frame: Frame[TensorPictureSettings]) -> Panels:
    shared = frame.lanes.shared
    return Panels(len(frame.lanes), (shared.samples, shared.channels, shared.height, shared.width))


def _heatmap(name: str, scale: list[tuple[float, str]], **kwargs: Any) -> go.Heatmap:
    return go.Heatmap(
        z=[[0, 0], [0, 0]], x=[0, 1], y=[0, 1], name=name, colorscale=scale, showscale=False, hoverinfo="skip", **kwargs
    )


def _borders() -> go.Scatter:
    return line("blocks", grey(0.9), line={"width": 1}, hoverinfo="skip")
