"""Deep nets on the digits that differ in their first weights, trained side by side."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.initialization.training import DeepNet
from lessons.initialization.training_settings import DeepNetSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.initialization.layer_figures import decades
from widgets.labs.initialization.scheme_view import DeepNetView, training_loss
from widgets.labs.initialization.variance import positive
from widgets.plots import line, over_steps, plot

ROOT_TWO = 1.4142
DEEP = {"depth": 50, "learning_rate": 0.03, "steps": 200}
DEEP_RELU = {"activation": "relu", "learning_rate": 0.02, "steps": 200}
HALF = {"scheme": "LeCun", "gain": 0.5}
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
    shown = ("scheme", "gain", "deviation", "constant", "activation", "learning_rate", "optimizer", "momentum", "depth")
    more = ("width", "loss", "train_size", "measure_every", "steps", "seed")
    presets = (
        Preset(
            "fifty tanh layers",
            "Xavier and orthogonal weights have the same variance. Will as much gradient reach the first layer?",
            tuple({**DEEP, "scheme": s} for s in ("normal", "LeCun", "Xavier", "orthogonal")),
            ("σ = 0.01", "LeCun", "Xavier", "orthogonal"),
            says=("scheme", "deviation"),
        ),
        Preset(
            "three tanh layers",
            "In a shallow net they all train: this is why one can get away with careless weights, for a while.",
            tuple(  # holds: l4_three_layers_forgive
                {"depth": 3, "learning_rate": 0.1, "steps": 400, **each}
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
            tuple({"depth": 20, "steps": 600, **each} for each in ADAM),  # holds: l4_adam_gets_going
            ("half of LeCun, gradient descent", "half of LeCun, Adam", "orthogonal, Adam"),
            says=("scheme", "gain", "optimizer"),
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        loss = training_loss("schemes-loss", names, colours)
        title = "Accuracy on test images"
        accuracy = over_steps("schemes-accuracy", title, "accuracy", names, colours, yaxis_range=[0, 1])
        gradient = plot(
            "schemes-gradient",
            "Gradient of each layer's weights, at the step below",
            "layer",
            "norm of the gradient",
            [line(n, c) for n, c in pairs],
            yaxis_type="log",
        )
        return {"loss": loss, "accuracy": accuracy, "gradient": gradient}

    def begin(self, frame: Frame[DeepNetSettings]) -> None:
        shape = frame.lanes.shared
        for figure in ("loss", "accuracy"):
            frame.screen.relayout(figure, {"xaxis.range": [0, shape.steps]})
        frame.screen.relayout("gradient", {"xaxis.range": [1, shape.depth + 1]})

    def draw(self, frame: Frame[DeepNetSettings]) -> None:
        layers = np.arange(1, frame.lanes.shared.depth + 2)
        norms = frame.history["gradient_norm"]
        for lane in range(len(frame.lanes)):
            frame.curve("loss", lane, lane, "loss")
            frame.curve("accuracy", lane, lane, "test_accuracy", frame.lanes.shared.measure_every)
            frame.screen.replace("gradient", lane, x=layers, y=positive(norms[frame.last(lane), lane]))
        shown = np.stack([norms[frame.last(lane), lane] for lane in range(len(frame.lanes))])
        step = (frame.stop - 1) // frame.lanes.shared.measure_every * frame.lanes.shared.measure_every
        frame.screen.relayout("gradient", {"yaxis.range": decades(shown), "xaxis.title.text": f"layer, at step {step}"})

    def readings(self, frame: Frame) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row = frame.last(lane)
            norms = frame.history["gradient_norm"][row, lane]
            lines += [
                Reading(lane, "training loss", float(frame.history["loss"][row, lane])),
                Reading(lane, "test accuracy", float(frame.history["test_accuracy"][row, lane])),
                Reading(lane, "gradient, first layer", float(norms[0])),
                Reading(lane, "gradient, last layer", float(norms[-1])),
            ]
        return lines
