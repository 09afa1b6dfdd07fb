"""Five draws of each net, side by side: is it the normalization, or one lucky draw?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.normalization.injected import InjectedNet, InjectedNetSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG
from widgets.labs.normalization import training_goals
from widgets.labs.normalization.net import FOUR
from widgets.labs.normalization.net_view import RECENT, SEEDS, NetView
from widgets.labs.normalization.shift import INJECTED_LANES
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line
from widgets.view.other_seeds import OtherSeeds, all_seeds, mean_of_last
from widgets.view.panels import OverSteps, Panel

COMMON: dict[str, Any] = {
    "loss": "cross-entropy",
    "width": 16,
    "steps": 200,
    "follow_shift": False,
    "follow_sharpness": False,
    **SEEDS,
}


def _lanes(**changes: Any) -> tuple[dict[str, Any], ...]:
    return tuple({**COMMON, **changes, "normalization": kind} for kind in FOUR)


class DrawsView(NetView[InjectedNetSettings]):
    """Loss and test accuracy of five draws of the weights and batches, and in how many of them a lane is ahead."""

    name = "five_draws"
    title = "Five draws of each net"
    experiment = InjectedNet()
    goals = training_goals.FIVE_DRAWS
    step_figures = ("loss", "accuracy")
    shown = ("learning_rate", "normalization", "depth")
    more = (
        "init_scale",
        "injected",
        "seed",
        *("optimizer", "momentum", "batch_size", "batches", "groups", "activation", "loss", "width", "train_size"),
        *("measure_every", "steps", "other_seeds"),
    )
    presets = (
        Preset(
            "what batch norm does", "η = 0.1. Is the order of the four the same in each draw?", _lanes(), FOUR
        ),  # given
        Preset(
            "a large learning rate",
            "η = 2: for whom is it luck?",  # given
            _lanes(learning_rate=2.0),
            FOUR,
        ),
        Preset(
            "ten layers",
            "Is batch norm ahead of the plain net in each draw?",  # given
            _lanes(depth=10),
            FOUR,
        ),
        Preset(
            "shift injected",
            "Does batch norm end lower than the plain net in each draw, also where its shift is the larger one?",
            tuple({**COMMON, "learning_rate": 1.0, "steps": 150, **lane} for lane in INJECTED_LANES.values()),
            tuple(INJECTED_LANES),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[InjectedNetSettings]]:
        return {
            "loss": OverSteps(
                f"Loss, mean of the last {RECENT} batches",
                "loss",
                OtherSeeds("loss", mean_of=RECENT),
                Line(_smoothed_loss),
                legend=True,
                height=400,
                **LOG,
            ),
            "accuracy": OverSteps(
                "Accuracy on test images",
                "accuracy",
                OtherSeeds("test_accuracy"),
                Line("test_accuracy"),
                yaxis_range=[0, 1],
                height=400,
            ),
        }

    def readings(self, frame: Frame[InjectedNetSettings]) -> list[Reading]:
        loss = all_seeds(frame, "loss", RECENT)
        return [*super().readings(frame), *([] if loss is None else _lower_than_first(loss))]


def _lower_than_first(loss: np.ndarray) -> list[Reading]:
    """Of each further lane, in how many draws its loss is below that of the first; `loss` is of shape (K, draws)."""
    counts = (loss[1:] < loss[0]).sum(1)
    what = "lower than in the first row"
    return [Reading(lane, what, f"in {n} of {loss.shape[1]} draws") for lane, n in enumerate(counts, start=1)]


def _smoothed_loss(frame: Frame[InjectedNetSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    return mean_of_last(frame.history["loss"][:, lane], steps, RECENT)
