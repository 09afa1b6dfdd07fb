"""K small convolutional nets with batch normalization, side by side as groups of one convolution."""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from lessons.core.data.digits import CLASSES, SIDE
from lessons.core.generators import normal_per_seed
from lessons.core.parts import Parts, whole

Statistics = list[tuple[Tensor | None, Tensor | None]]


class ConvNetwork:
    """Conv-BN-ReLU, Conv-BN-ReLU, 2x2 max pooling, linear; 3x3 kernels, on 8x8 images.

    All parameters of a lane are one row of theta (K, P).

    Args:
        channels: Of the first convolution; the second has twice as many.
    """

    def __init__(self, channels: int):
        first, second = channels, 2 * channels
        pooled = second * (SIDE // 2) ** 2
        self.shapes = {
            "kernel_1": (first, 1, 3, 3),
            "scale_1": (first,),
            "bias_1": (first,),
            "kernel_2": (second, first, 3, 3),
            "scale_2": (second,),
            "bias_2": (second,),
            "weight": (pooled, CLASSES),
            "output_bias": (CLASSES,),
        }
        self._lengths = [math.prod(shape) for shape in self.shapes.values()]
        self.parameter_count = sum(self._lengths)

    def parameters(self, theta: Tensor) -> dict[str, Tensor]:
        """View theta (K, P) by name, each of shape (K, ...) as in `shapes`."""
        parts = theta.split(self._lengths, dim=1)
        return {name: part.view(-1, *self.shapes[name]) for name, part in zip(self.shapes, parts, strict=True)}

    def initial(self, seeds: Tensor) -> Tensor:
        """Draw theta (K, P): weights N(0, 1 / (3 fan_in)), the variance of torch.nn; scales 1, biases 0."""
        theta = normal_per_seed(seeds, "conv net", self.parameter_count)
        for name, part in self.parameters(theta).items():
            if name.startswith("kernel"):
                part /= math.sqrt(3 * math.prod(part.shape[2:]))
            elif name == "weight":
                part /= math.sqrt(3 * part.shape[1])
            else:
                part.fill_(1.0 if name.startswith("scale") else 0.0)
        return theta

    def __call__(self, theta: Tensor, images: Tensor, statistics: Statistics | None = None) -> Tensor:
        """Return the outputs, shape (K, B, C).

        Args:
            theta: Shape (K, P).
            images: Shape (K, B, 64).
            statistics: What each normalization goes by; the statistics of these images if left out.
        """
        return whole(self.outputs_in_parts(theta, images, statistics or [(None, None)] * 2))

    def statistics_in_parts(self, theta: Tensor, images: Tensor) -> Parts[Statistics]:
        """Return mean and variance of what comes into each normalization, over these images; a part a layer."""
        found: Statistics = []
        yield from self.outputs_in_parts(theta, images, [(None, None)] * 2, found)
        return found

    def outputs_in_parts(
        self, theta: Tensor, images: Tensor, given: Statistics, found: Statistics | None = None
    ) -> Parts[Tensor]:
        """Return the outputs, shape (K, B, C), a part a layer.

        Args:
            theta: Shape (K, P).
            images: Shape (K, B, 64).
            given: What each normalization goes by; None for the statistics of these images.
            found: Takes what comes into each normalization.
        """
        p, lanes = self.parameters(theta), len(theta)
        hidden = images.transpose(0, 1).reshape(-1, lanes, SIDE, SIDE)  # all lanes' channels side by side
        for layer, (mean, variance) in enumerate(given, 1):
            hidden = functional.conv2d(hidden, p[f"kernel_{layer}"].flatten(0, 1), padding=1, groups=lanes)
            if found is not None:
                found.append((hidden.mean((0, 2, 3)), hidden.var((0, 2, 3), correction=0)))
            scale, bias = p[f"scale_{layer}"].flatten(), p[f"bias_{layer}"].flatten()
            hidden = torch.relu(functional.batch_norm(hidden, mean, variance, scale, bias, training=mean is None))
            yield
        pooled = functional.max_pool2d(hidden, 2).view(len(hidden), lanes, -1).transpose(0, 1)
        return torch.baddbmm(p["output_bias"][:, None], pooled, p["weight"])
