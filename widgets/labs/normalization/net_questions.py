"""Questions of lesson 5 that a trained net answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go
import torch

from lessons.core.hessian_spectrum import PROBES
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.normalization.isolation import isolated_eigenvalues
from lessons.normalization.stability import largest_stable_rates, stability_lanes
from lessons.normalization.training import NormalizedNet
from lessons.normalization.training_settings import NormalizedNetSettings
from widgets.colours import colour_of, colours_of
from widgets.live_figure import LiveFigure
from widgets.plots import line, plot
from widgets.question import FAILS, HOLDS, Choice, Number, Outcome, Question

QUIET = {"follow_shift": False, "follow_sharpness": False}


class _Nets(Question):
    """Nets side by side; one quantity of each over the step."""

    experiment = NormalizedNet()
    settings: ClassVar[dict[str, dict[str, Any]]]
    quantity: ClassVar[str] = "loss"
    axis: ClassVar[dict[str, Any]] = {"yaxis_type": "log", "yaxis_tickformat": "~g"}
    caption: ClassVar[str] = "Loss of each batch"
    label: ClassVar[str] = "loss"

    def lanes(self) -> Lanes:
        return Lanes([NormalizedNetSettings.checked(each) for each in self.settings.values()], [*self.settings])

    def figure(self) -> go.Figure:
        colours = colours_of(self.lanes().settings, ("normalization",))
        lines = [line(name, colour) for name, colour in zip(self.settings, colours, strict=True)]
        steps = next(iter(self.settings.values()))["steps"]
        axes = {"xaxis_range": [0, steps], **self.axis}
        return plot("question", self.caption, "step", self.label, lines, showlegend=True, **axes)

    def draw(self, screen: LiveFigure, history: History, lanes: Lanes) -> None:
        for lane in range(len(lanes)):
            values = self.measured(history, lane)
            screen.replace("figure", lane, x=np.arange(len(values)), y=np.where(values > 0, values, np.nan))

    def measured(self, history: History, lane: int) -> np.ndarray:
        """What is drawn of a lane, shape (T,)."""
        return history[self.quantity][:, lane].astype(float)


def _each(kinds: Sequence[str], **common: Any) -> dict[str, dict[str, Any]]:
    return {kind: {**common, "normalization": kind} for kind in kinds}


class LongerSteps(Question):
    name = "longer_steps"
    prompt = "The same net, with and without batch norm, at 14 learning rates each. How much further can batch norm go?"
    options = ("About as far: less than twice", "Two to five times as far", "More than five times as far")
    answer = Choice(options)
    experiment = NormalizedNet()
    kinds: ClassVar = ("none", "batch")

    def lanes(self) -> Lanes:
        common = {"loss": "cross-entropy", "width": 16, "steps": 120, "measure_every": 1000}
        return stability_lanes(self.kinds, common, 0.05, 30.0, 14)

    def figure(self) -> go.Figure:
        lines = [
            line(kind, colour_of("normalization", kind), mode="lines+markers", line={"width": 1.5})
            for kind in self.kinds
        ]
        log = {"xaxis_type": "log", "xaxis_tickformat": "~g", "yaxis_type": "log", "yaxis_tickformat": "~g"}
        return plot(
            "question", "Loss, mean of the last tenth", "learning rate η", "loss", lines, showlegend=True, **log
        )

    def draw(self, screen: LiveFigure, history: History, lanes: Lanes) -> None:
        for number, found in enumerate(largest_stable_rates(lanes, history["loss"]).values()):
            screen.replace("figure", number, x=found.rates, y=np.where(found.final_loss < 30, found.final_loss, np.nan))

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        none, batch = (found.largest for found in largest_stable_rates(lanes, history["loss"]).values())
        ratio = batch / none
        return Outcome(
            0 if ratio < 2 else 1 if ratio < 5 else 2,
            f"Without normalization the net learned up to η = {none:.2g}, with batch norm up to {batch:.2g}: "
            f"{ratio:.2g} times as far.",
        )


class WhoseEigenvalues(_Nets):
    name = "whose_eigenvalues"
    prompt = (
        "A Hessian has a bulk of small eigenvalues and a few isolated ones far beyond. After 100 steps, which "
        "normalization has rid the net of them?"
    )
    answer = Choice(("Batch norm only", "Layer norm only", "Both", "Neither"))
    caption, label, quantity = "Sharpness λ_max", "λ_max", "sharpness"
    axis: ClassVar = {"yaxis_rangemode": "tozero"}
    common: ClassVar = {"loss": "cross-entropy", "width": 16, "steps": 100, "follow_shift": False}
    settings: ClassVar = _each(("none", "batch", "layer"), **common, follow_sharpness=True, sharpness_every=10)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        found = isolated_eigenvalues(torch.from_numpy(history.snapshot("spectrum")), PROBES)
        none, batch, layer = (float(count) for count in found.count)
        gone = batch < none / 3, layer < none / 3
        return Outcome(
            {(True, False): 0, (False, True): 1, (True, True): 2, (False, False): 3}[gone],
            f"More than three times the bulk's edge were {none:g} eigenvalues without normalization, {batch:g} with "
            f"batch norm and {layer:g} with layer norm; λ_max was "
            + ", ".join(f"{value:.3g}" for value in history["sharpness"][-1])
            + ".",
        )


class BecauseOfTheShift(_Nets):
    name = "because_of_the_shift"
    prompt = "Squared error, η = 0.04. We measure the shift of every layer while both nets train."
    statement = "Batch norm speeds training up because it reduces the internal covariate shift."
    answer = Choice((HOLDS, FAILS))
    caption, label = "Internal covariate shift, mean of the layers", "|G − G′|"
    common: ClassVar = {"learning_rate": 0.04, "steps": 120, "measure_every": 5, "loss": "squared error"}
    settings: ClassVar = _each(("none", "batch"), **common)

    def measured(self, history: History, lane: int) -> np.ndarray:
        return history["shift"][:, lane].astype(float).mean(1)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        none, batch = history["shift"][5::5].astype(float).mean((0, 2))
        slower, faster = history["loss"][-20:].astype(float).mean(0)
        smooth = history["effective_smoothness"][5::5].astype(float).mean(0)
        return Outcome(
            int(faster < slower and batch >= none),
            f"The loss came to {slower:.2g} without and {faster:.2g} with batch norm. The mean shift after the "
            f"first step was {none:.2g} without and {batch:.2g} with it. How fast the gradient changes along itself: "
            f"{smooth[0]:.2g} and {smooth[1]:.2g}.",
        )


class BatchOfOne(_Nets):
    name = "batch_of_one"
    prompt = "Batch norm in every hidden layer, one image a step. Which test accuracy has the net after 300 steps?"
    answer = Number(low=0, high=100, step=1, tolerance=8, unit=" %")
    quantity, caption, label = "test_accuracy", "Accuracy on test images", "accuracy"
    axis: ClassVar = {"yaxis_range": [0, 1]}
    common: ClassVar = {"learning_rate": 0.02, "train_size": 500, "steps": 300, "measure_every": 20, "batch_size": 1}
    settings: ClassVar = _each(("batch", "group"), **common, **QUIET, loss="cross-entropy")

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        batch, group = (100 * float(value) for value in history["test_accuracy"][-1])
        return Outcome(
            batch,
            f"It had {batch:.0f} %, and group norm {group:.0f} % on the same images. One value is its own mean: every "
            "hidden unit puts out its offset β, whatever the image shows, and there is nothing to learn from.",
        )


ALL: tuple[Question, ...] = (LongerSteps(), WhoseEigenvalues(), BecauseOfTheShift(), BatchOfOne())
