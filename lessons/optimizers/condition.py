"""Iterations against the condition number, each method at its best tuning."""

from __future__ import annotations

from collections.abc import Iterator

import torch

from lessons.core import declared
from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.core.settings import Settings, setting
from lessons.core.update_rules import Hyperparameters, LaneOptimizer
from lessons.optimizers.theory import TuningMethod, best_tuning

TOLERANCE = 1e-6


class ConditionSettings(Settings):
    """Settings of `Condition`."""

    method: TuningMethod = setting("gradient descent", label="method", doc="Tuned for each condition number.")
    condition_number: float = declared.condition_number(
        default=100.0, doc="Largest over smallest curvature.", low=1.01, slider=(2.0, 1000.0)
    )
    steps: int = declared.steps(high=100000, slider=(100, 10000))


class Condition(Experiment):
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

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        curvature = torch.stack([torch.ones_like(lanes.condition_number), 1 / lanes.condition_number], 1).to(device)
        theta, optimizer, h = torch.ones_like(curvature), LaneOptimizer(lanes.values("method")), tuned(lanes, device)
        above, iterations = torch.ones(len(lanes), dtype=torch.bool), torch.zeros(len(lanes), dtype=torch.float64)
        for step in range(lanes.shared.steps + 1):
            error = theta.norm(dim=1) / 2**0.5
            iterations = torch.where(above, float(step), iterations)
            above = above & ~(error.cpu() <= TOLERANCE)
            loss = (curvature * theta**2).sum(1) / 2
            yield Measurement(step, {"loss": loss, "error": error, "iterations": iterations})
            theta = theta + optimizer.update(curvature * theta, h)


def tuned(lanes: Lanes, device: str = "cpu") -> Hyperparameters:
    """Return each lane's best learning rate and momentum, shapes (K, 1)."""
    pairs = zip(lanes.values("method"), lanes.condition_number, strict=True)
    tunings = [best_tuning(method, condition_number) for method, condition_number in pairs]
    rates, momenta = ([getattr(t, name) for t in tunings] for name in ("learning_rate", "momentum"))
    return Hyperparameters(torch.stack(rates)[:, None].to(device), torch.stack(momenta)[:, None].to(device))
