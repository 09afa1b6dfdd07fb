"""Predictions of lesson 1 about valleys: how long momentum may remember, and who notices axes and units."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.optimizers.memory import Memory, MemorySettings
from lessons.optimizers.settings import ValleySettings
from lessons.optimizers.valley import Valley
from widgets.figure.frame import Frame
from widgets.quiz.answer_kinds import Choice
from widgets.quiz.question import Misreading, Outcome, Question, sampled
from widgets.view.lines import Curve, Points
from widgets.view.panels import Panel


class MomentumCosts(Question[MemorySettings]):
    name = "momentum_costs"
    prompt = (
        "A short valley, κ = 10. Gradient descent at its best η takes 69 iterations to a millionth of the error. Heavy "
        "ball with β = 0.9, at the best η for it, takes …"
    )
    answer = Choice(("some 25", "some 70", "some 250"))
    experiment = Memory()
    methods = ("momentum",)
    momenta: ClassVar = {"gradient descent": 0.0, "heavy ball, β = 0.9": 0.9}

    def lanes(self) -> Lanes[MemorySettings]:
        lanes = [
            MemorySettings(condition_number=10.0, momentum=momentum, steps=320) for momentum in self.momenta.values()
        ]
        return Lanes(lanes, [*self.momenta])

    @property
    def panel(self) -> Panel[MemorySettings]:
        error: Curve = Curve(lambda frame, lane: sampled(frame.history["error"][:, lane]))
        axes: dict[str, Any] = {"yaxis_type": "log", "yaxis_range": [-8, 0.5], "yaxis_exponentformat": "power"}
        return Panel("Error as a share of the first", "step", "error", error, legend=True, **axes)

    def outcome(self, history: History, lanes: Lanes[MemorySettings]) -> Outcome:
        plain, heavy = history["iterations"][-1]
        return Outcome(
            int(np.argmin(np.abs(np.log(np.array([25, 70, 250]) / heavy)))),
            f"It took {heavy:.0f}, gradient descent {plain:.0f}. With β = 0.9 the ball remembers ten steps, and this "
            "valley needs hardly more than one: the ball swings, and friction slows it only by the factor √β a step.",
            # holds: l1_q_momentum
            (
                Misreading(0, "So it would be with the β that suits this valley, 0.27."),  # given
                Misreading(1, "The η is the best one for this β, and still the ball swings past the minimum."),
            ),
        )


class HundredfoldLoss(Question[ValleySettings]):
    name = "hundredfold_loss"
    prompt = (
        "The loss is multiplied by 100, as if it were summed over 100 examples. Gradient descent, Adam "
        "and Newton's method keep their learning rates. Who takes the same path as before?"
    )
    answer = Choice(("all three", "Adam and Newton's method", "Newton's method alone", "none of them"))
    experiment = Valley()
    rates: ClassVar = {"gradient descent": 0.1, "Adam": 0.1, "Newton": 0.1}

    def lanes(self) -> Lanes[ValleySettings]:
        settings = [
            ValleySettings(optimizer=name, learning_rate=rate, loss_scale=scale, angle=30.0, steps=60)
            for name, rate in self.rates.items()
            for scale in (1.0, 100.0)
        ]
        return Lanes(settings, [f"{each.optimizer}{', × 100' * (each.loss_scale > 1)}" for each in settings])

    @property
    def panel(self) -> Panel[ValleySettings]:
        axes: dict[str, Any] = {"yaxis_type": "log", "yaxis_range": [-6, 4], "yaxis_exponentformat": "power"}
        return Panel("Loss as a share of the first", "step", "share", Curve(_share), legend=True, **axes)

    def outcome(self, history: History, lanes: Lanes[ValleySettings]) -> Outcome:
        own = history["own"]
        with np.errstate(invalid="ignore", over="ignore"):
            same = [bool(np.abs(own[:, k] - own[:, k + 1]).max() < 1e-3) for k in (0, 2, 4)]
            grown = float(history["share"][2, 1])
        return Outcome(
            0 if all(same) else 1 if all(same[1:]) else 2 if same[2] else 3,
            f"Gradient descent's loss was {grown:.2g} times the first after two steps: for it a hundredfold loss is a "
            "hundredfold η. Adam divides the gradient by its own size and Newton's method by the curvature, and both "
            "carry the factor.",  # holds: l1_q_hundredfold
            (
                Misreading(
                    0, "A gradient is 100 times as large, too, and gradient descent multiplies it by η."
                ),  # given
                Misreading(
                    2, "The root of the mean square gradient carries the factor as well, and Adam divides by it."
                ),
            ),
        )


def _share(frame: Frame[ValleySettings], lane: int) -> Points:
    share = frame.history["share"][:, lane]
    return sampled(np.where(np.isfinite(share) & (share < 1e6), share, np.nan))


ALL: tuple[Question, ...] = (MomentumCosts(), HundredfoldLoss())
