"""Gradient methods on a rotated quadratic bowl in D dimensions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.training import State, Training, TrainingExperiment
from lessons.divergence.scripts import bowl_script
from lessons.divergence.settings import BowlSettings


@dataclass
class BowlState(State):
    """State of the descents.

    Attributes:
        theta: Shape (K, D).
        optimizer: With what it remembers.
        amplitude: Coordinates of theta along the eigen-directions, shape (K, D), once measured.
    """

    theta: Tensor
    optimizer: LaneOptimizer
    amplitude: Tensor = field(init=False)


class BowlTraining(Training[BowlState, BowlSettings]):
    """A gradient method whose gradient is H theta, taken along the eigen-directions."""

    def __init__(self, lanes: Lanes[BowlSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.eigenvalues, self.directions = eigenvalues(lanes).to(device), rotation(lanes).to(device)

    def start(self) -> BowlState:
        return BowlState(starts(self.lanes).to(self.device), LaneOptimizer.of(self.lanes))

    def measure(self, now: BowlState) -> dict[str, Tensor]:
        now.amplitude = torch.einsum("kde,kd->ke", self.directions, now.theta)
        loss = (self.eigenvalues * now.amplitude**2).sum(1) / 2
        return {"loss": loss, "theta": now.theta, "amplitude": now.amplitude}

    def advance(self, now: BowlState) -> None:
        gradient = torch.einsum("kde,ke->kd", self.directions, self.eigenvalues * now.amplitude)
        now.theta = now.theta + now.optimizer.update(gradient, Hyperparameters.of(self.lanes, now.theta))

    def failures(self, now: BowlState) -> Mapping[int, str]:
        return now.optimizer.failures


class Bowl(TrainingExperiment[BowlSettings]):
    """Minimise f(theta) = (1/2) theta^T H theta with H = Q diag(lambda) Q^T.

    Measures, in float64: `loss` (K,), `theta` (K, D), and `amplitude` Q^T theta (K, D), the coordinates along the
    eigen-directions, the sharpest first. Each amplitude evolves by itself: that is the whole theory.
    """

    name = "bowl"
    title = "Gradient methods on a rotated bowl"
    settings_type = BowlSettings
    references = (
        'LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 5',
        "Polyak 1964, USSR Computational Mathematics 4(5)",
        'Goh 2017, "Why Momentum Really Works", Distill',
    )
    training = BowlTraining

    def script(self, settings: BowlSettings, changes: Sequence[Change] = ()) -> str:
        return bowl_script(settings, changes)


def eigenvalues(lanes: Lanes[BowlSettings]) -> Tensor:
    """Return the Hessian's eigenvalues, shape (K, D): from lambda_max down to lambda_max / kappa."""
    fractions = torch.linspace(0, 1, lanes.shared.dimension, dtype=torch.float64)
    return lanes.sharpness[:, None] * lanes.condition_number[:, None] ** -fractions


def rotation(lanes: Lanes[BowlSettings]) -> Tensor:
    """Return Q, shape (K, D, D), its columns the eigen-directions.

    Q turns each neighbouring pair of axes by the angle in turn (a product of Givens rotations); for D = 2 it is the
    plane rotation by the angle.
    """
    size = lanes.shared.dimension
    cos, sin = torch.cos(torch.deg2rad(lanes.angle)), torch.sin(torch.deg2rad(lanes.angle))
    turned = torch.eye(size, dtype=torch.float64).repeat(len(lanes), 1, 1)
    for i in range(size - 1):
        first, second = turned[:, :, i].clone(), turned[:, :, i + 1].clone()
        turned[:, :, i] = cos[:, None] * first + sin[:, None] * second
        turned[:, :, i + 1] = -sin[:, None] * first + cos[:, None] * second
    return turned


def starts(lanes: Lanes[BowlSettings]) -> Tensor:
    """Return the starting points, shape (K, D)."""
    theta = torch.ones(len(lanes), lanes.shared.dimension, dtype=torch.float64)
    theta[:, 0], theta[:, 1] = lanes.start_x, lanes.start_y
    return theta
