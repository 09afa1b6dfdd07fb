"""A real net on digits and on points in the plane, its decision boundary live."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lessons.core.doctor import Vitals
from lessons.core.rules.own import OWN_CALL
from lessons.optimizers.classifier import Classifier, grid_axis, training_data
from lessons.optimizers.settings import ClassifierSettings
from widgets.figure.frame import Frame
from widgets.figure.level_lines import level_line
from widgets.figure.plots import LOG, TWO_CLASSES, two_classes
from widgets.labs.optimizers import data_goals
from widgets.labs.optimizers.idle import idle_hyperparameters
from widgets.view.controls import Preset
from widgets.view.lines import Curve, Line, Points
from widgets.view.other_seeds import OtherSeeds
from widgets.view.panels import Now, OverSteps, Panel
from widgets.view.view import LabView

STRIDE = 2
SHOWN_POINTS = 200
# Learning rates at which each does about its best on the digits, 300 steps with batches of 32.
DIGIT_RATES = {
    "gradient descent": 1.0,
    "heavy ball": 0.2,
    "moving average": 2.0,
    "Nesterov": 0.2,
    "AdaGrad": 0.1,
    "RMSProp": 0.003,
    "Adam": 0.02,
    "AdamW": 0.02,
    "Quickprop": 0.5,
}
FOUR = ("gradient descent", "heavy ball", "RMSProp", "Adam")


def _race(rates: dict[str, float], names: Sequence[str], **common: Any) -> dict[str, Any]:
    lanes = tuple({"optimizer": name, "learning_rate": rates[name], "other_seeds": 4, **common} for name in names)
    return {"lanes": lanes, "names": tuple(names)}


SPIRAL_RATES = {"gradient descent": 0.3, "heavy ball": 0.1, "RMSProp": 0.01, "Adam": 0.02}
POINTS = {"width": 32, "depth": 2, "train_size": 300, "batch_size": 32, "steps": 1200}


def _training_points(frame: Frame[ClassifierSettings], label: int) -> Points:
    """Points in the plane of one class; none of the digits."""
    if frame.lanes.shared.data == "digits":
        return [], []
    data = training_data(frame.lanes.shared)
    inputs, labels = data.train_inputs[:SHOWN_POINTS].numpy(), data.train_labels[:SHOWN_POINTS].numpy()
    return inputs[labels == label, 0], inputs[labels == label, 1]


def _boundary(frame: Frame[ClassifierSettings], lane: int) -> Points:
    if frame.lanes.shared.data == "digits":
        return [], []
    axis = grid_axis().numpy()[::STRIDE]
    return level_line(axis, axis, frame.history.snapshot("probability")[lane, ::STRIDE, ::STRIDE], 0.5)


def _reach(frame: Frame[ClassifierSettings]) -> dict[str, Any]:
    reach = float(grid_axis()[-1])
    ends = {"xaxis.range": [-reach, reach], "yaxis.range": [-reach, reach]}
    return {} if frame.lanes.shared.data == "digits" else ends


class ClassifierView(LabView[ClassifierSettings]):
    """Loss, test accuracy, and for points in the plane the line where each net is undecided."""

    name = "classifier"
    title = "Optimizers in a real net"
    experiment = Classifier()
    own_call = OWN_CALL
    shown = ("learning_rate", "batch_size", "optimizer")
    rate_field = "learning_rate"
    step_figures = ("loss",)
    goals = data_goals.CLASSIFIER
    presets = (
        Preset(
            "two moons",
            "All four share initial weights and batches. How will the boundary get from a line to two moons?",
            **_race(SPIRAL_RATES, FOUR, data="moons", **{**POINTS, "steps": 600}),
        ),
        Preset(
            "two spirals",
            "Hard for a small net. Adam is ahead and gradient descent late; is it the adaptive steps?",
            **_race(SPIRAL_RATES, FOUR, data="spirals", noise=0.05, activation="relu", **POINTS),
            # holds: l1_spirals
        ),
        Preset(
            "nine on the digits",
            "On real images, each at a learning rate that suits it, all but one come to about the same accuracy.",
            **_race(DIGIT_RATES, tuple(DIGIT_RATES), steps=300),
            # holds: l1_nine
        ),
        Preset(
            "batch size is noise",
            "One optimizer, three batch sizes: the smaller the batch, the cheaper the step. What is the price?",
            tuple(
                {"optimizer": "gradient descent", "learning_rate": 0.2, "batch_size": b, "steps": 400, "other_seeds": 4}
                for b in (4, 32, 400)
            ),
            ("4", "32", "all 400"),
            says=("batch_size", "train_size"),
            # holds: l1_batch_noise
        ),
    )

    def idle(self, settings: ClassifierSettings) -> tuple[str, ...]:
        return (*idle_hyperparameters(settings), *(("noise",) if settings.data == "digits" else ()))

    panels = {
        "plane": Panel(
            "Training points, and where each net is undecided (points in the plane only)",
            "x₁",
            "x₂",
            Curve(_training_points, each=TWO_CLASSES, make=two_classes, fixed=True),
            Curve(_boundary, showlegend=False),
            fit=_reach,
            height=380,
            xaxis_range=[-2.5, 2.5],
            yaxis_range=[-2.5, 2.5],
            showlegend=True,
        ),
        "loss": OverSteps(
            "Loss over all training examples",
            "loss",
            OtherSeeds("train_loss"),
            Line("train_loss"),
            height=380,
            **LOG,
        ),
        "accuracy": OverSteps(
            "Accuracy on test examples",
            "accuracy",
            OtherSeeds("test_accuracy"),
            Line("test_accuracy"),
            yaxis_range=[0, 1.02],
        ),
    }
    table = (
        Now("training loss", "train_loss"),
        Now("training accuracy", "train_accuracy"),
        Now("test accuracy", "test_accuracy"),
    )

    def vitals(self, frame: Frame, lane: int) -> Vitals | None:
        return None
