"""Predictions to make in lesson 1, and sentences that are often written, true or not."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.optimizers.condition import Condition, ConditionSettings
from lessons.optimizers.escape import Escape, EscapeSettings
from lessons.optimizers.gains import Gain, GainSettings
from lessons.optimizers.one_plane import OnePlane, OnePlaneSettings
from lessons.optimizers.proxy import Method, ProxySettings
from lessons.optimizers.race import Race
from lessons.optimizers.settings import RaceSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import line
from widgets.labs.optimizers import upkeep_question, valley_questions
from widgets.quiz.answer_kinds import Choice, Number
from widgets.quiz.question import FAILS, HOLDS, Misreading, Outcome, Question, sampled
from widgets.view.lines import Curve, Points
from widgets.view.panels import Panel
from widgets.view.readings import number


class _OverStep(Question):
    """Some lanes, and one of their measured values over the step."""

    methods = ("gradient", "optimizer")
    settings: ClassVar[dict[str, dict[str, Any]]]
    caption: ClassVar[str] = "Loss over the run"
    axis: ClassVar[str] = "loss"
    layout: ClassVar[dict[str, Any]] = {"yaxis_type": "log", "yaxis_tickformat": "~g"}
    thin: ClassVar[tuple[str, ...]] = ()  # lines that would hide another one, which is broad

    def lanes(self) -> Lanes:
        return Lanes([self.experiment.settings_type(**each) for each in self.settings.values()], [*self.settings])

    def series(self, history: History, lane: int) -> np.ndarray:
        """Return what is drawn of a lane, shape (T,)."""
        return history["loss"][:, lane]

    @property
    def panel(self) -> Panel:
        curve: Curve = Curve(lambda frame, lane: sampled(self.series(frame.history, lane)), make=self._line)
        return Panel(self.caption, "step", self.axis, curve, legend=True, **self.layout)

    def _line(self, name: str, colour: str) -> go.Scatter:
        width = {} if not self.thin else {"width": 1.5 if name in self.thin else 5}
        return line(name, colour, line=width)


class TwoMomenta(_OverStep):
    name = "two_momenta"
    prompt = "PyTorch's momentum=0.9 adds the whole gradient, v ← 0.9 v + g; the moving average is v ← 0.9 v + 0.1 g."
    statement = (
        "With ten times the learning rate, the moving average of gradients takes the very same path as PyTorch's "
        "momentum."
    )
    answer = Choice((HOLDS, FAILS))
    experiment = Race()
    settings: ClassVar = {
        "moving average, η = 0.1": {"optimizer": "moving average", "learning_rate": 0.1, "steps": 60},
        "PyTorch's, η = 0.1": {"optimizer": "heavy ball", "learning_rate": 0.1, "steps": 60},
        "moving average, η = 1": {"optimizer": "moving average", "learning_rate": 1.0, "steps": 60},
    }
    thin: ClassVar = ("moving average, η = 1",)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        theta = history["theta"]
        way = np.linalg.norm(np.diff(theta, axis=0), axis=2).sum(0)
        apart = float(np.abs(theta[:, 1] - theta[:, 2]).max())
        return Outcome(
            int(apart > 1e-6),
            f"PyTorch's form at η = 0.1 and the average at η/(1−β) = 1 are never more than {number(apart, 1)} apart: "
            f"rounding. At the same η = 0.1 they differ: in 60 steps the average travelled {way[0]:.3g}, PyTorch's "
            f"form {way[1]:.3g}.",  # holds: l1_same_path
            (
                Misreading(
                    1, "The average is the sum times 1−β = 0.1, at every step; ten times the rate makes up for it."
                ),
            ),
        )


class AlternatingGain(_OverStep):
    name = "alternating_gain"
    prompt = (
        "The gradient changes its sign at every step, as across a narrow valley. By what factor does momentum β = 0.9 "
        "(PyTorch's form) change the length of the steps?"
    )
    answer: ClassVar[Number | Choice] = Number(low=0.0, high=12.0, step=0.1, tolerance=0.11)
    experiment = Gain()
    caption = "Length of the update in plain gradient steps"
    axis = "gain"
    layout: ClassVar = {"yaxis_rangemode": "tozero"}
    settings: ClassVar = {
        "constant": {"gradient": "constant", "steps": 80},
        "alternating": {"gradient": "alternating", "steps": 80},
    }

    def lanes(self) -> Lanes:
        return Lanes([GainSettings(**each) for each in self.settings.values()], [*self.settings])

    def series(self, history: History, lane: int) -> np.ndarray:
        return history["gain"][:, lane]

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        constant, alternating = history["gain"][-1]
        return Outcome(
            float(alternating),
            f"With an alternating gradient the steps shrink to {alternating:.3g} = 1/(1+β) of a plain step, with a "
            f"constant one they grow to {constant:.3g} = 1/(1−β).",  # holds: l1_gain
            (
                Misreading(10.0, "1/(1−β) = 10 is the gain of a gradient that stays."),
                Misreading(
                    0.0, "They do not cancel: the last gradient counts in full, the one before it only with 0.9."
                ),
                Misreading(0.1, "1−β = 0.1 is a gradient's weight in a moving average; PyTorch's form gives it 1."),
                Misreading(
                    0.9, "0.9 is the share of the velocity that is kept at each step, not what the sum comes to."
                ),
                Misreading(
                    1.0, "1 would be no change; but the velocity that is kept points against each new gradient."
                ),
            ),
        )


class SteepOrSteady(AlternatingGain):
    name = "steep_or_steady"
    prompt = (
        "A valley, and momentum β = 0.9 (PyTorch's form). Across it the gradient has length 5 and reverses at every "
        "step; along it the gradient has length 1 and stays."
    )
    statement = "In the long run the steps are longer across the valley than along it."
    answer = Choice((HOLDS, FAILS))
    caption = "Length of the update at η = 1"
    axis = "length"
    settings: ClassVar = {
        "along": {"gradient": "constant", "steps": 80},
        "across": {"gradient": "alternating", "steps": 80},
    }
    slopes: ClassVar = (1.0, 5.0)

    def series(self, history: History, lane: int) -> np.ndarray:
        return self.slopes[lane] * history["gain"][:, lane]

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        along, across = (float(self.series(history, lane)[-1]) for lane in range(2))
        return Outcome(
            int(across <= along),
            f"Along the valley the steps have length {along:.3g} at η = 1, across it {across:.3g}, though it is five "
            "times as steep there. Steepness decides how long each push is; whether pushes add up or cancel depends on "
            "whether the gradients agree.",  # holds: l1_steep_question
            (Misreading(0, "Each push across is five times as long, but the velocity from before points against it."),),
        )


class StuckAtSaddle(_OverStep):
    name = "stuck_at_saddle"
    prompt = "Five starts, nearer and nearer to the line that leads straight into the saddle; the last one is on it."
    statement = (
        "Even from 10⁻¹² beside the line that leads into a saddle point, gradient descent leaves it within a few "
        "hundred steps."
    )
    answer = Choice((HOLDS, FAILS))
    experiment = Escape()
    settings: ClassVar = {
        f"ε = {number(distance)}": {"distance": distance, "learning_rate": 0.1, "steps": 400}
        for distance in (1e-3, 1e-6, 1e-9, 1e-12, 0.0)
    }
    layout: ClassVar = {"yaxis_rangemode": "tozero"}

    def lanes(self) -> Lanes:
        return Lanes([EscapeSettings(**each) for each in self.settings.values()], [*self.settings])

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        times = history["escape_time"][-1]
        left = times < len(history) - 1
        said = ", ".join(f"{time:.0f}" for time in times[:4])
        return Outcome(
            int(not left[:4].all()),
            f"From ε = 10⁻³, 10⁻⁶, 10⁻⁹ and 10⁻¹² it left after {said} steps: a thousand times nearer costs some "
            f"{times[3] - times[2]:.0f} steps more. Only the start exactly on the line stayed; noise would end that. "
            "A saddle slows training down; it does not hold it.",  # holds: l1_leaves_saddle
            (Misreading(1, "Near the saddle the distance grows by a factor at each step: only its logarithm counts."),),
        )


class NewtonFindsMinima(_OverStep):
    name = "newton_finds_minima"
    prompt = "The start is at (−1.5, 0.02), near a saddle point (loss 0.25; the minima have 0). Where does it end?"
    statement = "Newton's method converges to a minimum, and in very few steps."
    answer = Choice((HOLDS, FAILS))
    experiment = Race()
    settings: ClassVar = {
        name: {"surface": "saddle", "start_x": -1.5, "start_y": 0.02, "steps": 120, **each}
        for name, each in {
            "Newton": {"optimizer": "Newton", "learning_rate": 1.0},
            "gradient descent": {"optimizer": "gradient descent", "learning_rate": 0.1},
        }.items()
    }
    layout: ClassVar = {"yaxis_rangemode": "tozero"}

    def lanes(self) -> Lanes:
        return Lanes([RaceSettings(**each) for each in self.settings.values()], [*self.settings])

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        newton, plain = history["loss"][-1]
        return Outcome(
            int(newton > 0.1),
            f"Newton's method ended at a loss of {newton:.3g}: at the saddle, where the gradient is zero. Gradient "
            f"descent passed it and ended at {plain:.2g}. Newton solves “gradient = 0”; where a curvature is negative "
            "it walks uphill.",  # holds: l1_newton_question
        )


def _error(frame: Frame[ConditionSettings], lane: int) -> Points:
    steps = np.unique(np.geomspace(1, len(frame.history), 120).astype(int)) - 1
    error = frame.history["error"][steps, lane]
    return steps + 1, np.where(error > 1e-8, error, np.nan)


class ConditionNumberCosts(Question[ConditionSettings]):
    name = "condition_number_costs"
    prompt = "Gradient descent on bowls with κ = 10, 100 and 1000, until the error is a millionth of the first."
    statement = (
        "Ten times the condition number costs gradient descent ten times the iterations, even at the best learning "
        "rate for each bowl."
    )
    answer = Choice((HOLDS, FAILS))
    experiment = Condition()
    kappas: ClassVar = (10.0, 100.0, 1000.0)

    def lanes(self) -> Lanes[ConditionSettings]:
        bowls = [ConditionSettings(condition_number=kappa, steps=7000) for kappa in self.kappas]
        return Lanes(bowls, [f"κ = {kappa:g}" for kappa in self.kappas])

    @property
    def panel(self) -> Panel[ConditionSettings]:
        axes: dict[str, Any] = {"xaxis_type": "log", "yaxis_type": "log", "yaxis_exponentformat": "power"}
        return Panel("Error as a share of the first", "step", "error", Curve(_error), legend=True, **axes)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        counts = history["iterations"][-1]
        said = ", ".join(f"{count:.0f}" for count in counts)
        return Outcome(
            int(not np.allclose(counts[1:] / counts[:-1], 10, rtol=0.02)),
            f"To an error of 10⁻⁶ it took {said} iterations for κ = 10, 100, 1000: in proportion to κ. A small "
            "condition number is a round bowl, and that is the easy case.",  # holds: l1_condition
            (
                Misreading(
                    1, "The best learning rate suits the steep direction; along the flat one it is far too small."
                ),
            ),
        )


def _moved(frame: Frame[ProxySettings], lane: int) -> Points:
    steps = np.unique(np.linspace(0, len(frame.history) - 1, 200).astype(int))
    return steps, frame.history["moved"][steps, lane]


class BoundedSlope(Question[ProxySettings]):
    name = "bounded_slope"
    prompt = "One training point of 200 lies 32 standard deviations out, on the wrong side."
    statement = (
        "An outlier drags the boundary of the squared error along, but not that of a loss with a bounded slope, such "
        "as the logistic loss."
    )
    answer = Choice((HOLDS, FAILS))
    experiment = OnePlane()
    methods = ("method",)
    models: ClassVar[tuple[Method, ...]] = ("squared error", "logistic", "squared error of a sigmoid", "MLP")

    def lanes(self) -> Lanes[ProxySettings]:
        common: dict[str, Any] = {
            "outlier": True,
            "outlier_x": 27.7,
            "outlier_y": 16.0,
            "train_size": 200,
            "steps": 600,
        }
        return Lanes([OnePlaneSettings(method=m, **common) for m in self.models], self.models)

    @property
    def panel(self) -> Panel[ProxySettings]:
        caption = "Share of fresh points that the outlier has moved to the other side"
        return Panel(caption, "step", "share", Curve(_moved), legend=True, yaxis_rangemode="tozero")

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        moved = 100 * history["moved"][-1]
        said = ", ".join(f"{share:.2g} % ({method})" for share, method in zip(moved, self.models, strict=True))
        return Outcome(
            int(moved[1] > 2.0),
            f"The outlier moved these shares of the fresh points to the other side: {said}. A bounded slope is not "
            "enough: one point far out pulls with a bounded force, but with a long lever. A loss that levels off, or "
            "features that do, as in the small net, let it go.",  # holds: l1_outlier_question
        )


ALL: tuple[Question, ...] = (
    TwoMomenta(),
    AlternatingGain(),
    SteepOrSteady(),
    StuckAtSaddle(),
    NewtonFindsMinima(),
    *upkeep_question.ALL,
    ConditionNumberCosts(),
    BoundedSlope(),
    *valley_questions.ALL,
)
