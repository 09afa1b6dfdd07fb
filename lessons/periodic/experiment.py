"""Training with batch normalization and weight decay: the loss falls, breaks down, and falls again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from lessons.core.curvature.sharpness_gauge import SharpnessGauge
from lessons.core.data.digits import Split, digits_split
from lessons.core.lanes import Lanes
from lessons.core.losses import accuracy, cross_entropy
from lessons.core.parts import Parts
from lessons.core.record import Change
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.rules.stability import limit_factors
from lessons.core.training import LongTraining, State, TrainingExperiment
from lessons.periodic.inputs import TrainingInputs
from lessons.periodic.network import ScaleInvariantNetwork
from lessons.periodic.norm_steps import norm_series, stepped
from lessons.periodic.phases import PhaseDetector
from lessons.periodic.scripts import periodic_script
from lessons.periodic.settings import PENALTY_FACTORS, PeriodicSettings
from lessons.periodic.sphere import sphere_hessian_product


@dataclass
class PeriodicState(State):
    """State of the trainings. All tensors have the lane first.

    Attributes:
        theta: Parameters, shape (K, P).
        direction: x / rho, shape (K, S).
        optimizer: With what it remembers.
        gauge: Of the sharpness along the sphere.
        detector: Phases as of this step.
        gradient: At theta, 0 where theta is frozen, shape (K, P), once measured.
    """

    theta: Tensor
    direction: Tensor
    optimizer: LaneOptimizer
    gauge: SharpnessGauge
    detector: PhaseDetector
    gradient: Tensor = field(init=False)


class PeriodicTraining(LongTraining[PeriodicState, PeriodicSettings]):
    """Gradient descent with weight decay, which pulls at all that is trained."""

    def __init__(self, lanes: Lanes[PeriodicSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.data, self.network = digits_split(lanes.shared.train_size).to(device), network_of(lanes.shared)
        self.images = TrainingInputs(lanes, self.data)
        self.trainable = self.network.trainable(lanes.trainable_affine, lanes.trainable_last_layer).to(device)
        factors = [PENALTY_FACTORS[name] for name in lanes.values("penalty")]
        self.penalty = torch.tensor(factors, dtype=torch.float64)

    def start(self) -> PeriodicState:
        lanes, network = self.lanes, self.network
        theta = network.initial(lanes.seed, lanes.initial_norm, lanes.last_layer_norm).to(self.device)
        weights = theta[:, network.weights]
        return PeriodicState(
            theta=theta,
            direction=weights / weights.norm(dim=1, keepdim=True),
            optimizer=LaneOptimizer.of(lanes),
            gauge=SharpnessGauge(lanes.seed, weights.shape[1], self.device),
            detector=PhaseDetector(len(lanes)),
        )

    def measure_in_parts(self, now: PeriodicState) -> Parts[dict[str, Tensor]]:
        readings = dict[str, Tensor]()
        if now.step % self.lanes.shared.sharpness_every == 0:
            readings = yield from _readings(self.network, self.data, now.theta, now.gauge, self.lanes)
        inputs, labels = self.images.at(now.step)
        on_batch = self.network.loss_on(inputs, labels, cross_entropy)
        outputs, loss, gradient = on_batch.outputs_loss_and_gradient(now.theta)
        now.gradient = gradient * self.trainable
        weights, along = now.theta[:, self.network.weights], now.gradient[:, self.network.weights]
        series = norm_series(weights, along, now.direction, _rates(self.lanes, self.penalty, now))
        now.direction = weights / series["norm"][:, None]
        return {"loss": loss, "train_error": 1 - accuracy(outputs, labels), **series, **readings}

    def follow(self, now: PeriodicState, values: dict[str, Tensor]) -> dict[str, Tensor]:
        phase = now.detector.update(values["loss"].cpu().numpy(), values["norm"].cpu().numpy())
        return {"phase": torch.from_numpy(phase).double(), "onset": torch.from_numpy(now.detector.onset).double()}

    def advance(self, now: PeriodicState) -> None:
        h = _rates(self.lanes, self.penalty, now)
        update = now.optimizer.update(now.gradient + self.trainable * h.weight_decay * now.theta, h)
        now.theta = stepped(now.theta, update, self.network.weights, self.lanes)

    def snapshots(self, now: PeriodicState) -> dict[str, Callable[[], Tensor]]:
        return {"weights": partial(torch.clone, now.theta[:, self.network.weights])}


class Periodic(TrainingExperiment[PeriodicSettings]):
    """A net with batch normalization on the 8x8 digits, trained by cross-entropy with weight decay.

    x are the hidden layers' weights, of length rho; gradients are with respect to x. Measures, in float32 and of shape
    (K,), at each step: `loss` and `train_error`, of the images seen at this step; `norm`, rho; `gradient_norm`, |grad|;
    `effective_gradient`, g = |grad| rho; `learning_rate`, eta at this step, before changes made at it;
    `effective_learning_rate`, eta / rho^2; `cosine_distance`, 1 - cos(x_{t-1}, x_t); and the two forces on the norm,
    `gradient_force`, eta^2 g^2 / rho^2, and `decay_force`, (2 eta lambda - eta^2 lambda^2) rho^2. In plain gradient
    descent on a scale-invariant net rho^2 grows by their difference at each step, exactly. As whole numbers: `phase`,
    of `PhaseDetector`, and `onset`, the step at which the last breakdown began, -1 before the first.

    At every `sharpness_every`-th step: `test_error`; `sphere_sharpness`, the largest Hessian
    eigenvalue of the training loss along the unit sphere at x / rho; and `effective_limit`, the effective learning rate
    at which that direction becomes unstable: 2 over it, for heavy ball 2 (1 + beta) over it. Snapshot: `weights`, x.
    """

    name = "periodic"
    title = "Periods of batch normalization and weight decay"
    settings_type = PeriodicSettings
    references = (
        "Lobacheva, Kodryan, Chirkova, Malinin & Vetrov 2021, arXiv 2106.15739 (the periods)",
        "van Laarhoven 2017, arXiv 1706.05350 (effective learning rate)",
        "Wan, Zhu, Zhang & Sun 2020, arXiv 2006.08419 (equilibrium of the norm)",
        "Li, Lyu & Arora 2020, arXiv 2010.02916 (intrinsic learning rate)",
    )
    training = PeriodicTraining

    def script(self, settings: PeriodicSettings, changes: Sequence[Change] = ()) -> str:
        return periodic_script(settings, changes)


def network_of(shape: PeriodicSettings) -> ScaleInvariantNetwork:
    """Return the net that these settings describe."""
    return ScaleInvariantNetwork((64, *[shape.width] * shape.depth, 10), shape.normalization == "batch norm")


def _rates(lanes: Lanes, penalty: Tensor, now: PeriodicState) -> Hyperparameters:
    """The lanes' values for the next update: eta has decayed, lambda is that of (lambda/2)|x|^2."""
    share = (1 - lanes.learning_rate_decay) ** now.step
    values = (lanes.learning_rate * share, lanes.momentum, lanes.weight_decay * penalty)
    learning_rate, momentum, weight_decay = (value.to(now.theta)[:, None] for value in values)
    return Hyperparameters(learning_rate, momentum, weight_decay=weight_decay)


def _readings(
    network: ScaleInvariantNetwork, data: Split, theta: Tensor, gauge: SharpnessGauge, lanes: Lanes
) -> Parts[dict[str, Tensor]]:
    """Return what is measured now and then, on all training images as they are, each of shape (K,)."""
    hessian = network.loss_on(data.train_inputs, data.train_labels, cross_entropy).hessian_at(theta)
    yield
    top = yield from gauge.read_in_parts(sphere_hessian_product(hessian, theta, network.weights))
    yield
    outputs = network(theta, data.test_inputs, network.statistics(theta, data.train_inputs))
    return {
        "test_error": 1 - accuracy(outputs, data.test_labels),
        "sphere_sharpness": top.value,
        "effective_limit": limit_factors(lanes).to(theta) / top.value,
    }
