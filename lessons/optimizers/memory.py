"""Iterations against how long momentum remembers, each momentum at the learning rate that suits it."""

from __future__ import annotations

from collections.abc import Sequence

from lessons.core import declared
from lessons.core.lanes import Lanes
from lessons.core.rules import Hyperparameters
from lessons.core.settings import Settings
from lessons.core.training import TrainingExperiment
from lessons.optimizers.condition import TunedDescent
from lessons.optimizers.theory import best_rate_for


class MemorySettings(Settings):
    """Settings of `Memory`."""

    momentum: float = declared.momentum(doc="Heavy ball's; its memory is 1/(1−β).", hot=False)
    condition_number: float = declared.condition_number(
        default=100.0, doc="Largest over smallest curvature.", low=1.01, slider=(2.0, 1000.0)
    )
    steps: int = declared.steps(high=100000, slider=(100, 10000))


class MemoryTraining(TunedDescent[MemorySettings]):
    """Heavy ball."""

    def tuning(self, lanes: Lanes[MemorySettings], device: str) -> Hyperparameters:
        rate = best_rate_for(lanes.momentum, lanes.condition_number)
        return Hyperparameters(rate[:, None].to(device), lanes.momentum[:, None].to(device))

    def rules(self) -> Sequence[str]:
        return ("heavy ball",) * len(self.lanes)


class Memory(TrainingExperiment[MemorySettings]):
    """Minimise (x^2 + y^2 / kappa) / 2 from (1, 1) by heavy ball, at the learning rate that suits beta and kappa best.

    Measures what `Condition` does: `loss`, `error` and `iterations`, float64, shape (K,).
    """

    name = "memory"
    title = "How long momentum remembers"
    settings_type = MemorySettings
    references = (
        "Polyak 1964, USSR Computational Mathematics 4(5)",
        'Goh 2017, "Why Momentum Really Works", Distill',
    )

    training = MemoryTraining
