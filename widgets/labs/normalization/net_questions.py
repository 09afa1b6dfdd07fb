"""Questions of lesson 5 that a trained net answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import torch

from lessons.core.curvature.hessian_spectrum import PROBES
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.normalization.injected import InjectedNet, InjectedNetSettings
from lessons.normalization.isolation import FAR, isolated_eigenvalues
from lessons.normalization.normalizers import NormalizationName
from lessons.normalization.stability import (
    LEARNED,
    Stability,
    largest_stable_rates,
    loss_without_looking,
    stability_lanes,
)
from lessons.normalization.training import NormalizedNet
from lessons.normalization.training_settings import NormalizedNetSettings
from widgets.figure.colours import colour_of
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, LOG_X, limit
from widgets.quiz.answer_kinds import Choice, Number
from widgets.quiz.question import FAILS, HOLDS, Misreading, Outcome, Question
from widgets.view.lines import Curve, Line, Points
from widgets.view.panels import OverSteps, Panel

QUIET = {"follow_shift": False, "follow_sharpness": False}
LIMIT_AND_SHARPNESS = "In the lab above λₘₐₓ was several times lower with batch norm: so the limit 2/λₘₐₓ is higher."


class _Nets(Question[NormalizedNetSettings]):
    """Nets side by side; one quantity of each over the step."""

    experiment = NormalizedNet()
    methods = ("normalization",)
    settings: ClassVar[dict[str, dict[str, Any]]]
    quantity: ClassVar[str] = "loss"
    axis: ClassVar[dict[str, Any]] = {"yaxis_type": "log", "yaxis_tickformat": "~g"}
    caption: ClassVar[str] = "Loss of each batch"
    label: ClassVar[str] = "loss"

    def lanes(self) -> Lanes[NormalizedNetSettings]:
        return Lanes([NormalizedNetSettings.checked(each) for each in self.settings.values()], [*self.settings])

    @property
    def panel(self) -> Panel[NormalizedNetSettings]:
        return OverSteps(
            self.caption, self.label, Line(self._measured, measured=self.quantity), showlegend=True, **self.axis
        )

    def _measured(self, frame: Frame[NormalizedNetSettings], lane: int, steps: np.ndarray) -> np.ndarray:
        values = self.measured(frame.history, lane)[steps]
        return np.where(values > 0, values, np.nan)

    def measured(self, history: History, lane: int) -> np.ndarray:
        """Return what is drawn of a lane, shape (T,)."""
        return history[self.quantity][:, lane].astype(float)


def _each(kinds: Sequence[str], **common: Any) -> dict[str, dict[str, Any]]:
    return {kind: {**common, "normalization": kind} for kind in kinds}


def _stable(frame: Frame[NormalizedNetSettings]) -> list[Stability]:
    return [*largest_stable_rates(frame.lanes, frame.history["loss"]).values()]


def _losses(frame: Frame[NormalizedNetSettings], kind: int) -> Points:
    found = frame.once(_stable)[kind]
    return found.rates, np.where(found.final_loss < 30, found.final_loss, np.nan)


class LongerSteps(Question[NormalizedNetSettings]):
    name = "longer_steps"
    prompt = (
        "The same net, with and without batch norm, at 14 learning rates each, for 120 steps. Up to what rate does it "
        "train well, to a twentieth of the loss of guessing? How much further can batch norm go?"
    )
    options = ("About as far: less than twice", "Two to four times as far", "More than four times as far")
    answer = Choice(options)
    experiment = NormalizedNet()
    kinds: ClassVar[tuple[NormalizationName, ...]] = ("none", "batch")

    def lanes(self) -> Lanes[NormalizedNetSettings]:
        common = {"loss": "cross-entropy", "width": 16, "steps": 120, "measure_every": 1000}
        return stability_lanes(self.kinds, common, 0.05, 30.0, 14)

    @property
    def panel(self) -> Panel[NormalizedNetSettings]:
        each = [(kind, colour_of("normalization", kind)) for kind in self.kinds]
        losses = Curve(_losses, each=each, mode="lines+markers", line={"width": 1.5})
        caption = "Loss, mean of the last tenth"
        return Panel(caption, "learning rate η", "loss", losses, showlegend=True, **LOG_X, **LOG)

    def outcome(self, history: History, lanes: Lanes[NormalizedNetSettings]) -> Outcome:
        none, batch = (found.well for found in largest_stable_rates(lanes, history["loss"]).values())
        ratio = batch / none
        return Outcome(
            0 if ratio < 2 else 1 if ratio < 4 else 2,
            f"Without normalization the net trained well up to η = {none:.2g}, with batch norm up to {batch:.2g}: "
            f"{ratio:.2g} times as far.",  # holds: l5_room_question, l5_what_batch_norm_does
            tuple(Misreading(number, LIMIT_AND_SHARPNESS) for number in (0, 1)),
        )


def _row_of_eigenvalues(frame: Frame[NormalizedNetSettings], lane: int) -> Points:
    values = frame.history.snapshot("spectrum")[lane, 0]
    seen = values[: len(values) // PROBES]  # one probe's: each finds all that are isolated
    seen = seen[seen > 0.5]
    return seen, np.full(len(seen), float(lane))


def _edges(frame: Frame[NormalizedNetSettings]) -> np.ndarray:
    return isolated_eigenvalues(torch.from_numpy(frame.history.snapshot("spectrum")), PROBES).edge.numpy()


def _edge(frame: Frame[NormalizedNetSettings], lane: int) -> Points:
    return [FAR * frame.once(_edges)[lane]] * 2, [lane - 0.4, lane + 0.4]


class WhoseEigenvalues(_Nets):
    name = "whose_eigenvalues"
    prompt = (
        "A Hessian has a bulk of small eigenvalues and a few isolated ones far beyond. After 100 steps, which "
        "normalization removes most of them?"
    )
    answer = Choice(("Batch norm only", "Layer norm only", "Both", "Neither"))
    slow = ("spectrum",)
    common: ClassVar = {"loss": "cross-entropy", "width": 16, "steps": 100, "follow_shift": False}
    settings: ClassVar = _each(("none", "batch", "layer"), **common, follow_sharpness=True, sharpness_every=10)

    @property
    def panel(self) -> Panel[NormalizedNetSettings]:
        edges = [(f"{name}, isolated from here", "#888") for name in self.settings]
        return Panel(
            "Eigenvalues of the Hessian above 0.5",
            "eigenvalue λ",
            "",
            Curve(_row_of_eigenvalues, mode="markers", marker={"size": 9, "opacity": 0.6}),
            Curve(_edge, each=edges, make=limit, says="three times the bulk's edge"),
            yaxis_tickvals=[0, 1, 2],
            yaxis_ticktext=[*self.settings],
            yaxis_range=[2.6, -0.6],
        )

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        found = isolated_eigenvalues(torch.from_numpy(history.snapshot("spectrum")), PROBES)
        none, batch, layer = (float(count) for count in found.count)
        gone = batch < none / 3, layer < none / 3
        return Outcome(
            {(True, False): 0, (False, True): 1, (True, True): 2, (False, False): 3}[gone],
            f"Beyond three times the bulk's edge lay {none:g} eigenvalues without normalization, {batch:g} with "
            f"batch norm and {layer:g} with layer norm; λₘₐₓ was "
            + ", ".join(f"{value:.3g}" for value in history.newest("sharpness"))
            + ".",  # holds: l5_isolated
            (
                Misreading(1, "Count in each row what lies right of the dotted line: layer norm leaves most of them."),
                Misreading(2, "Layer norm takes the mean over the units of one image; the mean over the images stays."),
                Misreading(3, "Look at the row of batch norm: right of its dotted line hardly one is left."),
            ),
        )


class WeightsTimesThree(_Nets):
    name = "weights_times_three"
    prompt = (
        "Batch norm in every hidden layer. All weights start three times as large as usual, and η = 0.1 stays. How do "
        "the first 200 steps compare with those from the usual weights?"
    )
    options = (
        "The same: batch norm divides the factor out",
        "The loss falls more slowly",
        "The loss falls faster",
        "The net diverges",
    )
    answer = Choice(options)
    common: ClassVar = {"loss": "cross-entropy", "width": 16, "steps": 200, "normalization": "batch", **QUIET}
    settings: ClassVar = {
        "usual weights": {**common, "learning_rate": 0.1},
        "weights × 3": {**common, "init_scale": 4.2, "learning_rate": 0.1},
        "weights × 3, η × 9": {**common, "init_scale": 4.2, "learning_rate": 0.9},
    }

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        usual, tripled, cured = history["loss"][-20:].astype(float).mean(0)
        diverged = not tripled < history["loss"][0, 1]
        return Outcome(
            3 if diverged else 1 if tripled > 1.5 * usual else 2 if tripled < usual / 1.5 else 0,
            f"The loss came to {usual:.2g} from the usual weights, to {tripled:.2g} from weights three times as large. "
            "A hidden layer's factor is divided out on the way forward, but its gradient is divided by 3, and its "
            "weights are 3 times as long: alone that turns them a ninth as far. The last layer, which is not "
            "normalized, passes on gradients 3 times as large, so here it is about a third. "
            f"With η nine times as large the loss came to {cured:.2g}.",
            # holds: l5_three_and_nine, l5_effective_rate, l5_a_third_as_far
            (
                Misreading(0, "What the hidden layers put out is the same at first; how far a step turns them is not."),
                Misreading(2, "Longer weights are turned less by the same step, and what they put out stays the same."),
                Misreading(3, "Hidden layers do not pass the factor on: it makes the steps shorter, not too long."),
            ),
        )


class BecauseOfTheShift(_Nets):
    name = "because_of_the_shift"
    prompt = "Squared error, η = 0.04. We measure the shift of every layer while both nets train."
    statement = "Batch norm speeds training up because it reduces the internal covariate shift."
    answer = Choice((HOLDS, FAILS))
    quantity, caption, label = "shift", "Internal covariate shift, mean of the layers", "|G − G′|"
    common: ClassVar = {"learning_rate": 0.04, "steps": 120, "measure_every": 5, "loss": "squared error"}
    settings: ClassVar = _each(("none", "batch"), **common)

    def measured(self, history: History, lane: int) -> np.ndarray:
        return history["shift"][:, lane].astype(float).mean(1)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        none, batch = history["shift"][5::5].astype(float).mean((0, 2))
        slower, faster = history["loss"][-20:].astype(float).mean(0)
        rough = history["effective_smoothness"][5::5].astype(float).mean(0)
        return Outcome(
            int(faster < slower and batch >= none),
            f"The loss came to {slower:.2g} without and {faster:.2g} with batch norm. After the first step the mean "
            f"shift was {none:.2g} without and {batch:.2g} with it: larger where learning was faster. What fell was "
            f"the roughness, how fast the gradient changes along itself: {rough[0]:.2g} and {rough[1]:.2g}.",
            # holds: l5_more_shift
        )


class InjectedShift(Question[InjectedNetSettings]):
    name = "injected_shift"
    prompt = (
        "A control: after batch norm each unit gets another random factor and another random offset at each step, so "
        "strong that the shift becomes larger than the plain net's. η = 1 for both. Whose loss ends lower?"
    )
    answer = Choice(("the plain net's", "batch norm's with the shift", "neither's: both guess"))
    experiment = InjectedNet()
    methods = ("normalization",)
    common: ClassVar[dict[str, Any]] = {
        "learning_rate": 1.0,
        "steps": 150,
        "measure_every": 5,
        "loss": "cross-entropy",
        "follow_sharpness": False,
    }

    def lanes(self) -> Lanes[InjectedNetSettings]:
        lanes = ({"normalization": "none"}, {"normalization": "batch", "injected": 0.8})
        names = ("none", "batch, shift injected")
        return Lanes([InjectedNetSettings.checked({**self.common, **lane}) for lane in lanes], names)

    @property
    def panel(self) -> Panel[InjectedNetSettings]:
        return OverSteps("Loss of each batch", "loss", Line("loss"), showlegend=True, **LOG)

    def outcome(self, history: History, lanes: Lanes[InjectedNetSettings]) -> Outcome:
        plain, batch = history["loss"][-20:].astype(float).mean(0)
        shifts = history["shift"][5::5].astype(float).mean((0, 2))
        guess = loss_without_looking("cross-entropy", lanes.shared.train_size)
        return Outcome(
            2 if min(plain, batch) > LEARNED * guess else int(batch < plain),
            f"The loss came to {plain:.2g} without batch norm and to {batch:.2g} with it, although the mean shift was "
            f"{shifts[0]:.2g} without and {shifts[1]:.2g} with it. What batch norm does for training it does without "
            "reducing the shift.",
            # holds: l5_injected
            (Misreading(2, "Moved about like this batch norm learns more slowly, but it learns."),),
        )


class BatchOfOne(_Nets):
    name = "batch_of_one"
    prompt = "Batch norm in every hidden layer, one image a step. What test accuracy does the net reach in 300 steps?"
    answer = Number(low=0, high=100, step=1, tolerance=8, unit=" %")
    quantity, caption, label = "test_accuracy", "Accuracy on test images", "accuracy"
    axis: ClassVar = {"yaxis_range": [0, 1]}
    common: ClassVar = {"learning_rate": 0.02, "train_size": 500, "steps": 300, "measure_every": 20, "batch_size": 1}
    settings: ClassVar = _each(("batch", "group"), **common, **QUIET, loss="cross-entropy")

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        batch, group = (100 * float(value) for value in history.newest("test_accuracy"))
        return Outcome(
            batch,
            f"It had {batch:.0f} %, and group norm {group:.0f} % on the same images. One value is its own mean: every "
            "hidden unit puts out its offset β, whatever the image shows, and there is nothing to learn from.",
            # holds: l5_batch_of_one
            (Misreading(group, "So it is with group norm, which needs no second image."),),
        )


ALL: tuple[Question, ...] = (
    WhoseEigenvalues(),
    WeightsTimesThree(),
    LongerSteps(),
    BecauseOfTheShift(),
    InjectedShift(),
    BatchOfOne(),
)
