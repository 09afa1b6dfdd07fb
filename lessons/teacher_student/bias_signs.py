"""The biases of batch normalization in a trained Conv-BN-ReLU net: do they turn negative?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.data.digits import Split, digits_split
from lessons.core.experiment import Experiment, Measurement
from lessons.core.generators import draw_per_seed
from lessons.core.lanes import Lanes
from lessons.core.network import accuracy, cross_entropy
from lessons.core.settings import Settings, setting
from lessons.core.update_rules import HeavyBall, Hyperparameters
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
        doc="Test accuracy is measured each time, and held in between.",
        low=1,
        high=100_000,
        slider=(5, 100),
        scale="log",
        shared=True,
    )
    steps: int = declared.steps(default=200, slider=(50, 1000))
    seed: int = declared.seed(doc="Draws weights, batches and random labels.")


class BiasSigns(Experiment):
    """Trains small Conv-BN-ReLU nets on the 8x8 digits and counts negative biases of their batch normalization.

    What comes into a ReLU after batch normalization is centred at the bias: with a negative one it fires on less than
    half of the inputs, if its input is symmetric. That most biases are negative was taken as a sign that nodes rarely
    fire together. It is a weak one: random labels make them negative too, and a large weight decay takes it away.

    Measures, in float32: `loss` (K,), of the batch; `negative_share` (K, 2): share of negative biases in each layer;
    `mean_bias` (K, 2); and, held between measurements, `test_accuracy` (K,), normalized by the statistics of the
    training images (at most 600). Snapshots: `bias_1` (K, C) and `bias_2` (K, 2 C).
    """

    name = "bias signs"
    title = "Biases of batch normalization turn negative"
    settings_type = BiasSignsSettings
    references = (
        "Tian, Jiang, Gong & Morcos 2019, arXiv 1905.13405, figure 2 (negative biases of VGG)",
        "Ioffe & Szegedy 2015, arXiv 1502.03167 (batch normalization)",
    )

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        return self.resume(lanes, device, BiasSignsState.start(lanes, device))

    def resume(self, lanes: Lanes, device: str, state: BiasSignsState) -> Iterator[Measurement]:
        network, data, now = ConvNetwork(lanes.shared.width), digits_split(lanes.shared.train_size).to(device), state
        labels, lane = given_labels(lanes, data.train_labels.cpu()).to(device), torch.arange(len(lanes))[:, None]
        while now.step < lanes.shared.steps:
            if now.gradient is not None:
                decay = lanes.weight_decay.to(now.theta)[:, None] * now.theta.detach()
                update = now.rule.update(now.gradient + decay, Hyperparameters.of(lanes, now.theta))
                now.theta = now.theta.detach() + update
            now.step += 1
            theta, rows = now.theta.requires_grad_(), _rows(lanes, now.step)
            loss = cross_entropy(network(theta, data.train_inputs[rows]), labels[lane, rows])
            (now.gradient,) = torch.autograd.grad(loss.sum(), theta)
            if now.step % lanes.shared.measure_every == 0:
                now.held = {"test_accuracy": _test_accuracy(network, theta.detach(), data)}
            biases = [network.parameters(theta.detach())[f"bias_{layer}"] for layer in (1, 2)]
            values = {
                "loss": loss.detach(),
                "negative_share": torch.stack([(bias < 0).float().mean(1) for bias in biases], 1),
                "mean_bias": torch.stack([bias.mean(1) for bias in biases], 1),
                **now.held,
            }
            offered = {f"bias_{layer}": lambda bias=bias: bias for layer, bias in enumerate(biases, 1)}
            yield Measurement(now.step, values, offered, state=now)


@dataclass
class BiasSignsState:
    """Where a run is: parameters (K, P), the rule, updates made, the gradient there, and what is measured seldom."""

    theta: Tensor
    rule: HeavyBall
    step: int = -1
    gradient: Tensor | None = None
    held: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def start(cls, lanes: Lanes, device: str) -> BiasSignsState:
        """The state before the first measurement."""
        return cls(ConvNetwork(lanes.shared.width).initial(lanes.seed).to(device), HeavyBall())


def _rows(lanes: Lanes, step: int) -> Tensor:
    """Which training images make the batch of a step, shape (K, B)."""
    most, size = lanes.shared.train_size, (lanes.shared.batch_size,)
    return draw_per_seed(lanes.seed, f"rows {step}", lambda source: torch.randint(most, size, generator=source))


@torch.no_grad()
def _test_accuracy(network: ConvNetwork, theta: Tensor, data: Split) -> Tensor:
    statistics = network.statistics(theta, data.train_inputs[:600].expand(len(theta), -1, -1))
    outputs = network(theta, data.test_inputs.expand(len(theta), -1, -1), statistics)
    return accuracy(outputs, data.test_labels)
