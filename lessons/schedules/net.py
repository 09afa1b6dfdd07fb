"""A net on the digits, trained by mini-batches under any schedule, with its sharpness measured as it trains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import ClassVar

from torch import Tensor

from lessons.core.batches import EpochBatches
from lessons.core.curvature.sharpness_gauge import SharpnessGauges
from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.core.losses import LOSSES, accuracy
from lessons.core.network import DenseNetwork
from lessons.core.other_seeds import WithOtherSeeds
from lessons.core.parts import Parts
from lessons.core.record import Change
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.training import LongTraining, State
from lessons.schedules.plateau import Plateau
from lessons.schedules.schedules import planned_shares
from lessons.schedules.scripts import scheduled_net_script
from lessons.schedules.settings import ScheduledNetSettings


@dataclass
class ScheduledNetState(State):
    """State of the trainings. All tensors have the lane first.

    Attributes:
        theta: Parameters, shape (K, P).
        optimizer: With what it remembers.
        gauges: Of the sharpness.
        plateau: What "divide when stuck" remembers.
        gradient: Of the step's batch at theta, shape (K, P), once measured.
    """

    theta: Tensor
    optimizer: LaneOptimizer
    gauges: SharpnessGauges
    plateau: Plateau
    gradient: Tensor = field(init=False)


class ScheduledTraining(LongTraining[ScheduledNetState, ScheduledNetSettings]):
    """Mini-batches, and a learning rate that is planned for each step."""

    def __init__(self, lanes: Lanes[ScheduledNetSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        shape = lanes.shared
        self.network = DenseNetwork((64, *[shape.width] * shape.depth, 10), shape.activation)
        self.data = data = digits_split(shape.train_size).to(device)
        self.full_loss = self.network.loss_on(data.train_inputs, data.train_labels, LOSSES[shape.loss])
        self.batches = EpochBatches(lanes.seed, shape.batch_size, self.data)
        self.planned = planned_shares(lanes)

    def start(self) -> ScheduledNetState:
        return ScheduledNetState(
            theta=self.network.initial(self.lanes.seed, self.lanes.init_scale).to(self.device),
            optimizer=LaneOptimizer.of(self.lanes),
            gauges=SharpnessGauges(self.lanes.seed, self.network.parameter_count, self.device),
            plateau=Plateau.start(self.lanes),
        )

    def measure_in_parts(self, now: ScheduledNetState) -> Parts[dict[str, Tensor]]:
        shape, batch = self.lanes.shared, self.batches.at(now.step)
        loss, now.gradient = self.network.loss_on(*batch, LOSSES[shape.loss]).loss_and_gradient(now.theta)
        learning_rate = self.learning_rate(now)
        values = {
            "loss": loss,
            "smoothed_loss": now.plateau.see(loss, self.lanes).to(loss),
            "learning_rate": learning_rate.to(self.device),
        }
        if now.step % shape.sharpness_every == 0:
            yield
            by = now.optimizer.preconditioner(now.gradient, Hyperparameters.of(self.lanes, now.theta))
            read = yield from now.gauges.read_in_parts(self.full_loss.hessian_at(now.theta), by)
            values |= read.measured | {
                "eta_lambda": learning_rate.to(loss) * read.top.value,
                "train_loss": self.full_loss.value(now.theta),
                "test_accuracy": accuracy(self.network(now.theta, self.data.test_inputs), self.data.test_labels),
            }
        return values

    def advance(self, now: ScheduledNetState) -> None:
        learning_rate = self.learning_rate(now).to(now.theta)[:, None]
        h = replace(Hyperparameters.of(self.lanes, now.theta), learning_rate=learning_rate)
        now.theta = now.theta + now.optimizer.update(now.gradient, h)
        now.plateau.divide(self.lanes)

    def learning_rate(self, now: ScheduledNetState) -> Tensor:
        """Return eta of this step, float64, shape (K,)."""
        return self.lanes.learning_rate * (self.planned[now.step] * now.plateau.share)


class ScheduledNet(WithOtherSeeds[ScheduledNetSettings]):
    """Mini-batch training of a small net on the 8x8 digits.

    Lanes of one seed start from one draw of weights and see the same batches. Measures, of shape (K,), at each step:
    `loss`, of the batch about to be used, before its update; `smoothed_loss`, its running mean, which "divide when
    stuck" watches; and `learning_rate`, eta at this step, before changes made at it. At every `sharpness_every`-th
    step: `sharpness`, the largest Hessian eigenvalue of the loss on the whole training set; `preconditioned_sharpness`,
    that of P^(-1/2) H P^(-1/2), with P what the next update divides by (equal to it where nothing is divided);
    `eta_lambda`, eta times the first; `train_loss`, on the same; and `test_accuracy`. The learning rate is in float64,
    all else in float32.

    Without momentum a full-batch step is stable while `eta_lambda` < 2.
    """

    name = "scheduled net"
    title = "A net on the digits under a schedule"
    settings_type = ScheduledNetSettings
    references = (
        "Goyal et al. 2017, arXiv 1706.02677 (warmup)",
        "Gilmer et al. 2021, arXiv 2110.04369 (warmup and curvature)",
        "Smith 2017, arXiv 1506.01186 (cycles and the range test)",
        "Loshchilov & Hutter 2017, arXiv 1608.03983 (warm restarts)",
    )
    training = ScheduledTraining
    behind = ("loss", "smoothed_loss")
    spared: ClassVar = {"sharpness_every": 1000}  # it is followed all the same, but seldom

    def script(self, settings: ScheduledNetSettings, changes: Sequence[Change] = ()) -> str:
        return scheduled_net_script(settings, changes)
