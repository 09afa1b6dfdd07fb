"""Iterations against the condition number, each method at its best tuning."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.lanes import Lanes
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.settings import Settings, SettingsT_co, setting
from lessons.core.training import State, Training, TrainingExperiment
from lessons.optimizers.theory import TuningMethod, best_tuning

TOLERANCE = 1e-6


class ConditionSettings(Settings):
    """Settings of `Condition`."""

    method: TuningMethod = setting("gradient descent", label="method", doc="Tuned for each condition number.")
    condition_number: float = declared.condition_number(
        default=100.0, doc="Largest over smallest curvature.", low=1.01, slider=(2.0, 1000.0)
    )
    steps: int = declared.steps(high=100000, slider=(100, 10000))


@dataclass
class ConditionState(State):
    """State of the descents.

    Attributes:
        theta: Shape (K, 2).
        optimizer: With what it remembers.
        above: Lanes whose error has not been small enough yet, shape (K,).
        iterations: Until which step, shape (K,).
    """

    theta: Tensor
    optimizer: LaneOptimizer
    above: Tensor
    iterations: Tensor


class TunedDescent(Training[ConditionState, SettingsT_co]):
    """Each lane in a valley of its own condition number, at hyperparameters that follow from its settings."""

    def __init__(self, lanes: Lanes[SettingsT_co], device: str = "cpu"):
        super().__init__(lanes, device)
        largest = torch.ones_like(lanes.condition_number)
        self.curvature = torch.stack([largest, 1 / lanes.condition_number], 1).to(device)
        self.tuned = self.tuning(lanes, device)

    @abstractmethod
    def tuning(self, lanes: Lanes[SettingsT_co], device: str) -> Hyperparameters:
        """Return the lanes' hyperparameters."""

    @abstractmethod
    def rules(self) -> Sequence[str]:
        """Return the names of the lanes' rules."""

    def start(self) -> ConditionState:
        above, iterations = torch.ones(len(self.lanes), dtype=torch.bool), torch.zeros(len(self.lanes)).double()
        return ConditionState(torch.ones_like(self.curvature), LaneOptimizer(self.rules()), above, iterations)

    def measure(self, now: ConditionState) -> dict[str, Tensor]:
        error = now.theta.norm(dim=1) / 2**0.5
        now.iterations = torch.where(now.above, float(now.step), now.iterations)
        now.above = now.above & ~(error.cpu() <= TOLERANCE)
        loss = (self.curvature * now.theta**2).sum(1) / 2
        return {"loss": loss, "error": error, "iterations": now.iterations}

    def advance(self, now: ConditionState) -> None:
        now.theta = now.theta + now.optimizer.update(self.curvature * now.theta, self.tuned)


class ConditionTraining(TunedDescent[ConditionSettings]):
    """Gradient descent and heavy ball, each at its best."""

    def tuning(self, lanes: Lanes[ConditionSettings], device: str) -> Hyperparameters:
        return tuned(lanes, device)

    def rules(self) -> Sequence[str]:
        return self.lanes.values("method")


class Condition(TrainingExperiment[ConditionSettings]):
    """Minimise (x^2 + y^2 / kappa) / 2 from (1, 1), at the learning rate and momentum that suit kappa best.

    Measures, in float64 and of shape (K,): `loss`; `error`, the distance from the minimum as a share of the start's;
    and `iterations`, the step at which the error first was at most 1e-6; before that, the present step.
    """

    name = "condition"
    title = "Iterations against the condition number"
    settings_type = ConditionSettings
    references = (
        "Polyak 1964, USSR Computational Mathematics 4(5)",
        'Goh 2017, "Why Momentum Really Works", Distill',
    )

    training = ConditionTraining


def tuned(lanes: Lanes, device: str = "cpu") -> Hyperparameters:
    """Return each lane's best learning rate and momentum, shapes (K, 1)."""
    pairs = zip(lanes.values("method"), lanes.condition_number, strict=True)
    tunings = [best_tuning(method, condition_number) for method, condition_number in pairs]
    rates, momenta = ([getattr(t, name) for t in tunings] for name in ("learning_rate", "momentum"))
    return Hyperparameters(torch.stack(rates)[:, None].to(device), torch.stack(momenta)[:, None].to(device))
