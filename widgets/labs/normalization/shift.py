"""Internal covariate shift beside the roughness of the loss, both measured as it trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from lessons.normalization.injected import InjectedNet, InjectedNetSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG
from widgets.labs.normalization import training_goals
from widgets.labs.normalization.net_view import LOSS, RECENT, RECENT_LOSS, SEEDS, NetView
from widgets.view.controls import Preset
from widgets.view.lines import Band, Curve, Level, Line, Points
from widgets.view.panels import Now, OverSteps, Panel

COMMON: dict[str, Any] = {
    "follow_shift": True,
    "follow_sharpness": False,
    "measure_every": 5,
    "steps": 150,
    "learning_rate": 0.04,
    **SEEDS,
}
ENTROPY: dict[str, Any] = {**COMMON, "loss": "cross-entropy", "learning_rate": 0.1}
INJECTED: dict[str, Any] = {**COMMON, "loss": "cross-entropy", "learning_rate": 1.0}
INJECTED_LANES: dict[str, dict[str, Any]] = {
    "none": {"normalization": "none"},
    "batch": {"normalization": "batch"},
    "batch, τ = 0.2": {"normalization": "batch", "injected": 0.2},
    "batch, τ = 0.8": {"normalization": "batch", "injected": 0.8},
}
THREE = ("none", "batch", "deconvolution")


def _lanes(common: dict[str, Any], kinds: Sequence[str]) -> tuple[dict[str, Any], ...]:
    return tuple({**common, "normalization": kind} for kind in kinds)


class ShiftView(NetView[InjectedNetSettings]):
    """Loss, the shift of each layer, and how fast the gradient changes along itself."""

    name = "shift"
    title = "Is it the shift?"
    experiment = InjectedNet()
    goals = training_goals.SHIFT
    shown = ("learning_rate", "normalization", "injected")
    more = (
        "groups",
        "batch_size",
        "depth",
        "optimizer",
        "momentum",
        "loss",
        "init_scale",
        "activation",
        "width",
        "train_size",
        "batches",
        "measure_every",
        "steps",
        "seed",
        "other_seeds",
    )
    step_figures = ("loss", "shift", "roughness", "landscape")
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
        Preset(
            "shift injected",
            # given
            "η = 1. After batch norm each unit gets another factor and another offset at each step: τ = 0.8 makes more "
            "shift than the plain net has. Will it learn?",
            tuple({**INJECTED, **lane} for lane in INJECTED_LANES.values()),
            tuple(INJECTED_LANES),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[InjectedNetSettings]]:
        return {
            "loss": LOSS,
            "shift": OverSteps(
                "Internal covariate shift: how the update of earlier layers changes a layer's gradient "
                "(mean of layers)",
                "|G − G′|",
                Line(_mean_shift, measured="shift"),
                **LOG,
            ),
            "roughness": OverSteps(
                "Roughness: how fast the gradient changes along itself (lower: more predictive)",
                "|Δg| / |Δθ|",
                Line("effective_smoothness"),
                **LOG,
            ),
            "layers": Panel(
                "Shift of each layer, mean over the run so far without its first step",
                "layer",
                "|G − G′|",
                Curve(_shift_of_layers, mode="lines+markers"),
                fit=lambda frame: {"xaxis.range": [1.7, frame.lanes.shared.depth + 1.3]},
                xaxis_dtick=1,
                **LOG,
            ),
            "landscape": OverSteps(
                "Loss after ½ to 4 times the step along the gradient, over the loss before (band)",
                "times the loss before",
                Band(_along_the_gradient, "loss_along"),
                Level(1.0, "as before"),
                yaxis_dtick="D2",
                **LOG,
            ),
        }

    @property
    def table(self) -> Sequence[Now[InjectedNetSettings]]:
        return (
            Now(RECENT_LOSS, _recent_loss),
            Now("shift, mean after the first step", partial(_mean, "shift")),
            Now("its cosine", partial(_mean, "shift_cosine")),
            Now("roughness, its mean", partial(_mean, "effective_smoothness")),
        )


def _along_the_gradient(
    frame: Frame[InjectedNetSettings], lane: int, steps: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """The lowest and the highest loss on the way, over the loss at its beginning."""
    share = frame.history["loss_along"][steps, lane] / frame.history["loss"][steps, lane][:, None]
    return share.min(1), share.max(1)


def _mean(quantity: str, frame: Frame[InjectedNetSettings], lane: int) -> float:
    return float(mean_so_far(frame, lane, quantity).mean())


def _mean_shift(frame: Frame[InjectedNetSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    return frame.history["shift"][steps, lane].mean(1)


def _shift_of_layers(frame: Frame[InjectedNetSettings], lane: int) -> Points:
    means = mean_so_far(frame, lane, "shift")
    return np.arange(2, 2 + len(means)), np.where(means > 0, means, np.nan)


def _recent_loss(frame: Frame, lane: int) -> float:
    """Mean of the last losses before a divergence: one batch's alone is noisy."""
    last = frame.last(lane)
    return float(frame.history["loss"][max(0, last - RECENT + 1) : last + 1, lane].astype(float).mean())


def mean_so_far(frame: Frame[InjectedNetSettings], lane: int, quantity: str) -> np.ndarray:
    """Mean over the steps at which a quantity was measured, up to a divergence.

    The first step is left out as soon as there are others: the shift of fresh weights is many times what follows.
    """
    measured = np.flatnonzero(frame.history.measured(quantity)[: frame.last(lane) + 1])
    rows = frame.history[quantity][measured, lane].astype(float)
    return rows[1:].mean(0) if len(rows) > 1 else rows[0]
