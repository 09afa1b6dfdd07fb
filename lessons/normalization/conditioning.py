"""Inputs prepared in several ways, which set the condition number, and that the number of steps."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.training import State, Training, TrainingExperiment
from lessons.normalization.conditioning_settings import ConditioningSettings
from lessons.normalization.preparation import RANK, examples, prepared

TOLERANCE = 1e-6  # share of the loss above the minimum that is left when a lane has arrived


@dataclass
class ConditioningState(State):
    """State of the descents.

    Attributes:
        weights: W, shape (K, P, C).
        above: Lanes that have not arrived yet, shape (K,).
        iterations: Until which step, shape (K,).
        error: Distance of W from the minimum, shape (K, P, C), once measured.
    """

    weights: Tensor
    above: Tensor
    iterations: Tensor
    error: Tensor = field(init=False)


class ConditioningTraining(Training[ConditioningState, ConditioningSettings]):
    """Each lane runs down the quadratic that its inputs make."""

    def __init__(self, lanes: Lanes[ConditioningSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        bowls = [Quadratic.of(settings) for settings in lanes.settings]
        names = ("hessian", "minimum", "floor", "ends", "directions")
        stacked = (torch.stack([getattr(bowl, name) for bowl in bowls]).to(device) for name in names)
        self.hessian, self.minimum, self.floor, self.ends, self.directions = stacked
        self.start_height = _height(self.hessian, -self.minimum)

    def start(self) -> ConditioningState:
        above, iterations = torch.ones(len(self.lanes), dtype=torch.bool), torch.zeros(len(self.lanes)).double()
        return ConditioningState(torch.zeros_like(self.minimum), above, iterations)

    def measure(self, now: ConditioningState) -> dict[str, Tensor]:
        now.error = now.weights - self.minimum
        height = _height(self.hessian, now.error)
        now.iterations = torch.where(now.above, float(now.step), now.iterations)
        now.above = now.above & ~(height.cpu() <= TOLERANCE * self.start_height.cpu())
        return {
            "loss": self.floor + height,
            "excess": height / self.start_height,
            "iterations": now.iterations,
            "learning_rate": self.learning_rate(),
            "weights": now.weights[:, :2, 0],
            "along": torch.einsum("kep,kpc->kec", self.directions, now.error).norm(dim=2),
            "condition_number": self.ends[:, 0] / self.ends[:, 1],
            "sharpness": self.ends[:, 0],
        }

    def advance(self, now: ConditioningState) -> None:
        now.weights = now.weights - self.learning_rate()[:, None, None] * (self.hessian @ now.error)

    def learning_rate(self) -> Tensor:
        """Return eta, shape (K,); at a relative rate of 1 the best, 2 / (lambda_max + lambda_min)."""
        return self.lanes.relative_rate.to(self.device) * 2 / self.ends.sum(1)


class Conditioning(TrainingExperiment[ConditioningSettings]):
    """Fit a linear model with bias by gradient descent at its best learning rate; lanes differ in their inputs.

    Minimise f(W) = |X W - Y|^2 / (2 N) from W = 0, where X has a column of ones beside the inputs. Its Hessian is
    X^T X / N for each of the C outputs; kappa is the ratio of its largest to its smallest eigenvalue, those left out
    in which X has no variance. Measures, in float64: `loss` (K,); `excess` (K,), the loss above the minimum as a share
    of that at the start; `iterations` (K,), the step at which the excess first was at most 1e-6, before that the
    present step; `condition_number` and `sharpness` (K,), kappa and lambda_max, which stay; `learning_rate` (K,);
    `weights` (K, 2), of the first output for the first two inputs; and `along` (K, 2), the distance from the minimum
    along the steepest and along the flattest direction, over all outputs.
    """

    name = "conditioning"
    title = "Inputs and the condition number"
    settings_type = ConditioningSettings
    references = (
        'LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", sections 4.3 and 5',
        "Ye et al. 2020, arXiv 1905.11926 (network deconvolution)",
    )
    training = ConditioningTraining


@dataclass(frozen=True)
class Quadratic:
    """The loss of one lane: floor + tr (W - minimum)^T H (W - minimum) / 2, float64.

    Attributes:
        hessian: H, shape (P, P), P = D + 1, the bias last.
        minimum: The solution of least norm, shape (P, C).
        floor: Loss there, of no dimension.
        ends: Largest and smallest eigenvalue that is not 0, shape (2,).
        directions: Their eigenvectors, shape (2, P).
    """

    hessian: Tensor
    minimum: Tensor
    floor: Tensor
    ends: Tensor
    directions: Tensor

    @classmethod
    def of(cls, settings: ConditioningSettings) -> Quadratic:
        """Compute it from a lane's settings."""
        x, target = examples(settings)
        x = prepared(x, settings.inputs, settings.epsilon, settings.iterations)
        x = torch.cat([x, torch.ones_like(x[:, :1])], 1)
        hessian = x.T @ x / len(x)
        values, vectors = torch.linalg.eigh(hessian)
        kept = values > RANK * values[-1]
        inverse = torch.where(kept, 1 / values, torch.zeros_like(values))
        minimum = (vectors * inverse) @ vectors.T @ (x.T @ target) / len(x)
        floor = (x @ minimum - target).square().sum() / (2 * len(x))
        lowest = int(kept.nonzero()[0, 0])
        ends, directions = values[[-1, lowest]], vectors[:, [-1, lowest]].T
        return cls(hessian, minimum, floor, ends, directions)

    @property
    def condition_number(self) -> float:
        return float(self.ends[0] / self.ends[1])

    def predicted_excess(self, relative_rate: float | Tensor, steps: int) -> Tensor:
        """Return the excess after 0, 1, ... `steps` updates by the closed form, shape (steps + 1,).

        With H = sum of lambda_i q_i q_i^T each error q_i^T (W - minimum) is multiplied by 1 - eta lambda_i a step.

        Args:
            relative_rate: One for all updates, or one for each, shape (steps,).
            steps: How many updates.
        """
        values, vectors = torch.linalg.eigh(self.hessian)
        amplitude = (vectors.T @ self.minimum).square().sum(1) * values
        rates = torch.as_tensor(relative_rate, dtype=torch.float64).expand(steps)[:, None]
        factors = (1 - rates * 2 / self.ends.sum() * values).square()
        powers = torch.cat([torch.ones_like(values)[None], factors.cumprod(0)])
        return (powers * amplitude).sum(1) / amplitude.sum()


