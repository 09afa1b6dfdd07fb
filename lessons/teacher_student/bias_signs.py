"""The biases of batch normalization in a trained Conv-BN-ReLU net: do they turn negative?"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.data.digits import Split, digits_split
from lessons.core.generators import draw_per_seed
from lessons.core.lanes import Lanes
from lessons.core.losses import accuracy, cross_entropy
from lessons.core.parts import Parts
from lessons.core.rules import HeavyBall, Hyperparameters
from lessons.core.settings import Settings, setting
from lessons.core.training import LongTraining, State, TrainingExperiment
from lessons.teacher_student.conv_network import ConvNetwork
from lessons.teacher_student.memorization import given_labels


class BiasSignsSettings(Settings):
    """Settings of `BiasSigns`."""

    learning_rate: float = declared.learning_rate(default=0.03, high=1e4, slider=(0.005, 1.0))
    momentum: float = declared.momentum(doc="Share of the velocity kept at each step.")
    weight_decay: float = setting(
        0.0005,
        label="weight decay",
        symbol="λ",
        doc="Pulls all parameters, those of the batch normalization too, towards 0: λθ is added to the gradient.",
        low=0.0,
        high=1.0,
        slider=(0.0001, 0.05),
        scale="log",
        hot=True,
    )
    random_share: float = setting(
        0.0,
        label="random labels",
        doc="Share of training labels that are replaced by random ones.",
        low=0.0,
        high=1.0,
        slider_step=0.05,
    )
    width: int = setting(
        16,
        label="channels",
        doc="Of the first convolution; the second has twice as many.",
        low=1,
        high=64,
        slider=(4, 32),
        scale="log",
        shared=True,
    )
    train_size: int = declared.train_size(default=1200, slider=(100, 1200))
    batch_size: int = setting(
        64,
        label="batch size",
        symbol="B",
        doc="Images drawn for each step, with replacement.",
        low=2,
        high=512,
        slider=(16, 256),
        scale="log",
        shared=True,
    )
    measure_every: int = setting(
        25,
        label="measure every",
        unit="steps",
        doc="For the test accuracy.",
        low=1,
        high=100_000,
        slider=(5, 100),
        scale="log",
        shared=True,
    )
    steps: int = declared.steps(default=200, slider=(50, 1000))
    seed: int = declared.seed(doc="Draws weights, batches and random labels.")


@dataclass
class BiasSignsState(State):
    """State of the trainings: parameters (K, P), the rule, and the gradient there, once measured."""

    theta: Tensor
    rule: HeavyBall
    gradient: Tensor = field(init=False)


class BiasSignsTraining(LongTraining[BiasSignsState, BiasSignsSettings]):
    """Mini-batches; weight decay pulls at all parameters."""

    def __init__(self, lanes: Lanes[BiasSignsSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.network, self.data = ConvNetwork(lanes.shared.width), digits_split(lanes.shared.train_size).to(device)
        self.labels = given_labels(lanes, self.data.train_labels.cpu()).to(device)
        self.lane_numbers = torch.arange(len(lanes))[:, None]

    def start(self) -> BiasSignsState:
        return BiasSignsState(self.network.initial(self.lanes.seed).to(self.device), HeavyBall())

    def measure_in_parts(self, now: BiasSignsState) -> Parts[dict[str, Tensor]]:
        theta, rows = now.theta.requires_grad_(), _rows(self.lanes, now.step)
        outputs = self.network(theta, self.data.train_inputs[rows])
        loss = cross_entropy(outputs, self.labels[self.lane_numbers, rows])
        (now.gradient,) = torch.autograd.grad(loss.sum(), theta)
        biases = self.biases(now)
        values = {
            "loss": loss.detach(),
            "negative_share": torch.stack([(bias < 0).float().mean(1) for bias in biases], 1),
            "mean_bias": torch.stack([bias.mean(1) for bias in biases], 1),
        }
        if now.step % self.lanes.shared.measure_every == 0:
            yield
            values["test_accuracy"] = yield from _test_accuracy(self.network, theta.detach(), self.data)
        return values

    def advance(self, now: BiasSignsState) -> None:
        decay = self.lanes.weight_decay.to(now.theta)[:, None] * now.theta.detach()
        update = now.rule.update(now.gradient + decay, Hyperparameters.of(self.lanes, now.theta))
        now.theta = now.theta.detach() + update

    def snapshots(self, now: BiasSignsState) -> dict[str, Callable[[], Tensor]]:
        return {f"bias_{layer}": partial(_same, bias) for layer, bias in enumerate(self.biases(now), 1)}

    def biases(self, now: BiasSignsState) -> list[Tensor]:
        """Return the biases of both layers, shapes (K, C) and (K, 2 C)."""
        parameters = self.network.parameters(now.theta.detach())
        return [parameters[f"bias_{layer}"] for layer in (1, 2)]


class BiasSigns(TrainingExperiment[BiasSignsSettings]):
    """Trains small Conv-BN-ReLU nets on the 8x8 digits and counts negative biases of their batch normalization.

    What comes into a ReLU after batch normalization is centred at the bias: with a negative one it fires on less than
    half of the inputs, if its input is symmetric. That most biases are negative was taken as a sign that nodes rarely
    fire together. It is a weak one: random labels make them negative too, and a large weight decay takes it away.

    Measures, in float32: `loss` (K,), of the batch; `negative_share` (K, 2): share of negative biases in each layer;
    `mean_bias` (K, 2); and, at every `measure_every`-th step, `test_accuracy` (K,), normalized by the statistics of the
    training images (at most 600). Snapshots: `bias_1` (K, C) and `bias_2` (K, 2 C).
    """

    name = "bias signs"
    title = "Biases of batch normalization turn negative"
    settings_type = BiasSignsSettings
    references = (
        "Tian, Jiang, Gong & Morcos 2019, arXiv 1905.13405, figure 2 (negative biases of VGG)",
        "Ioffe & Szegedy 2015, arXiv 1502.03167 (batch normalization)",
    )
    training = BiasSignsTraining


def _rows(lanes: Lanes[BiasSignsSettings], step: int) -> Tensor:
    """Return which training images make the batch of a step, shape (K, B)."""
    most, size = lanes.shared.train_size, (lanes.shared.batch_size,)
    return draw_per_seed(lanes.seed, f"rows {step}", lambda source: torch.randint(most, size, generator=source))


@torch.no_grad()
def _test_accuracy(network: ConvNetwork, theta: Tensor, data: Split) -> Parts[Tensor]:
    train_inputs, test_inputs = (each.expand(len(theta), -1, -1) for each in (data.train_inputs, data.test_inputs))
    statistics = yield from network.statistics_in_parts(theta, train_inputs[:, :600])
    outputs = yield from network.outputs_in_parts(theta, test_inputs, statistics)
    return accuracy(outputs, data.test_labels)


def _same(bias: Tensor) -> Tensor:
    return bias
