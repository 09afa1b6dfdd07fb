"""A prediction of lesson 1: what a step of Newton's method would need in a net."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.optimizers.upkeep import Upkeep, UpkeepSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import theory
from widgets.quiz.answer_kinds import Choice
from widgets.quiz.question import Misreading, Outcome, Question
from widgets.view.lines import Curve, Points
from widgets.view.panels import Panel

MILLION = 1e6


def power(weights: np.ndarray, numbers: np.ndarray) -> float:
    """Return with which power of the weights the numbers grew at the last step; both of shape (T,)."""
    return float(np.log2(numbers[-1] / numbers[-2]) / np.log2(weights[-1] / weights[-2]))


def at_a_million(history: History, lane: int) -> float:
    """Return how many numbers it would be for a million weights, by the last two counts."""
    weights, numbers = history["weights"][:, lane], history["numbers"][:, lane]
    return float(numbers[-1] * (MILLION / weights[-1]) ** power(weights, numbers))


def _counted(frame: Frame[UpkeepSettings], lane: int) -> Points:
    return frame.history["weights"][:, lane], frame.history["numbers"][:, lane]


def _onward(frame: Frame[UpkeepSettings], lane: int) -> Points | None:
    if len(frame.history) < 2:
        return None
    last = frame.history["weights"][-1, lane], frame.history["numbers"][-1, lane]
    return [last[0], MILLION], [last[1], at_a_million(frame.history, lane)]


class NewtonNeeds(Question[UpkeepSettings]):
    name = "newton_needs"
    prompt = (
        "A net has a million weights. Gradient descent holds a million numbers for each step, the gradient. How many "
        "does Newton's method hold?"
    )
    answer = Choice(("some three million, as Adam", "some thirteen million, as L-BFGS", "a trillion"))
    experiment = Upkeep()
    optimizers: ClassVar = ("gradient descent", "Adam", "L-BFGS", "Newton")
    axes: ClassVar[dict[str, Any]] = {
        f"{axis}axis_{name}": value
        for axis in "xy"
        for name, value in {"type": "log", "exponentformat": "power", "dtick": 1 if axis == "x" else 3}.items()
    }
    panel: ClassVar[Panel[UpkeepSettings]] = Panel(
        "Numbers held for one step: counted, and extrapolated",
        "weights",
        "numbers",
        Curve(_counted, mode="lines+markers"),
        Curve(_onward, "{lane}, extrapolated", make=theory, showlegend=False),
        legend=True,
        **axes,
    )

    def lanes(self) -> Lanes[UpkeepSettings]:
        return Lanes([UpkeepSettings.checked({"optimizer": each}) for each in self.optimizers], self.optimizers)

    def outcome(self, history: History, lanes: Lanes[UpkeepSettings]) -> Outcome:
        plain, adam, lbfgs, newton = (int(each) for each in history["numbers"][-1])
        foreseen = [at_a_million(history, lane) for lane in range(1, 4)]
        options = np.log([foreseen[0], foreseen[1], MILLION**2])
        return Outcome(
            int(np.argmin(np.abs(options - np.log(foreseen[2])))),
            f"With {plain:,} weights Newton's method holds {newton:,} numbers, Adam {adam:,} and L-BFGS {lbfgs:,}. "
            "The two others grow in proportion to the weights, the Hessian as their square: to a trillion for a "
            "million. And solving with it takes as many operations as their cube, a million times a trillion.",
            # holds: l1_newton_needs
            (
                Misreading(0, "Adam keeps two numbers for each weight; a Hessian has one for each pair of weights."),
                Misreading(1, "L-BFGS does without the Hessian: it keeps five steps and five changes of the gradient."),
            ),
        )


ALL: tuple[Question, ...] = (NewtonNeeds(),)
