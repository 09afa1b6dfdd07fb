"""A real net on the digits, with its sharpness measured as it trains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lessons.core.curvature.sharpness import TopEigenpair
from lessons.core.curvature.sharpness_gauge import SharpnessGauges
from lessons.core.data.digits import Split, digits_split
from lessons.core.lanes import Lanes
from lessons.core.losses import LOSSES, accuracy
from lessons.core.network import DenseNetwork
from lessons.core.parts import Parts
from lessons.core.record import Change
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.training import LongTraining, State, TrainingExperiment
from lessons.divergence.scripts import net_script
from lessons.divergence.settings import NetSettings


@dataclass
class NetState(State):
    """State of the trainings. All tensors have the lane first: (K, P) and, for `turn`, (K,).

    Attributes:
        theta: Parameters.
        optimizer: With what it remembers.
        gauges: Of the sharpness.
        last_update: The update that led here; 0 before the first.
        turn: Cosine between that update and the one before it.
        gradient: At theta, once measured.
    """

    theta: Tensor
    optimizer: LaneOptimizer
    gauges: SharpnessGauges
    last_update: Tensor
    turn: Tensor
    gradient: Tensor = field(init=False)


class NetTraining(LongTraining[NetState, NetSettings]):
    """Full batch: each update follows the gradient of the loss of all digits of the training set."""

    def __init__(self, lanes: Lanes[NetSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        shape = lanes.shared
        self.network = DenseNetwork((64, *[shape.width] * shape.depth, 10), shape.activation)
        self.data = data = digits_split(shape.train_size).to(device)
        self.loss = self.network.loss_on(data.train_inputs, data.train_labels, LOSSES[shape.loss])

    def start(self) -> NetState:
        theta = self.network.initial(self.lanes.seed, self.lanes.init_scale).to(self.device)
        return NetState(
            theta=theta,
            optimizer=LaneOptimizer.of(self.lanes),
            gauges=SharpnessGauges(self.lanes.seed, self.network.parameter_count, self.device),
            last_update=torch.zeros_like(theta),
            turn=torch.zeros(len(self.lanes), device=self.device),
        )

    def measure_in_parts(self, now: NetState) -> Parts[dict[str, Tensor]]:
        loss, now.gradient = self.loss.loss_and_gradient(now.theta)
        values = {"loss": loss, "update_cosine": now.turn}
        if now.step % self.lanes.shared.sharpness_every == 0:
            yield
            by = now.optimizer.preconditioner(now.gradient, Hyperparameters.of(self.lanes, now.theta))
            read = yield from now.gauges.read_in_parts(self.loss.hessian_at(now.theta), by)
            values |= read.measured | _readings(self.network, self.data, now.theta, now.last_update, read.top)
        return values

    def advance(self, now: NetState) -> None:
        update = now.optimizer.update(now.gradient, Hyperparameters.of(self.lanes, now.theta))
        now.turn = torch.cosine_similarity(now.last_update, update, dim=1)
        now.last_update, now.theta = update, now.theta + update

    def failures(self, now: NetState) -> Mapping[int, str]:
        return now.optimizer.failures


class Net(TrainingExperiment[NetSettings]):
    """Full-batch training of a small net on the 8x8 digits.

    Measures, in float32 and of shape (K,): `loss` and `update_cosine` (between the last update and the one before it;
    0 until there are two) at each step; and at every `sharpness_every`-th step `sharpness` (largest Hessian eigenvalue
    of the training loss), `preconditioned_sharpness` (that of P^(-1/2) H P^(-1/2), with P what the next update divides
    by; equal to `sharpness` where it divides by nothing), `test_accuracy`, `along_top` (the last update's component
    along the top eigenvector, in units of the update) and `update_norm`. The sign of `along_top` is sampled, so an even
    `sharpness_every` hides a zigzag; `update_cosine` does not.

    Near 2/eta the component along the top eigenvector flips sign at each step and the cosine falls towards -1: the
    zigzag of the parabola, in a net.
    """

    name = "net"
    title = "A net on the digits"
    settings_type = NetSettings
    references = (
        "Cohen, Kaur, Li, Kolter & Talwalkar 2021, arXiv 2103.00065 (edge of stability)",
        "Cohen, Ghorbani, Krishnan, Agarwal et al. 2022, arXiv 2207.14484 (the edge of adaptive methods)",
        "Lewkowycz, Bahri, Dyer, Sohl-Dickstein & Gur-Ari 2020, arXiv 2003.02218 (catapult)",
    )
    training = NetTraining

    def script(self, settings: NetSettings, changes: Sequence[Change] = ()) -> str:
        return net_script(settings, changes)


def _readings(
    network: DenseNetwork, data: Split, theta: Tensor, update: Tensor, top: TopEigenpair
) -> dict[str, Tensor]:
    length = update.norm(dim=1)
    return {
        "test_accuracy": accuracy(network(theta, data.test_inputs), data.test_labels),
        "along_top": (update * top.vector).sum(1) / length.clamp_min(1e-30),
        "update_norm": length,
    }
