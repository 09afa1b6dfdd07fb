"""The ConvNet of the long runs, small enough for a page: it, too, trains in periods."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lessons.core.batches import ImageBatches
from lessons.core.data.digits import CLASSES, SIDE, as_images, digits_split
from lessons.core.lane_nets import Buffers, LaneNets
from lessons.core.lanes import Lanes
from lessons.core.parts import Parts
from lessons.core.record import Change
from lessons.core.rules import Hyperparameters
from lessons.core.training import LongTraining, State, TrainingExperiment
from lessons.periodic.conv_script import conv_periods_script
from lessons.periodic.conv_settings import ConvPeriodsSettings
from lessons.periodic.long_run.nets import ScaleInvariantNet, build_net
from lessons.periodic.long_run.settings import LongRunSettings
from lessons.periodic.norm_steps import norm_series, stepped
from lessons.periodic.phases import PhaseDetector

IMAGE = torch.Size((1, SIDE, SIDE))


@dataclass
class ConvPeriodsState(State):
    """State of the trainings.

    Attributes:
        theta: Kernels of all layers, shape (K, P).
        direction: theta / rho, shape (K, P).
        buffers: Running statistics of each net.
        detector: Phases as of this step.
        gradient: At theta, shape (K, P), once measured.
    """

    theta: Tensor
    direction: Tensor
    buffers: list[Buffers]
    detector: PhaseDetector
    gradient: Tensor = field(init=False)


class ConvPeriodsTraining(LongTraining[ConvPeriodsState, ConvPeriodsSettings]):
    """Gradient descent on mini-batches, with weight decay; a part is a net's way there and back."""

    def __init__(self, lanes: Lanes[ConvPeriodsSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.data = digits_split(lanes.shared.train_size).to(device)
        self.nets = LaneNets([net_of(settings) for settings in lanes.settings], device)
        self.batches = ImageBatches(lanes.seed, lanes.values("batch_size"), self.data)

    def start(self) -> ConvPeriodsState:
        theta = self.nets.initial()
        return ConvPeriodsState(
            theta=theta,
            direction=theta / theta.norm(dim=1, keepdim=True),
            buffers=self.nets.buffers(),
            detector=PhaseDetector(len(self.lanes)),
        )

    def measure_in_parts(self, now: ConvPeriodsState) -> Parts[dict[str, Tensor]]:
        readings = dict[str, Tensor]()
        if now.step % self.lanes.shared.measure_every == 0:
            images, labels = as_images(self.data.test_inputs), self.data.test_labels
            readings["test_error"] = self.nets.errors(now.theta, now.buffers, images, labels)
            yield
        found = yield from self.nets.on_batches(now.theta, now.buffers, self.batches.at(now.step))
        now.gradient, now.buffers = found.gradient, found.buffers
        series = norm_series(now.theta, now.gradient, now.direction, _rates(self.lanes, now.theta))
        now.direction = now.theta / series["norm"][:, None]
        return {"loss": found.loss, "train_error": found.error, **series, **readings}

    def follow(self, now: ConvPeriodsState, values: dict[str, Tensor]) -> dict[str, Tensor]:
        phase = now.detector.update(values["loss"].cpu().numpy(), values["norm"].cpu().numpy())
        return {"phase": torch.from_numpy(phase).double(), "onset": torch.from_numpy(now.detector.onset).double()}

    def advance(self, now: ConvPeriodsState) -> None:
        h = _rates(self.lanes, now.theta)
        update = -h.learning_rate * (now.gradient + h.weight_decay * now.theta)
        now.theta = stepped(now.theta, update, slice(None), self.lanes)


class ConvPeriods(TrainingExperiment[ConvPeriodsSettings]):
    """The ConvNet of `LongRun` on the 8x8 digits, by mini-batches with weight decay, with its first weights.

    Four convolutions with batch normalization, whose kernels x, of length rho, are trained; the last layer is frozen.
    Measures, in float32 and of shape (K,), at each step: `loss` and `train_error`, of the batch about to be used, and
    `norm`, `gradient_norm`, `effective_gradient`, `learning_rate`, `effective_learning_rate`, `cosine_distance`,
    `gradient_force`, `decay_force`, `phase` and `onset` as `Periodic` does. At every `measure_every`-th step:
    `test_error`, by the running statistics of batch norm.
    """

    name = "periodic convnet"
    title = "A small ConvNet in periods"
    settings_type = ConvPeriodsSettings
    references = (
        "Lobacheva, Kodryan, Chirkova, Malinin & Vetrov 2021, arXiv 2106.15739, appendix A (the ConvNet)",
        "Ioffe & Szegedy 2015, arXiv 1502.03167 (batch norm)",
    )
    training = ConvPeriodsTraining

    def script(self, settings: ConvPeriodsSettings, changes: Sequence[Change] = ()) -> str:
        return conv_periods_script(settings, changes)


def net_of(settings: ConvPeriodsSettings) -> ScaleInvariantNet:
    """Return the net of a lane: that of a long run with this width and seed."""
    return build_net(LongRunSettings(network="convnet", width=settings.width, seed=settings.seed), IMAGE, CLASSES)


def _rates(lanes: Lanes[ConvPeriodsSettings], theta: Tensor) -> Hyperparameters:
    eta, decay = (value.to(theta)[:, None] for value in (lanes.learning_rate, lanes.weight_decay))
    return Hyperparameters(eta, torch.zeros_like(eta), weight_decay=decay)
