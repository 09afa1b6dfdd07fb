"""The tensor picture: which cells are averaged, what another sample changes, and the running statistics."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType

from lessons.normalization.layers import EPSILON
from lessons.normalization.tensor_picture import TensorPicture, TensorPictureSettings, chosen_cell
from widgets.figure.frame import Frame
from widgets.figure.plots import grey, marks, placed, thin
from widgets.labs.normalization import goals
from widgets.labs.normalization.tiles import Tiles, lit_scale
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line, One, Points, Theory
from widgets.view.panels import OverSteps, Panel
from widgets.view.readings import number
from widgets.view.view import LabView

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
    shown = ("normalization", "groups", "momentum")
    step_figures = ("running", "gap")
    places: ClassVar = {"cells": CELL}
    goals = goals.TENSOR
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
            "Averages over many batches are steady and late, those over few early and shaky.",
            tuple({"momentum": share, "steps": 60} for share in (0.02, 0.1, 0.5)),
            ("0.02", "0.1", "0.5"),
        ),
    )

    def idle(self, settings: TensorPictureSettings) -> tuple[str, ...]:
        only = {"groups": "group", "momentum": "batch"}
        return tuple(name for name, kind in only.items() if settings.normalization != kind)

    def pointed(self, figure: str, x: float, y: float, settings: TensorPictureSettings) -> dict[str, float]:
        shape = settings.samples, settings.channels, settings.height, settings.width
        return {name: at + 1 for name, at in zip(CELL, Tiles(1, shape).cell_at(x, y), strict=True)}

    @property
    def panels(self) -> Mapping[str, Panel[TensorPictureSettings]]:
        layout: dict[str, Any] = {
            "wide": True,
            "fit": _fit_tiles,
            "xaxis": BARE,
            "yaxis": BARE,
            "height": 250,
            "margin": {"l": 30, "r": 8, "t": 6, "b": 26},
        }
        ends, silent = ("channel →", "← sample"), {"hoverinfo": "skip"}
        borders = One(_borders, "blocks", grey(0.9), fixed=True, line={"width": 1}, **silent)
        square = {"symbol": "square-open", "size": 9, "color": "#111", "line": {"width": 2.5}}
        pointer = partial(placed, invitation="Click on another", step=1.0)
        orange = [(0.0, "rgba(224,102,46,0)"), (0.02, "rgba(224,102,46,0.3)"), (1.0, "#8a2f0b")]
        return {
            "cells": Panel(
                "Grey: the tensor's values. Lit: the cells averaged for the marked one",
                *ends,
                One(_values, "values", make=_heatmap, colorscale=[(0.0, grey(0.0)), (1.0, grey(0.65))]),
                _Lit(_averaged, "averaged", opacity=0.75),
                borders,
                One(
                    _chosen_cells,
                    "chosen cell",
                    make=marks,
                    fixed=True,
                    marker=square,
                    hoverinfo="skip",
                    pointer=pointer,
                ),
                **layout,
            ),
            "effect": Panel(
                "How much each output moves when the changed sample's first channel is multiplied (empty: not at all)",
                *ends,
                One(_moved, "change", make=_heatmap, colorscale=orange, zmin=0, zmax=1.5),
                borders,
                **layout,
            ),
            "running": OverSteps(
                "Running mean and variance of the cell's channel",
                "running statistic",
                Line(partial(_running, "running_mean"), says="mean"),
                Line(partial(_running, "running_variance"), "{lane}, variance", make=thin),
                Theory(_expected_mean, "{lane}, expected mean", says="expected"),
                Theory(_expected_variance, "{lane}, expected variance", says="expected"),
                x="batch",
            ),
            "gap": OverSteps(
                "Outputs by batch statistics minus outputs by running averages, mean square",
                "difference²",
                Line("loss"),
                x="batch",
                yaxis_rangemode="tozero",
            ),
        }

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


class _Lit(One[TensorPictureSettings]):
    """Cells in the colours of the lanes."""

    def traces(self, names: Sequence[str], colours: Sequence[str]) -> list[BaseTraceType]:
        scale = {"colorscale": lit_scale(colours), "zmin": 0, "zmax": len(colours) + 1}
        return [_heatmap(self._name, "", **scale, **self._style)]


def _values(frame: Frame[TensorPictureSettings]) -> Points:
    return _tiles(frame).picture(frame.history.snapshot("before"))


def _averaged(frame: Frame[TensorPictureSettings]) -> Points:
    lit = np.arange(1.5, len(frame.lanes) + 1).reshape(-1, 1, 1, 1, 1)
    return _tiles(frame).picture(frame.history.snapshot("averaged") * lit)


def _moved(frame: Frame[TensorPictureSettings]) -> Points:
    effect = frame.history.snapshot("effect")
    return _tiles(frame).picture(np.where(effect > SEEN, effect, 0.0))


def _borders(frame: Frame[TensorPictureSettings]) -> Points:
    return _tiles(frame).borders()


def _chosen_cells(frame: Frame[TensorPictureSettings]) -> Points:
    tiles = _tiles(frame)
    places = [tiles.middle(lane, chosen_cell(settings)) for lane, settings in enumerate(frame.lanes.settings)]
    return [at[0] for at in places], [at[1] for at in places]


def _fit_tiles(frame: Frame[TensorPictureSettings]) -> dict[str, Any]:
    tiles = _tiles(frame)
    return {**tiles.ranges(), "annotations": tiles.titles(frame.lanes.names)}


def _running(name: str, frame: Frame[TensorPictureSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    settings = frame.lanes.settings[lane]
    values = frame.history[name][steps, lane, chosen_cell(settings)[1]]
    return values if settings.normalization == "batch" else np.full(len(steps), np.nan)


def _left(frame: Frame[TensorPictureSettings], lane: int) -> np.ndarray | None:
    """The share left after each batch of where the running statistics start; None if there are none."""
    if frame.lanes.settings[lane].normalization != "batch":
        return None
    shares = np.append(float(frame.started_with[lane]["momentum"]), frame.at_each_step(lane, "momentum"))
    return np.cumprod(1 - shares)


def _expected_mean(frame: Frame[TensorPictureSettings], lane: int) -> Points | None:
    """It starts at 0."""
    left = _left(frame, lane)
    return None if left is None else frame.thinned(frame.lanes.settings[lane].offset * (1 - left))


def _expected_variance(frame: Frame[TensorPictureSettings], lane: int) -> Points | None:
    """It starts at 1; torch's running variance is unbiased, and of one value there is none."""
    left, settings = _left(frame, lane), frame.lanes.settings[lane]
    if left is None:
        return None
    expected = left + settings.deviation**2 * (1 - left)
    values = settings.samples * settings.height * settings.width
    return frame.thinned(expected if values > 1 else np.full(len(expected), np.nan))


def _by_formula(kind: str, x: float, mean: float, variance: float) -> float:
    """The normalized value; gamma is 1 and beta 0."""
    if kind == "RMS":
        return x / (mean**2 + variance + EPSILON) ** 0.5
    return (x - mean) / (variance + EPSILON) ** 0.5


def _tiles(frame: Frame[TensorPictureSettings]) -> Tiles:
    shared = frame.lanes.shared
    return Tiles(len(frame.lanes), (shared.samples, shared.channels, shared.height, shared.width))


def _heatmap(name: str, _colour: str, **style: Any) -> go.Heatmap:
    return go.Heatmap(z=[[0, 0], [0, 0]], x=[0, 1], y=[0, 1], name=name, showscale=False, hoverinfo="skip", **style)
