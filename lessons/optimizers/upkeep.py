"""How many numbers an optimizer needs for one step, counted, against the number of weights."""

from __future__ import annotations

from typing import Any, Literal

import torch
from torch import Tensor

from lessons.core.experiment import Experiment, Measurement, Measurements
from lessons.core.lanes import Lanes
from lessons.core.rules import RULES, Hyperparameters
from lessons.core.rules.rule import Place
from lessons.core.settings import Settings, setting

UPDATES = 8  # L-BFGS remembers the last five steps
FIRST = 16


class UpkeepSettings(Settings):
    """Settings of `Upkeep`."""

    optimizer: Literal["gradient descent", "Adam", "L-BFGS", "Newton"] = setting(
        "gradient descent", label="optimizer", doc="Whose numbers are counted."
    )
    steps: int = setting(
        20, label="steps", doc="From 16 on the number of weights doubles in four steps.", low=1, high=24, shared=True
    )


class Upkeep(Experiment[UpkeepSettings]):
    """Counts what a rule holds for one update of P weights, P = 16 * 2^(t/4) at step t: gradient, memory, Hessian.

    The loss is a parabola in P dimensions; what is counted does not depend on it. Measures, in float64, of shape (K,):
    `weights`, P; `numbers`, all that are held; and `loss`, how many of them there are for each weight.
    """

    name = "upkeep"
    title = "What an optimizer holds"
    settings_type = UpkeepSettings
    references = ("Nocedal & Wright 2006, Numerical Optimization, 2nd ed., sections 3.4 and 7.2",)

    def run(self, lanes: Lanes[UpkeepSettings], device: str = "cpu") -> Measurements:
        for step in range(lanes.shared.steps + 1):
            weights = round(FIRST * 2 ** (step / 4))
            counted = [numbers_held(name, weights, device) for name in lanes.values("optimizer")]
            numbers = torch.tensor(counted, dtype=torch.float64)
            count = torch.full_like(numbers, float(weights))
            yield Measurement(step, {"weights": count, "numbers": numbers, "loss": numbers / count})


def numbers_held(name: str, weights: int, device: str = "cpu") -> int:
    """Count the numbers that a rule holds once it has made some updates: its state, the gradient, and the Hessian."""
    rule, objective = RULES[name](), _Parabola(weights, device)
    theta = torch.ones(1, weights, dtype=torch.float64, device=device)
    h = Hyperparameters(torch.full((1, 1), 0.1).to(theta), torch.full((1, 1), 0.9).to(theta))
    for _ in range(UPDATES):
        loss, gradient = objective.loss_and_gradient(theta)
        theta = theta + rule.update(gradient, h, Place(theta, loss, objective))
    return weights + _held(vars(rule)) + objective.handed_out


class _Parabola:
    """sum_i lambda_i theta_i^2 / 2; counts the numbers of a Hessian that is asked for."""

    def __init__(self, weights: int, device: str):
        self._curvature = torch.linspace(0.1, 1, weights, dtype=torch.float64, device=device)
        self.handed_out = 0

    def loss_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        return (self._curvature * theta**2).sum(1) / 2, self._curvature * theta

    def hessian(self, theta: Tensor) -> Tensor:
        hessian = torch.diag(self._curvature).expand(len(theta), -1, -1)
        self.handed_out = hessian.numel()
        return hessian

    def rows(self, lanes: Tensor | slice) -> _Parabola:
        del lanes
        return self


def _held(state: Any) -> int:
    """Numbers in all tensors of a rule's state."""
    if isinstance(state, Tensor):
        return state.numel()
    if isinstance(state, dict):
        return sum(_held(value) for value in state.values())
    return sum(_held(value) for value in vars(state).values()) if hasattr(state, "__dict__") else 0
