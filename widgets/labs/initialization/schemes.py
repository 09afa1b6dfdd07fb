"""Deep nets on the digits that differ in their first weights, trained side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lessons.initialization.training import DeepNet
from lessons.initialization.training_settings import DeepNetSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG
from widgets.labs.initialization import training_goals
from widgets.labs.initialization.layer_figures import decades
from widgets.labs.initialization.scheme_view import DeepNetView
from widgets.labs.initialization.variance import positive
from widgets.view.controls import Preset
from widgets.view.lines import Curve, Line
from widgets.view.other_seeds import OtherSeeds
from widgets.view.panels import Now, OverSteps, Panel

ROOT_TWO = 1.4142
DEEP = {"depth": 50, "learning_rate": 0.03, "steps": 200, "other_seeds": 2}
DEEP_RELU = {"activation": "relu", "learning_rate": 0.02, "steps": 200, "other_seeds": 2}
HALF = {"scheme": "LeCun", "gain": 0.5}
GAINS: dict[str, dict[str, Any]] = {
    "Xavier, g = 1.3": {"scheme": "Xavier", "gain": 1.3},
    "orthogonal, g = 1.3": {"scheme": "orthogonal", "gain": 1.3},
    "orthogonal, g = 1": {"scheme": "orthogonal"},
}
ADAM = (
    {**HALF, "learning_rate": 0.1},
    {**HALF, "optimizer": "Adam", "learning_rate": 0.001},
    {"scheme": "orthogonal", "optimizer": "Adam", "learning_rate": 0.001},
)


class SchemesView(DeepNetView):
    """Loss, test accuracy, and how large the gradient of each layer's weights is now."""

    name = "schemes"
    title = "One net, several beginnings"
    experiment = DeepNet()
    covered = ("gradient",)
    goals = training_goals.SCHEMES
    shown = ("scheme", "gain", "depth")
    more = (
        "deviation",
        "constant",
        "activation",
        "learning_rate",
        "optimizer",
        "momentum",
        "width",
        "loss",
        "train_size",
        "measure_every",
        "steps",
        "seed",
        "other_seeds",
    )
    presets = (
        Preset(
            "fifty tanh layers",
            "Xavier and orthogonal weights have the same variance. Will as much gradient reach the first layer?",
            tuple({**DEEP, "scheme": s} for s in ("normal", "LeCun", "Xavier", "orthogonal")),
            ("σ = 0.01", "LeCun", "Xavier", "orthogonal"),
            says=("scheme", "deviation"),
        ),
        Preset(
            "isometry is not all",
            "Fifty tanh layers again. At one gain, who is ahead: the net that keeps more directions, or the other? And "
            "what if the gain differs?",
            tuple({**DEEP, **each} for each in GAINS.values()),  # holds: l4_isometry_is_not_all
            tuple(GAINS),
        ),
        Preset(
            "three tanh layers",
            "In a shallow net they all train: this is why one can get away with careless weights, for a while.",
            tuple(  # holds: l4_three_layers_forgive
                {"depth": 3, "learning_rate": 0.1, "steps": 400, "other_seeds": 4, **each}
                for each in (
                    {"scheme": "normal", "deviation": 0.1},
                    {"scheme": "LeCun"},
                    {"scheme": "Xavier"},
                    {"scheme": "orthogonal"},
                )
            ),
            ("σ = 0.1", "LeCun", "Xavier", "orthogonal"),
        ),
        Preset(
            "ten ReLU layers",
            "Kaiming's factor of 2 decides: without it the first layer's gradient begins hundreds of times smaller.",
            tuple(  # holds: l4_ten_relu_layers
                {**DEEP_RELU, "depth": 10, "scheme": s}
                for s in ("LeCun", "Xavier", "Kaiming fan-in", "Kaiming fan-out")
            ),
            ("LeCun", "Xavier", "Kaiming fan-in", "Kaiming fan-out"),
        ),
        Preset(
            "fifty ReLU layers",
            "Kaiming's gradients begin more than a million times larger than LeCun's, and still the loss hardly moves: "
            "variance is not all.",
            tuple(  # holds: l4_fifty_relu_layers
                {**DEEP_RELU, "depth": 50, **each}
                for each in (
                    {"scheme": "LeCun"},
                    {"scheme": "Kaiming fan-in"},
                    {"scheme": "orthogonal", "gain": ROOT_TWO},
                )
            ),
            ("LeCun", "Kaiming", "√2 · orthogonal"),
            says=("scheme", "gain"),
        ),
        Preset(
            "Adam makes up for some of it",
            "Half of LeCun, twenty layers: gradient descent stands still. Adam divides by the size of each gradient, "
            "waits, and gets going; a good start is far ahead of it.",
            tuple({"depth": 20, "steps": 600, "other_seeds": 2, **each} for each in ADAM),  # holds: l4_adam_gets_going
            ("half of LeCun, gradient descent", "half of LeCun, Adam", "orthogonal, Adam"),
            says=("scheme", "gain", "optimizer"),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[DeepNetSettings]]:
        return {
            "loss": OverSteps(
                "Training loss over the run", "loss", OtherSeeds("loss"), Line("loss"), legend=True, **LOG
            ),
            "accuracy": OverSteps(
                "Accuracy on test images",
                "accuracy",
                OtherSeeds("test_accuracy"),
                Line("test_accuracy"),
                yaxis_range=[0, 1],
            ),
            "gradient": Panel(
                "Gradient of each layer's weights, at the step below",
                "layer",
                "norm of the gradient",
                Curve(lambda frame, lane: (_layers(frame), positive(_norms(frame, lane)))),
                fit=_fit_gradients,
                yaxis_type="log",
            ),
        }

    @property
    def table(self) -> Sequence[Now[DeepNetSettings]]:
        return (
            Now("training loss", "loss"),
            Now("test accuracy", "test_accuracy"),
            Now("gradient, first layer", lambda frame, lane: float(_norms(frame, lane)[0])),
            Now("gradient, last layer", lambda frame, lane: float(_norms(frame, lane)[-1])),
            Now("directions kept", "directions_kept"),
        )


def _layers(frame: Frame[DeepNetSettings]) -> np.ndarray:
    return np.arange(1, frame.lanes.shared.depth + 2)


def _norms(frame: Frame[DeepNetSettings], lane: int) -> np.ndarray:
    """Norm of the gradient of each layer's weights now."""
    return frame.history.newest("gradient_norm", frame.last(lane))[lane]


def _fit_gradients(frame: Frame[DeepNetSettings]) -> dict[str, Any]:
    step = frame.history.newest_step("gradient_norm", frame.stop - 1)
    reach = decades(np.stack([_norms(frame, lane) for lane in range(len(frame.lanes))]))
    return {
        "xaxis.range": [1, frame.lanes.shared.depth + 1],
        "yaxis.range": reach,
        "xaxis.title.text": f"layer, at step {step}",
    }
