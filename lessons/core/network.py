"""Fully connected networks with a leading lane axis: K networks in one tensor program."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from lessons.core.activations import ACTIVATIONS, ActivationFunction
from lessons.core.backpropagation import DenseLoss, Layers, forward
from lessons.core.generators import draw_per_seed
from lessons.core.losses import Loss


class DenseNetwork:
    """The shape of K fully connected networks; their parameters are the rows of a matrix theta (K, P).

    Args:
        sizes: Units per layer, from input to output: (D, ..., C).
        activation: Between layers, a key of `ACTIVATIONS` or another function; the output layer is linear.
    """

    def __init__(self, sizes: Sequence[int], activation: str | ActivationFunction):
        self.sizes = tuple(sizes)
        self.activation = ACTIVATIONS[activation] if isinstance(activation, str) else activation
        self._shapes = list(itertools.pairwise(sizes))
        self._lengths = [length for i, o in self._shapes for length in (i * o, o)]
        self.parameter_count = sum(self._lengths)

    def initial(self, seeds: Tensor, scale: Tensor) -> Tensor:
        """Draw the parameters of each lane: weights N(0, scale^2 / fan_in), biases zero.

        Lanes of one seed get the same draw, multiplied by their own scale.

        Args:
            seeds: Shape (K,).
            scale: Shape (K,); 1 is LeCun's initialisation (LeCun et al. 1998, "Efficient BackProp", section 4.6).

        Returns:
            theta, float32, shape (K, P).
        """
        return scale.float()[:, None] * draw_per_seed(seeds, "weights", self._draw)

    def _draw(self, source: torch.Generator) -> Tensor:
        parts = []
        for fan_in, fan_out in self._shapes:
            parts.append(torch.randn(fan_in * fan_out, generator=source) / math.sqrt(fan_in))
            parts.append(torch.zeros(fan_out))
        return torch.cat(parts)

    def layers(self, theta: Tensor) -> list[tuple[Tensor, Tensor]]:
        """View theta (K, P) as per-layer weights (K, fan_in, fan_out) and biases (K, 1, fan_out)."""
        return [(weight, bias[:, None]) for weight, bias in self._parts(theta)]

    def _in_columns(self, theta: Tensor) -> Layers:
        return [(weight, bias[..., None]) for weight, bias in self._parts(theta)]

    def _parts(self, theta: Tensor) -> list[tuple[Tensor, Tensor]]:
        """Weights (K, fan_in, fan_out) and biases (K, fan_out)."""
        parts = theta.split(self._lengths, dim=1)
        pairs = zip(self._shapes, parts[::2], parts[1::2], strict=True)
        return [(weight.view(-1, *shape), bias) for shape, weight, bias in pairs]

    def __call__(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """Return the outputs.

        Args:
            theta: Shape (K, P).
            inputs: Shape (N, D), the same for all lanes, or (K, N, D).

        Returns:
            Shape (K, N, C).
        """
        return forward(self._in_columns(theta), self.activation, inputs).outputs.mT

    def loss_on(self, inputs: Tensor, targets: Tensor, loss: Loss, weight: Tensor | None = None) -> DenseLoss:
        """Return the loss on some examples as a function of theta, with gradient and Hessian.

        Args:
            inputs: Shape (N, D), the same for all lanes, or (K, N, D).
            targets: Of these examples; see the loss.
            loss: A value of `LOSSES`, or another.
            weight: How much each example counts, shape (K, N), with sum 1 in each lane; left out: all the same.
        """
        targeted = loss.on(targets, self.sizes[-1], weight, inputs.dtype)
        return DenseLoss(self._in_columns, self.activation, inputs, targeted)
