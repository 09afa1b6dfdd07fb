"""Quickprop."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor

from lessons.core.rules.rule import Hyperparameters, Place, Rule, TorchText

_DEFINITION = '''\
class Quickprop(torch.optim.Optimizer):
    """A parabola through the last two slopes of each coordinate; steps grow by 1.75 at most (Fahlman 1988)."""

    def __init__(self, parameters, lr):
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        for p in group["params"]:
            state, slope = self.state[p], p.grad.clone()
            earlier, last = state.get("slope", slope), state.get("step", torch.zeros_like(p))
            factor = (slope / (earlier - slope)).clamp(max=1.75)
            factor[(slope * earlier > 0) & (slope.abs() >= earlier.abs())] = 1.75
            state["slope"], state["step"] = slope, torch.where(last == 0, -group["lr"] * slope, factor * last)
            p += state["step"]'''


class Quickprop(Rule):
    """Fits each coordinate's two last slopes with a parabola and jumps to its minimum; see `update`.

    Fahlman also adds a gradient step where both slopes point the same way; here one is taken only where the last step
    was zero, so that on a parabola the jump is exact.
    """

    name = "Quickprop"
    equation = r"\Delta_t = \frac{g_t}{g_{t-1} - g_t}\, \Delta_{t-1},\quad |\Delta_t| \le 1.75\, |\Delta_{t-1}|"
    reference = "Fahlman 1988, CMU-CS-88-162, section 3.3"
    torch_text = TorchText("Quickprop({parameters}, lr=LEARNING_RATE)", _DEFINITION)
    growth_limit: ClassVar[float] = 1.75

    def __init__(self) -> None:
        self.slope: Tensor | None = None
        self.step: Tensor | None = None

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        """Jump; at the start, and where the last step was zero, take a gradient step.

        Where the slope has not fallen the parabola has no minimum ahead: the step is as long as the limit lets it be.
        """
        start = -h.learning_rate * gradient
        if self.slope is None or self.step is None:
            self.slope, self.step = gradient, start
            return start
        factor = (gradient / (self.slope - gradient)).clamp(max=self.growth_limit)
        no_minimum = (gradient * self.slope > 0) & (gradient.abs() >= self.slope.abs())
        factor = factor.masked_fill(no_minimum, self.growth_limit)
        self.slope, self.step = gradient, torch.where(self.step == 0, start, factor * self.step)
        return self.step
