"""Internal covariate shift beside the roughness of the loss, both measured as it trains."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lessons.normalization.training_settings import NormalizedNetSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.normalization.net_view import NetView, loss_figure, show_all_steps
from widgets.plots import line, over_steps, plot

COMMON: dict[str, Any] = {
    "follow_shift": True,
    "follow_sharpness": False,
    "measure_every": 5,
    "steps": 150,
    "learning_rate": 0.04,
}
ENTROPY: dict[str, Any] = {**COMMON, "loss": "cross-entropy", "learning_rate": 0.1}
THREE = ("none", "batch", "deconvolution")
RECENT = 20
LOG = {"yaxis_type": "log", "yaxis_tickformat": "~g"}


def _lanes(common: dict[str, Any], kinds: Sequence[str]) -> tuple[dict[str, Any], ...]:
    return tuple({**common, "normalization": kind} for kind in kinds)


class ShiftView(NetView):
    """Loss, the shift of each layer, and how fast the gradient changes along itself."""

    name = "shift"
    title = "Is it the shift?"
    shown = ("normalization", "learning_rate", "groups", "batch_size", "depth", "optimizer", "momentum")
    more = ("loss", "init_scale", "activation", "width", "train_size", "batches", "measure_every", "steps", "seed")
    step_figures = ("loss", "shift", "roughness")
    presets = (
        Preset(
            "more shift, and still faster",
            "Squared error, η = 0.04. Put the three in order by their loss, then by their shift: is it one order?",
            # given
            _lanes(COMMON, THREE),
            THREE,
        ),
        Preset(
            "less shift, and not faster",
            "Cross-entropy, η = 0.1: the shift is smaller with batch norm, and the plain net is ahead.",
            # holds: l5_less_shift
            _lanes(ENTROPY, THREE),
            THREE,
        ),
        Preset(
            "one sample at a time",
            "Layer, group and RMS norm: how much of the shift and of the roughness does each take away?",
            _lanes(ENTROPY, ("none", "layer", "group", "RMS")),
            ("none", "layer", "group", "RMS"),
        ),
        Preset(
            "a large learning rate",
            "η = 2: the plain net ends at guessing. Batch norm and deconvolution train.",  # holds: l5_shift_large_rate
            _lanes({**ENTROPY, "learning_rate": 2.0}, THREE),
            THREE,
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        layers = plot(
            "shift-layers",
            "Shift of each layer, mean over the run so far without its first step",
            "layer",
            "|G − G′|",
            [line(n, c, mode="lines+markers") for n, c in zip(names, colours, strict=True)],
            xaxis_dtick=1,
            **LOG,
        )
        shift = "Internal covariate shift: how the update of earlier layers changes a layer's gradient (mean of layers)"
        roughness = "Roughness: how fast the gradient changes along itself (lower: more predictive)"
        return {
            "loss": loss_figure("shift-loss", names, colours),
            "shift": over_steps("shift", shift, "|G − G′|", names, colours, **LOG),
            "roughness": over_steps("shift-roughness", roughness, "|Δg| / |Δθ|", names, colours, **LOG),
            "layers": layers,
        }

    def begin(self, frame: Frame[NormalizedNetSettings]) -> None:
        show_all_steps(frame, *self.step_figures)
        frame.screen.relayout("layers", {"xaxis.range": [1.7, frame.lanes.shared.depth + 1.3]})

    def draw(self, frame: Frame[NormalizedNetSettings]) -> None:
        every = frame.lanes.shared.measure_every
        for lane in range(len(frame.lanes)):
            frame.curve("loss", lane, lane, "loss")
            frame.curve("roughness", lane, lane, "effective_smoothness", every)
            rows = frame.rows(lane)
            steps = np.arange(rows.start, rows.stop)
            steps = steps[steps % every == 0]
            frame.screen.extend("shift", lane, steps, frame.history["shift"][steps, lane].mean(1))
            means = mean_so_far(frame, lane, "shift")
            frame.screen.replace("layers", lane, x=np.arange(2, 2 + len(means)), y=np.where(means > 0, means, np.nan))

    def readings(self, frame: Frame[NormalizedNetSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            lines += [
                Reading(lane, f"loss, last {RECENT} batches", _recent_loss(frame, lane)),
                Reading(lane, "shift, mean after the first step", float(mean_so_far(frame, lane, "shift").mean())),
                Reading(lane, "its cosine", float(mean_so_far(frame, lane, "shift_cosine").mean())),
                Reading(lane, "roughness, its mean", float(mean_so_far(frame, lane, "effective_smoothness"))),
            ]
        return lines


def _recent_loss(frame: Frame, lane: int) -> float:
    """Mean of the last losses before a divergence: one batch's alone is noisy."""
    last = frame.last(lane)
    return float(frame.history["loss"][max(0, last - RECENT + 1) : last + 1, lane].astype(float).mean())


def mean_so_far(frame: Frame[NormalizedNetSettings], lane: int, quantity: str) -> np.ndarray:
    """Mean over the steps at which a quantity was measured, up to a divergence.

    The first step is left out as soon as there are others: the shift of fresh weights is many times what follows.
    """
    last, every = frame.last(lane), frame.lanes.shared.measure_every
    rows = frame.history[quantity][0 : last + 1 : every, lane].astype(float)
    return rows[1:].mean(0) if len(rows) > 1 else rows[0]
