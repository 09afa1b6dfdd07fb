"""Stochastic gradient descent on a quadratic with noisy gradients, under any schedule."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import torch
from torch import Tensor

from lessons.core.generators import normal_per_seed
from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.training import State, Training, TrainingExperiment
from lessons.schedules.plateau import Plateau
from lessons.schedules.schedules import planned_shares
from lessons.schedules.scripts import noisy_quadratic_script
from lessons.schedules.settings import NoisyQuadraticSettings
from lessons.schedules.theory import SecondMoments


@dataclass
class NoisyState(State):
    """State of the runs.

    Attributes:
        theta: Shape (K, R, D).
        optimizer: With what it remembers.
        moments: The expected loss so far.
        plateau: What "divide when stuck" remembers.
        share: Of the learning rate, at this step, shape (K,), once measured.
    """

    theta: Tensor
    optimizer: LaneOptimizer
    moments: SecondMoments
    plateau: Plateau
    share: Tensor = field(init=False)


class NoisyTraining(Training[NoisyState, NoisyQuadraticSettings]):
    """R runs a lane, each with noise of its own, under one learning rate."""

    def __init__(self, lanes: Lanes[NoisyQuadraticSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.curvatures, self.planned = eigenvalues(lanes).to(device), planned_shares(lanes).to(device)

    def start(self) -> NoisyState:
        start, shape = self.lanes.start.to(self.device), self.lanes.shared
        theta = start[:, None, None].expand(-1, shape.replicas, shape.dimension)
        moments = SecondMoments.start(start, self.curvatures)
        return NoisyState(theta, LaneOptimizer.of(self.lanes), moments, Plateau.start(self.lanes))

    def measure(self, now: NoisyState) -> dict[str, Tensor]:
        loss = (self.curvatures[:, None] * now.theta**2).sum(2).mean(1) / 2
        now.share = self.planned[now.step] * now.plateau.share.to(self.device)
        return {
            "loss": loss,
            "expected_loss": now.moments.loss(),
            "smoothed_loss": now.plateau.see(loss, self.lanes).to(self.device),
            "learning_rate": self.lanes.learning_rate.to(self.device) * now.share,
            "position": now.theta[:, 0],
        }

    def advance(self, now: NoisyState) -> None:
        lanes, curvatures = self.lanes, self.curvatures
        h = Hyperparameters.of(lanes, curvatures)
        h = replace(h, learning_rate=h.learning_rate * now.share[:, None])
        sigma = noise_of_a_batch(lanes).to(curvatures)
        noise = sigma[:, None, None] * gradient_noise(lanes, now.step).to(curvatures)
        gradient = curvatures[:, None] * now.theta + noise
        now.theta = now.theta + now.optimizer.update(gradient.flatten(1), h).view_as(now.theta)
        now.moments.advance(h.learning_rate, _momentum(lanes).to(curvatures), sigma)
        now.plateau.divide(lanes)

    def snapshots(self, now: NoisyState) -> dict[str, Callable[[], Tensor]]:
        theta = now.theta
        return {"cloud": lambda: theta}


class NoisyQuadratic(TrainingExperiment[NoisyQuadraticSettings]):
    """Minimise f(theta) = (1/2) sum_i lambda_i theta_i^2 by gradients lambda_i theta_i + sigma/sqrt(B) xi_i.

    xi ~ N(0, 1) is what a batch of B samples leaves of the noise of one, of standard deviation sigma.
    Each lane is R runs ("replicas") under one learning rate that differ in their noise; lanes of one seed share it.

    Measures, in float64: `loss` (K,), the mean over replicas; `expected_loss` (K,), its expectation, exact for any
    learning rates, hot changes included (under "divide when stuck" for those that were used); `smoothed_loss` (K,),
    the running mean that "divide when stuck" watches; `learning_rate` (K,), eta at this step, before changes made at
    it; `position` (K, D) of the first replica. Snapshot: `cloud` (K, R, D), all of them.
    """

    name = "noisy quadratic"
    title = "Noisy gradients on a quadratic"
    settings_type = NoisyQuadraticSettings
    references = (
        "Robbins & Monro 1951, Annals of Mathematical Statistics 22(3)",
        "Schaul, Zhang & LeCun 2013, arXiv 1206.1106, section 3 (noisy quadratic)",
        "Goyal et al. 2017, arXiv 1706.02677, section 2.1 (batch and learning rate in proportion)",
        "Bottou, Curtis & Nocedal 2018, arXiv 1606.04838, theorem 4.6",
    )
    training = NoisyTraining

    def script(self, settings: NoisyQuadraticSettings, changes: Sequence[Change] = ()) -> str:
        return noisy_quadratic_script(settings, changes)


def eigenvalues(lanes: Lanes[NoisyQuadraticSettings]) -> Tensor:
    """Return the curvatures, float64, shape (K, D): from lambda_max down to lambda_max / kappa."""
    fractions = torch.linspace(0, 1, lanes.shared.dimension, dtype=torch.float64)
    return lanes.sharpness[:, None] * lanes.condition_number[:, None] ** -fractions


def noise_of_a_batch(lanes: Lanes[NoisyQuadraticSettings]) -> Tensor:
    """Return the standard deviation of the mean over a batch, sigma / sqrt(B), float64, shape (K,)."""
    return lanes.noise / lanes.batch_size.double().sqrt()


def gradient_noise(lanes: Lanes[NoisyQuadraticSettings], step: int) -> Tensor:
    """Draw standard normal noise for one step, float64, shape (K, R, D); lanes of one seed share it."""
    size = (lanes.shared.replicas, lanes.shared.dimension)
    return normal_per_seed(lanes.seed, f"noise {step}", *size, dtype=torch.float64)


def _momentum(lanes: Lanes) -> Tensor:
    """beta where the rule has momentum, 0 where not, shape (K,)."""
    plain = torch.tensor([rule == "gradient descent" for rule in lanes.values("optimizer")])
    return torch.where(plain, 0.0, lanes.momentum)
