"""Biases of batch normalization turn negative in a trained net. And in one that learned nothing?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from html import escape

import ipywidgets as ipw
import numpy as np
import plotly.graph_objects as go

from lessons.teacher_student.bias_signs import BiasSigns, BiasSignsSettings
from lessons.teacher_student.coactivation import saved_biases
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.live_figure import LiveFigure
from widgets.figure.plots import bars, plot, wide
from widgets.labs.teacher_student import assumption_goals
from widgets.labs.teacher_student.nodes import taken
from widgets.page.said import said
from widgets.view.controls import Preset
from widgets.view.lines import Curve, Level, Line, Points
from widgets.view.panels import Now, OverSteps, Panel
from widgets.view.view import LabView

BINS = 31
LAYERS = ("first convolution", "second convolution")


class BiasesView(LabView[BiasSignsSettings]):
    """Share of negative biases in each layer over the step, test accuracy, and the chosen lane's biases."""

    name = "biases"
    title = "Biases of batch normalization"
    experiment = BiasSigns()
    goals = assumption_goals.BIASES
    shown = ("random_share", "weight_decay", "learning_rate")
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

    @property
    def panels(self) -> Mapping[str, Panel[BiasSignsSettings]]:
        shares = {
            key: OverSteps(
                f"Negative biases after the {layer}",
                "share of negative biases",
                Line(partial(_negative_share, number)),
                Level(0.5, "one half"),
                legend=True,
                yaxis_range=[0, 1.04],
            )
            for number, (key, layer) in enumerate(zip(("first", "second"), LAYERS, strict=True))
        }
        histogram = Panel(
            "The biases now, chosen lane",
            "bias",
            "channels",
            Curve(_histogram, each=list(zip(LAYERS, LANE_COLOURS[5:7], strict=True)), make=bars),
            showlegend=True,
            barmode="stack",
        )
        accuracy = OverSteps("Accuracy on test images", "accuracy", Line("test_accuracy"), yaxis_range=[0, 1.04])
        return {**shares, "histogram": histogram, "accuracy": accuracy}

    @property
    def table(self) -> Sequence[Now[BiasSignsSettings]]:
        return (
            Now("negative, first layer", lambda frame, lane: f"{_share_now(frame, lane)[0]:.0%}"),
            Now("negative, second layer", lambda frame, lane: f"{_share_now(frame, lane)[1]:.0%}"),
            Now("test accuracy", "test_accuracy", form=".1%"),
        )


def _negative_share(layer: int, frame: Frame[BiasSignsSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    return frame.history["negative_share"][steps, lane, layer]


def _share_now(frame: Frame[BiasSignsSettings], lane: int) -> np.ndarray:
    return frame.history["negative_share"][frame.last(lane), lane]


def _histogram(frame: Frame[BiasSignsSettings], layer: int) -> Points | None:
    layers = [taken(frame, f"bias_{number}") for number in (1, 2)]
    own = [each[frame.selected] for each in layers if each is not None]
    return histograms(own)[layer] if len(own) == len(layers) else None


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
    channels = go.Bar(x=x, y=y, name="channels", marker={"color": colour})
    return LiveFigure(
        {"layers": wide(by_layer), "all": wide(plot("saved-biases", "All of them", "bias", "channels", [channels]))},
        label="Biases of batch normalization in a file",
    )
