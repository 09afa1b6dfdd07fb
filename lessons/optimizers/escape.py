"""The time that a descent stays at a saddle point, against the distance of its start from the stable manifold."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.settings import setting
from lessons.core.training import TrainingExperiment
from lessons.optimizers.race import Descent, DescentState
from lessons.optimizers.settings import DescentSettings
from lessons.optimizers.surfaces import Saddle, Surface

RADIUS = 0.1
START_X = -1.5


class EscapeSettings(DescentSettings):
    """Settings of `Escape`."""

    distance: float = setting(
        1e-3,
        label="distance from the stable manifold",
        symbol="ε",
        doc="Second coordinate of the start. From exactly 0 the gradient leads into the saddle and not out again.",
        low=0.0,
        high=1.0,
        slider=(1e-12, 0.1),
        scale="log",
    )
    steps: int = setting(
        400, label="steps", doc="Number of updates.", low=1, high=10000, slider=(10, 2000), shared=True
    )


@dataclass
class EscapeState(DescentState):
    """State of the descents; which of them, shape (K,), have stayed inside so far, and until which step."""

    inside: Tensor
    time: Tensor


class EscapeTraining(Descent[EscapeState, EscapeSettings]):
    """From beside the stable manifold of a saddle."""

    @staticmethod
    def surface_of(lanes: Lanes) -> Surface:
        return Saddle()

    def start(self) -> EscapeState:
        distance = self.lanes.distance
        theta = torch.stack([torch.full_like(distance, START_X), distance], 1)
        inside, time = torch.ones_like(distance, dtype=torch.bool), torch.zeros_like(distance)
        return EscapeState(theta, LaneOptimizer.of(self.lanes), torch.zeros_like(theta), inside, time)

    def measure(self, now: EscapeState) -> dict[str, Tensor]:
        values = super().measure(now)
        now.time = torch.where(now.inside, float(now.step), now.time)
        now.inside = now.inside & ~(now.theta[:, 1].abs() > RADIUS)
        return {**values, "escape_time": now.time}


class Escape(TrainingExperiment[EscapeSettings]):
    """Each lane starts at (-1.5, distance) on the saddle x^2 / 2 + (y^2 - 1)^2 / 4.

    Measures what `Race` measures, and `escape_time` (K,): the step at which |y| first exceeded `RADIUS`; before that,
    the present step.
    """

    name = "escape"
    title = "Escape from a saddle point"
    settings_type = EscapeSettings
    references = (
        "Lee, Simchowitz, Jordan & Recht 2016, arXiv 1602.04915",
        "Dauphin et al. 2014, arXiv 1406.2572",
    )
    training = EscapeTraining
