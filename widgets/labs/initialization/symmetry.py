"""Equal units stay equal: zeros, constants and random weights in a shallow net."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lessons.initialization.training import DeepNet
from lessons.initialization.training_settings import DeepNetSettings
from widgets.figure.frame import Frame
from widgets.labs.initialization import goals
from widgets.labs.initialization.scheme_view import TRAINING_LOSS, DeepNetView
from widgets.view.controls import Preset
from widgets.view.lines import Line
from widgets.view.panels import Now, OverSteps, Panel

COMMON = {"depth": 2, "learning_rate": 0.1, "steps": 400}
ZEROS, CONSTANT, SMALL = {"scheme": "zeros"}, {"scheme": "constant"}, {"scheme": "normal", "deviation": 0.03}


def _lanes(*schemes: dict[str, Any], **common: Any) -> tuple[dict[str, Any], ...]:
    return tuple({**COMMON, **scheme, **common} for scheme in schemes)


class SymmetryView(DeepNetView):
    """The loss, and how many hidden units differ from all others of their layer."""

    name = "symmetry"
    title = "Why not begin with zeros?"
    experiment = DeepNet()
    own_call = ""
    shown = ("scheme", "deviation", "activation")
    more = (
        "gain",
        "constant",
        "width",
        "learning_rate",
        "optimizer",
        "momentum",
        "depth",
        "train_size",
        "measure_every",
        "steps",
        "seed",
    )
    goals = goals.SYMMETRY
    presets = (
        Preset(
            "zeros, a constant, random weights",
            "Four beginnings of one net. How far will each get, and how many different units will it have?",
            _lanes(ZEROS, CONSTANT, SMALL, {}),
            ("zeros", "constant 0.05", "random, σ = 0.03", "Xavier"),
            says=("scheme", "constant", "deviation"),
        ),
        Preset(
            "with ReLU",
            "The same, and for the constant net worse: its loss ends where that of zeros does.",
            _lanes(ZEROS, CONSTANT, SMALL, {}, activation="relu"),  # holds: l4_constant_relu_learns_nothing
            ("zeros", "constant 0.05", "random, σ = 0.03", "Xavier"),
            says=("scheme", "constant", "deviation"),
        ),
        Preset(
            "how small may the weights be?",
            "All 32 units differ at once, however small their weights. But the smaller they are, the longer the loss "
            "stays where it was.",
            _lanes(  # holds: l4_small_weights_wait
                *({"scheme": "normal", "deviation": sigma} for sigma in (0.001, 0.01, 0.03, 0.1)), steps=600
            ),
            ("σ = 0.001", "σ = 0.01", "σ = 0.03", "σ = 0.1"),
        ),
        Preset(
            "two units in each layer",
            "At twice the learning rate two equal units get as far as the 32 equal ones did. Two different ones get "
            "farther.",
            _lanes(CONSTANT, {}, width=2, learning_rate=0.2),  # holds: l4_two_equal_units_are_one
            ("constant 0.05", "Xavier"),
            says=("scheme", "constant"),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[DeepNetSettings]]:
        units = OverSteps(
            "Different hidden units, in the layer that has fewest",
            "different units",
            Line(_fewest, measured="distinct_units"),
            fit=lambda frame: {"yaxis.range": [0, 1.05 * frame.lanes.shared.width]},
            yaxis_rangemode="tozero",
        )
        return {"loss": TRAINING_LOSS, "units": units}

    @property
    def table(self) -> Sequence[Now[DeepNetSettings]]:
        return (
            Now("training loss", "loss"),
            Now("test accuracy", "test_accuracy"),
            Now("different units, layer by layer", _units),
        )


def _fewest(frame: Frame[DeepNetSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    return frame.history["distinct_units"][steps, lane].min(1)


def _units(frame: Frame[DeepNetSettings], lane: int) -> str:
    return ", ".join(f"{count:.0f}" for count in frame.history.newest("distinct_units", frame.last(lane))[lane])