def standardised_condition_number(correlation: float) -> float:
    """Return kappa of two standardised inputs and a bias, (1 + |rho|) / (1 - |rho|): the ends are 1 +- |rho|."""
    return (1 + abs(correlation)) / (1 - abs(correlation))


def raw_condition_number(correlation: float, scale: float, offset: float = 0.0) -> float:
    """Return kappa of two inputs with deviations 1 and s, both with mean m in units of these, and a bias.

    Without offset the eigenvalues are 1 for the bias and those of [[1, rho s], [rho s, s^2]].
    """
    if offset:
        spread = torch.tensor([1.0, scale, 1.0], dtype=torch.float64)
        mean = torch.tensor([offset, offset, 1.0], dtype=torch.float64)
        unit = torch.eye(3, dtype=torch.float64)
        unit[0, 1] = unit[1, 0] = correlation
        unit[2, 2] = 0.0
        values = torch.linalg.eigvalsh((unit + torch.outer(mean, mean)) * torch.outer(spread, spread))
        return float(values[-1] / values[0])
    half, product = (1 + scale**2) / 2, scale**2 * (1 - correlation**2)
    root = math.sqrt(half**2 - product)
    high = half + root
    return max(high, 1.0) / min(product / high, 1.0)


def predicted_iterations(condition_number: float, tolerance: float = TOLERANCE) -> float:
    """Return how many steps at the best learning rate suffice to bring the excess below `tolerance`.

    Each step multiplies the distance by at most (kappa - 1) / (kappa + 1), the excess by its square.
    """
    if condition_number <= 1:
        return 1.0
    return math.log(tolerance) / (2 * math.log((condition_number - 1) / (condition_number + 1)))


def _height(hessian: Tensor, error: Tensor) -> Tensor:
    """Loss above the minimum, shape (K,)."""
    return (error * (hessian @ error)).sum((1, 2)) / 2
