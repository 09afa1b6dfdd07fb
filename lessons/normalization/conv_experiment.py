"""Training of small convolutional nets that differ in their normalization: here there are maps to normalize."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from lessons.core.batches import ImageBatches
from lessons.core.conv_net import conv_features, draw_weights
from lessons.core.data.digits import CLASSES, as_images
from lessons.core.lane_nets import Buffers, LaneNets
from lessons.core.lanes import Lanes
from lessons.core.parts import Parts
from lessons.core.record import Change
from lessons.core.training import LongTraining, State, TrainingExperiment
from lessons.normalization.axes import largest_even_groups
from lessons.normalization.conv_images import ConvImages
from lessons.normalization.conv_script import GAIN, LAYERS, conv_norm_script
from lessons.normalization.conv_settings import ConvNormSettings
from lessons.normalization.layers import EPSILON, MOMENTUM


class Affine(nn.Module):
    """The factors and offsets of a normalization, one a channel, without the normalization."""

    def __init__(self, channels: int):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        return self.weight[:, None, None] * x + self.bias[:, None, None]


def norm_of(settings: ConvNormSettings) -> Callable[[int], nn.Module]:
    """Return what makes the normalization of so many channels; all have as many parameters.

    Layer norm averages over all channels and positions of an image, as a single group does.
    """
    return {
        "none": Affine,
        "batch": lambda channels: nn.BatchNorm2d(channels, eps=EPSILON, momentum=MOMENTUM),
        "layer": lambda channels: nn.GroupNorm(1, channels, eps=EPSILON),
        "group": lambda channels: nn.GroupNorm(largest_even_groups(settings.groups, channels), channels, eps=EPSILON),
        "instance": lambda channels: nn.InstanceNorm2d(channels, eps=EPSILON, affine=True),
    }[settings.normalization]


def net_of(settings: ConvNormSettings) -> nn.Module:
    """Return the net of a lane; weights are N(0, 2/fan_in), biases 0. torch's global random state is left as it was."""
    with torch.random.fork_rng(devices=[]):
        features = conv_features(1, settings.width, LAYERS, norm_of(settings))
        last = nn.Linear(settings.width * 2 ** (LAYERS - 1), CLASSES)
    net = nn.Sequential(features, last)
    draw_weights(net.parameters(), settings.seed)
    for weights in net.parameters():
        if weights.dim() > 1:
            weights.data *= GAIN
    last.bias.data.zero_()
    return net


@dataclass
class ConvNormState(State):
    """State of the trainings.

    Attributes:
        theta: Parameters, shape (K, P).
        buffers: Running statistics of each net.
        gradient: At theta, shape (K, P), once measured.
    """

    theta: Tensor
    buffers: list[Buffers]
    gradient: Tensor = field(init=False)


class ConvNormTraining(LongTraining[ConvNormState, ConvNormSettings]):
    """Gradient descent on mini-batches; a part is a net's way there and back."""

    def __init__(self, lanes: Lanes[ConvNormSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        images = ConvImages.of(lanes.shared)
        data = images.split.to(device)
        tests = {"test": as_images(data.test_inputs), "contrast": images.contrast, "brightness": images.brightness}
        self.tests, self.labels = {name: each.to(device) for name, each in tests.items()}, data.test_labels
        self.nets = LaneNets([net_of(settings) for settings in lanes.settings], device)
        self.batches = ImageBatches(lanes.seed, lanes.values("batch_size"), data)

    def start(self) -> ConvNormState:
        return ConvNormState(self.nets.initial(), self.nets.buffers())

    def measure_in_parts(self, now: ConvNormState) -> Parts[dict[str, Tensor]]:
        readings = dict[str, Tensor]()
        if now.step % self.lanes.shared.measure_every == 0:
            for name, images in self.tests.items():
                readings[f"{name}_error"] = self.nets.errors(now.theta, now.buffers, images, self.labels)
                yield
        found = yield from self.nets.on_batches(now.theta, now.buffers, self.batches.at(now.step))
        now.gradient, now.buffers = found.gradient, found.buffers
        return {"loss": found.loss, "train_error": found.error, **readings}

    def advance(self, now: ConvNormState) -> None:
        now.theta = now.theta - self.lanes.learning_rate.to(now.theta)[:, None] * now.gradient


class NormalizedConvNet(TrainingExperiment[ConvNormSettings]):
    """Three convolutions with a normalization before each ReLU, and a linear layer, on the 8x8 digits.

    Measures, in float32 and of shape (K,), at each step: `loss` and `train_error`, of the batch about to be used, in
    training mode. At every `measure_every`-th step, in evaluation mode, the share of the test images that are named
    wrongly: `test_error`, as they are; `contrast_error` and `brightness_error`, each with a contrast or a brightness of
    its own, which no training image has.
    """

    name = "normalized convnet"
    title = "A convolutional net with normalization"
    settings_type = ConvNormSettings
    references = (
        "Ulyanov, Vedaldi & Lempitsky 2016, arXiv 1607.08022 (instance norm)",
        "Ioffe & Szegedy 2015, arXiv 1502.03167 (batch norm)",
        "Ba, Kiros & Hinton 2016, arXiv 1607.06450 (layer norm)",
        "Wu & He 2018, arXiv 1803.08494 (group norm)",
    )
    training = ConvNormTraining

    def script(self, settings: ConvNormSettings, changes: Sequence[Change] = ()) -> str:
        return conv_norm_script(settings, changes)
