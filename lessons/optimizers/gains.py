"""The gain of momentum under a gradient that stays and under one that turns round."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.lanes import Lanes
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.settings import Settings, setting
from lessons.core.training import State, Training, TrainingExperiment
from lessons.optimizers.theory import GradientPattern


class GainSettings(Settings):
    """Settings of `Gain`."""

    optimizer: Literal["gradient descent", "heavy ball", "moving average"] = declared.optimizer(
        default="heavy ball", doc="Momentum in PyTorch's form, as a moving average, or none."
    )
    gradient: GradientPattern = setting(
        "constant", label="gradient", doc="1 at each step, or 1 and -1 in turn, whatever the optimizer does."
    )
    momentum: float = declared.momentum(doc="Share of the velocity kept at each step.")
    steps: int = setting(60, label="steps", doc="Number of updates.", low=1, high=5000, slider=(10, 200), shared=True)


@dataclass
class GainState(State):
    """The place to which the updates have led.

    Attributes:
        optimizer: With what it remembers.
        theta: Shape (K,), as all that follows.
        loss: Sum of gradient times update.
        gain: Length of the last update.
        gradient: The next one, once measured.
    """

    optimizer: LaneOptimizer
    theta: Tensor
    loss: Tensor
    gain: Tensor
    gradient: Tensor = field(init=False)


class GainTraining(Training[GainState, GainSettings]):
    """The gradient is given: 1, or 1 and -1 in turn. The learning rate is 1."""

    def __init__(self, lanes: Lanes[GainSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.turns = torch.tensor([pattern == "alternating" for pattern in lanes.values("gradient")], device=device)

    def start(self) -> GainState:
        zero = torch.zeros(len(self.lanes), dtype=torch.float64, device=self.device)
        return GainState(LaneOptimizer.of(self.lanes), theta=zero, loss=zero, gain=zero)

    def measure(self, now: GainState) -> dict[str, Tensor]:
        now.gradient = torch.where(self.turns & (now.step % 2 == 1), -1.0, 1.0).double()
        return {"loss": now.loss, "theta": now.theta, "gradient": now.gradient, "gain": now.gain}

    def advance(self, now: GainState) -> None:
        one = torch.ones(len(self.lanes), 1, dtype=torch.float64, device=self.device)
        h = Hyperparameters(one, self.lanes.momentum.to(self.device)[:, None])
        update = now.optimizer.update(now.gradient[:, None], h)[:, 0]
        now.theta, now.loss, now.gain = now.theta + update, now.loss + now.gradient * update, update.abs()


class Gain(TrainingExperiment[GainSettings]):
    """Feed an optimizer gradients of size 1, at learning rate 1, and see how far it goes.

    Measures, in float64 and of shape (K,): `gradient`, the next one; `theta`, where the updates have led; `gain`, the
    last update's length over that of a gradient step; and `loss`, the sum of gradient times update: what the loss has
    changed to first order.
    """

    name = "gain"
    title = "The gain of momentum"
    settings_type = GainSettings
    references = ('Goh 2017, "Why Momentum Really Works", Distill', "Sutskever et al. 2013, ICML")
    training = GainTraining
