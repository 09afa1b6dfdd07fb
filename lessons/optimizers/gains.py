"""What momentum makes of a gradient that stays and of one that turns round."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import torch

from lessons.core import declared
from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.core.settings import Settings, setting
from lessons.core.update_rules import Hyperparameters, LaneOptimizer
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


class Gain(Experiment):
    """Feed an optimizer gradients of size 1, at learning rate 1, and see how far it goes.

    Measures, in float64 and of shape (K,): `gradient`, the next one; `theta`, where the updates have led; `gain`, the
    last update's length over that of a gradient step; and `loss`, the sum of gradient times update: what the loss has
    changed to first order.
    """

    name = "gain"
    title = "The gain of momentum"
    settings_type = GainSettings
    references = ('Goh 2017, "Why Momentum Really Works", Distill', "Sutskever et al. 2013, ICML")

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        turning = torch.tensor([pattern == "alternating" for pattern in lanes.values("gradient")], device=device)
        optimizer, one = LaneOptimizer(lanes.values("optimizer")), torch.ones(len(lanes), 1, dtype=torch.float64)
        theta = loss = gain = torch.zeros(len(lanes), dtype=torch.float64, device=device)
        for step in range(lanes.shared.steps + 1):
            gradient = torch.where(turning & (step % 2 == 1), -1.0, 1.0).double()
            yield Measurement(step, {"loss": loss, "theta": theta, "gradient": gradient, "gain": gain})
            h = Hyperparameters(one.to(device), lanes.momentum.to(device)[:, None])
            update = optimizer.update(gradient[:, None], h)[:, 0]
            theta, loss, gain = theta + update, loss + gradient * update, update.abs()
