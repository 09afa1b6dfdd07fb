"""A small convolutional net of torch.nn: what stands before its last layer, and how its weights are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import nn

from lessons.core.generators import generator


def conv_features(channels: int, width: int, depth: int, norm: Callable[[int], nn.Module]) -> nn.Module:
    """Return layers that make features (B, width * 2^(depth - 1)) of images (B, channels, H, W).

    Each layer is a 3x3 convolution without biases, a normalization and ReLU; from the second on also a pooling over 2x2
    positions, and it has twice as many channels as the one before. A last pooling takes the largest value of what is
    left of the image, so that images of any size do from 2^depth / 2 pixels a side on.

    Args:
        channels: Of the images.
        width: Channels of the first layer.
        depth: Number of layers.
        norm: Makes a normalization of so many channels.
    """
    layers: list[nn.Module] = []
    for number in range(depth):
        fan_out = width * 2**number
        fan_in = fan_out // 2 if number else channels
        layers += [nn.Conv2d(fan_in, fan_out, 3, padding=1, bias=False), norm(fan_out), nn.ReLU()]
        layers += [nn.MaxPool2d(2)] if number else []
    return nn.Sequential(*layers, nn.AdaptiveMaxPool2d(1), nn.Flatten())


def draw_weights(parameters: Iterable[nn.Parameter], seed: int) -> None:
    """Draw all matrices and kernels from N(0, 1/fan_in), one after the other, from the seed's own stream."""
    source = generator(seed, "weights")
    for weights in parameters:
        if weights.dim() > 1:
            drawn = torch.randn(weights.shape, generator=source)
            weights.data = drawn / math.sqrt(weights[0].numel())
