"""Biases of batch normalization turn negative in a trained net. And in one that learned nothing?"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import ipywidgets as ipw
import numpy as np
import plotly.graph_objects as go

from lessons.teacher_student.bias_signs import BiasSigns, BiasSignsSettings
from lessons.teacher_student.coactivation import saved_biases
from widgets.colours import LANE_COLOURS
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.teacher_student.nodes import taken
from widgets.live_figure import LiveFigure
from widgets.plots import line, plot, theory, wide
from widgets.said import said
from widgets.view import LabView

BINS = 31
LAYERS = ("first convolution", "second convolution")


class BiasesView(LabView[BiasSignsSettings]):
    """Share of negative biases in each layer over the step, test accuracy, and the chosen lane's biases."""

    name = "biases"
    title = "Biases of batch normalization"
    experiment = BiasSigns()
    shown = ("random_share", "weight_decay", "learning_rate", "width", "seed")
    more = ("momentum", "train_size", "batch_size", "measure_every", "steps")
    step_figures = ("first", "second", "accuracy")
    presets = (
        Preset(
            "real and random labels",
            "Which sign will the biases take? And which with labels that mean nothing?",
            ({}, {"random_share": 1.0}),
            ("real labels", "random labels"),
        ),
        Preset(
            "weight decay",
            # holds: l7_weak_evidence
            "Forty times the weight decay: as accurate, and the second layer's biases turn back: most end positive.",
            ({}, {"weight_decay": 0.02}),
            ("λ = 0.0005", "λ = 0.02"),
        ),
        Preset(
            "a small learning rate",
            # holds: l7_weak_evidence
            "A third of the learning rate: as accurate, and about half of the second layer's biases end positive.",
            ({}, {"learning_rate": 0.01}),
            ("η = 0.03", "η = 0.01"),
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        found = {}
        for key, layer in zip(("first", "second"), LAYERS, strict=True):
            found[key] = plot(
                f"biases-{key}",
                f"Negative biases after the {layer} (dashes: one half)",
                "step",
                "share of negative biases",
                [*(line(n, c) for n, c in pairs), theory("one half", "#888", showlegend=False)],
                yaxis_range=[0, 1.04],
                showlegend=len(pairs) > 1,
            )
        bars = [
            go.Bar(x=[], y=[], name=layer, marker={"color": colour})
            for layer, colour in zip(LAYERS, LANE_COLOURS[5:7], strict=True)
        ]
        found["histogram"] = plot(
            "biases-histogram",
            "The biases now, chosen lane",
            "bias",
            "channels",
            bars,
            showlegend=True,
            barmode="stack",
        )
        found["accuracy"] = plot(
            "biases-accuracy",
            "Accuracy on test images",
            "step",
            "accuracy",
            [line(n, c) for n, c in pairs],
            yaxis_range=[0, 1.04],
        )
        return found

    def begin(self, frame: Frame) -> None:
        steps = frame.lanes.shared.steps
        for figure in self.step_figures:
            frame.screen.relayout(figure, {"xaxis.range": [0, steps]})
        for figure in ("first", "second"):
            frame.screen.replace(figure, len(frame.lanes), x=[0, steps], y=[0.5, 0.5])
        self._histogram(frame)

    def draw(self, frame: Frame[BiasSignsSettings]) -> None:
        every = frame.lanes.shared.measure_every
        for lane in range(len(frame.lanes)):
            rows = frame.rows(lane)
            steps = np.arange(rows.start, rows.stop)
            for layer, figure in enumerate(("first", "second")):
                frame.screen.extend(figure, lane, steps, frame.history["negative_share"][steps, lane, layer])
            frame.curve("accuracy", lane, lane, "test_accuracy", every)
        self._histogram(frame)

    @staticmethod
    def _histogram(frame: Frame) -> None:
        layers = [taken(frame, f"bias_{layer}") for layer in (1, 2)]
        if any(layer is None for layer in layers):
            return
        own = [layer[frame.selected] for layer in layers if layer is not None]
        for trace, (x, y) in enumerate(histograms(own)):
            frame.screen.replace("histogram", trace, x=x, y=y)

    def readings(self, frame: Frame) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row = frame.last(lane)
            first, second = frame.history["negative_share"][row, lane]
            accuracy = float(frame.history["test_accuracy"][row, lane])
            lines += [
                Reading(lane, "negative, first layer", f"{first:.0%}"),
                Reading(lane, "negative, second layer", f"{second:.0%}"),
                Reading(lane, "test accuracy", f"{accuracy:.1%}"),
            ]
        return lines


def histograms(biases: Sequence[np.ndarray]) -> list[tuple[np.ndarray, np.ndarray]]:
    """Count biases in common bins around 0: centres and counts for each layer."""
    known = [own[np.isfinite(own)] for own in biases]
    reach = max([0.05, *(float(np.abs(own).max()) for own in known if len(own))])
    edges = np.linspace(-1.05 * reach, 1.05 * reach, BINS + 1)
    centres = (edges[1:] + edges[:-1]) / 2
    return [(centres, np.histogram(own, edges)[0].astype(float)) for own in known]


def biases_in(path: str) -> ipw.Widget:
    """Show the biases of all batch normalizations in a file of weights, such as torchvision's vgg16_bn.

    Args:
        path: Of a state dict saved by `torch.save`. If it holds no such biases a sentence says so.
    """
    try:
        layers = {name: bias.numpy() for name, bias in saved_biases(path).items()}
    except ValueError as error:
        return said(f"<p>{escape(str(error))}</p>")
    every = np.concatenate(list(layers.values()))
    ((x, y),) = histograms([every])
    shares = [float((bias < 0).mean()) for bias in layers.values()]
    number = np.arange(1, len(layers) + 1)
    colour = LANE_COLOURS[0]
    by_layer = plot(
        "saved-shares",
        f"{(every < 0).mean():.0%} of {len(every)} biases are negative; layer by layer",
        "layer of batch normalization, in the order of the file",
        "share of negative biases",
        [go.Bar(x=number, y=shares, name="negative", marker={"color": colour}, text=list(layers), textposition="none")],
        yaxis_range=[0, 1.04],
    )
    bars = go.Bar(x=x, y=y, name="channels", marker={"color": colour})
    return LiveFigure(
        {"layers": wide(by_layer), "all": wide(plot("saved-biases", "All of them", "bias", "channels", [bars]))},
        label="Biases of batch normalization in a file",
    )
