"""An over-parameterized net fits random labels as well as real ones; only the real ones generalize."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.data.digits import digits_split
from lessons.core.generators import draw_per_seed
from lessons.core.lanes import Lanes
from lessons.core.losses import accuracy, cross_entropy
from lessons.core.network import DenseNetwork
from lessons.core.rules import HeavyBall, Hyperparameters
from lessons.core.settings import Settings, setting
from lessons.core.training import State, Training, TrainingExperiment

CLASSES = 10


class MemorizationSettings(Settings):
    """Settings of `Memorization`."""

    learning_rate: float = declared.learning_rate(slider=(0.005, 1.0), hot=False)
    momentum: float = declared.momentum(doc="Share of the velocity kept at each step.")
    random_share: float = setting(
        0.0,
        label="random labels",
        doc="Share of training labels that are replaced by random ones; 1: nothing to learn, all to memorize.",
        low=0.0,
        high=1.0,
        slider_step=0.05,
    )
    width: int = setting(
        256,
        label="width",
        symbol="m",
        doc="Units in the hidden layer; 256 of them have 19,210 parameters.",
        low=1,
        high=1024,
        slider=(2, 512),
        scale="log",
        shared=True,
    )
    train_size: int = declared.train_size(default=300)
    steps: int = declared.steps(default=300, slider=(50, 2000))
    seed: int = declared.seed(doc="Draws weights and random labels.")


@dataclass
class MemorizationState(State):
    """State of the trainings: parameters (K, P), the rule, and the gradient there, once measured."""

    theta: Tensor
    rule: HeavyBall
    gradient: Tensor = field(init=False)


class MemorizationTraining(Training[MemorizationState, MemorizationSettings]):
    """Full batch, on the labels that each lane was given."""

    def __init__(self, lanes: Lanes[MemorizationSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.network, self.data = network_of(lanes), digits_split(lanes.shared.train_size).to(device)
        self.labels = given_labels(lanes, self.data.train_labels.cpu()).to(device)
        self.loss = self.network.loss_on(self.data.train_inputs, self.labels, cross_entropy)

    def start(self) -> MemorizationState:
        scale = torch.full((len(self.lanes),), 2**0.5)
        return MemorizationState(self.network.initial(self.lanes.seed, scale).to(self.device), HeavyBall())

    def measure(self, now: MemorizationState) -> dict[str, Tensor]:
        loss, now.gradient = self.loss.loss_and_gradient(now.theta)
        fitted = self.network(now.theta, self.data.train_inputs)
        said, wrong = fitted.argmax(2), self.labels != self.data.train_labels
        return {
            "loss": loss,
            "train_accuracy": accuracy(fitted, self.labels),
            "right_fitted": share_among(said == self.labels, ~wrong),
            "wrong_memorized": share_among(said == self.labels, wrong),
            "wrong_seen_through": share_among(said == self.data.train_labels, wrong),
            "test_accuracy": accuracy(self.network(now.theta, self.data.test_inputs), self.data.test_labels),
        }

    def advance(self, now: MemorizationState) -> None:
        now.theta = now.theta + now.rule.update(now.gradient, Hyperparameters.of(self.lanes, now.theta))


class Memorization(TrainingExperiment[MemorizationSettings]):
    """Full-batch heavy ball on a net with one hidden ReLU layer, 8x8 digits, cross-entropy.

    Measures, in float32 and of shape (K,): `loss` and `train_accuracy` on the training images with the labels that the
    lane was given; `right_fitted`, share of the images with their real label that are put to it; of the images with a
    wrong label `wrong_memorized`, share put to that label, and `wrong_seen_through`, share put to the real one, which
    the net was never told (both 0 where no label is wrong); and `test_accuracy` on 500 other images with their real
    labels.
    """

    name = "memorization"
    title = "Random labels are learned too"
    settings_type = MemorizationSettings
    references = (
        "Zhang, Bengio, Hardt, Recht & Vinyals 2017, arXiv 1611.03530 (random labels)",
        "Arpit et al. 2017, arXiv 1706.05394 (real patterns are learned first)",
    )
    training = MemorizationTraining


def network_of(lanes: Lanes[MemorizationSettings]) -> DenseNetwork:
    """Return the lanes' net."""
    return DenseNetwork((64, lanes.shared.width, CLASSES), "relu")


def share_among(true: Tensor, among: Tensor) -> Tensor:
    """Return the share of those counted that are true, shape (K,), of flags (K, N); 0 where none is counted."""
    return (true & among).sum(1) / among.sum(1).clamp(min=1)


def given_labels(lanes: Lanes, labels: Tensor) -> Tensor:
    """Return each lane's training labels, shape (K, N): a share of the real ones (N,) replaced by random ones.

    A random label is the real one in a tenth of cases. With a larger share the same labels are random, and more.
    """
    count = len(labels)
    drawn = draw_per_seed(lanes.seed, "labels", lambda source: torch.randint(CLASSES, (count,), generator=source))
    place = draw_per_seed(lanes.seed, "which labels", lambda source: torch.randperm(count, generator=source))
    return torch.where(place < (lanes.random_share * count).round()[:, None], drawn, labels)
