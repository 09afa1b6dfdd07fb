"""Scale-invariant nets in torch.nn: batch normalization without an affine part, and a last layer that is frozen.

The ConvNet has four 3x3 convolutions, the ResNet-18 is the pre-activation form of He et al. 2016 (arXiv 1603.05027)
with a normalization before each shortcut convolution (Li & Arora 2020, arXiv 1910.07454), both as in Lobacheva et al.
2021, appendix A. A last pooling over what is left of the image lets both take images of any size from 8x8 on.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from lessons.core.conv_net import conv_features, draw_weights
from lessons.periodic.long_run.settings import LongRunSettings
from lessons.periodic.network import EPSILON

CONV_LAYERS = 4


class ScaleInvariantNet(nn.Module):
    """Features and a last linear layer; gives class scores (B, classes) for images (B, C, H, W).

    Only the features' weights are trained, and the outputs do not depend on their length.

    Args:
        features: Gives (B, units).
        units: How many.
        classes: How many.
        last_layer_norm: Length of the last layer's weights, which are drawn and stay; its biases are 0.
        seed: Draws all weights, from N(0, 1/fan_in).
    """

    def __init__(self, features: nn.Module, units: int, classes: int, last_layer_norm: float, seed: int):
        super().__init__()
        self.features = features
        self.last = nn.Linear(units, classes)
        draw_weights(self.parameters(), seed)
        self.last.weight.data *= last_layer_norm / self.last.weight.data.norm()
        self.last.bias.data.zero_()
        self.last.requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        return self.last(self.features(images))

    @property
    def weights(self) -> list[nn.Parameter]:
        """The trained, scale-invariant part."""
        return list(self.features.parameters())


def build_net(settings: LongRunSettings, image_shape: torch.Size, classes: int) -> ScaleInvariantNet:
    """Return the net that the settings ask for, for images of shape (C, H, W).

    torch's global random state is left as it was.
    """
    width, channels = settings.width, image_shape[0]
    with torch.random.fork_rng(devices=[]):
        features, units = {
            "mlp": lambda: (_mlp(math.prod(image_shape), width, settings.depth), width),
            "convnet": lambda: (conv_features(channels, width, CONV_LAYERS, _norm), 8 * width),
            "resnet18": lambda: (_resnet18(channels, width), 8 * width),
        }[settings.network]()
        return ScaleInvariantNet(features, units, classes, settings.last_layer_norm, settings.seed)


def _mlp(inputs: int, width: int, depth: int) -> nn.Module:
    layers: list[nn.Module] = [nn.Flatten()]
    for fan_in in [inputs, *[width] * (depth - 1)]:
        layers += [nn.Linear(fan_in, width, bias=False), nn.BatchNorm1d(width, eps=EPSILON, affine=False), nn.ReLU()]
    return nn.Sequential(*layers)


def _resnet18(channels: int, width: int) -> nn.Module:
    layers: list[nn.Module] = [_convolution(channels, width)]
    fan_in = width
    for stage in range(4):
        fan_out = width * 2**stage
        layers += [_Block(fan_in, fan_out, stride=1 if stage == 0 else 2), _Block(fan_out, fan_out, stride=1)]
        fan_in = fan_out
    return nn.Sequential(*layers, _norm(fan_in), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten())


class _Block(nn.Module):
    """Pre-activation block of two 3x3 convolutions; the shortcut is the input, or a 1x1 convolution of it."""

    def __init__(self, fan_in: int, fan_out: int, stride: int):
        super().__init__()
        self.before = nn.Sequential(_norm(fan_in), nn.ReLU())
        self.main = nn.Sequential(
            _convolution(fan_in, fan_out, stride), _norm(fan_out), nn.ReLU(), _convolution(fan_out, fan_out)
        )
        same = stride == 1 and fan_in == fan_out
        self.shortcut = (
            None if same else nn.Sequential(_norm(fan_in), nn.Conv2d(fan_in, fan_out, 1, stride, bias=False))
        )

    def forward(self, images: Tensor) -> Tensor:
        active = self.before(images)
        return self.main(active) + (images if self.shortcut is None else self.shortcut(active))


def _convolution(fan_in: int, fan_out: int, stride: int = 1) -> nn.Module:
    return nn.Conv2d(fan_in, fan_out, 3, stride, padding=1, bias=False)


def _norm(channels: int) -> nn.Module:
    return nn.BatchNorm2d(channels, eps=EPSILON, affine=False)
