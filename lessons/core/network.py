"""Fully connected networks with a leading lane axis: K networks in one tensor program."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

from lessons.core.generators import draw_per_seed

Activation = Literal["tanh", "relu", "linear"]
ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {
    "tanh": torch.tanh,
    "relu": torch.relu,
    "linear": lambda z: z,
    "logistic": torch.sigmoid,
    "leaky relu": torch.nn.functional.leaky_relu,
    "gelu": torch.nn.functional.gelu,
}


class DenseNetwork:
    """The shape of K fully connected networks; their parameters are the rows of a matrix theta (K, P).

    Args:
        sizes: Units per layer, from input to output: (D, ..., C).
        activation: Between layers, a key of `ACTIVATIONS` or a function of (K, N, width); the output layer is linear.
    """

    def __init__(self, sizes: Sequence[int], activation: str | Callable[[Tensor], Tensor]):
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
        parts = theta.split(self._lengths, dim=1)
        pairs = zip(self._shapes, parts[::2], parts[1::2], strict=True)
        return [(w.view(-1, *shape), b[:, None]) for shape, w, b in pairs]

    def __call__(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """Return the outputs.

        Args:
            theta: Shape (K, P).
            inputs: Shape (N, D), the same for all lanes, or (K, N, D).

        Returns:
            Shape (K, N, C).
        """
        hidden = inputs if inputs.dim() == 3 else inputs.expand(len(theta), *inputs.shape)
        layers = self.layers(theta)
        for weight, bias in layers[:-1]:
            hidden = self.activation(torch.baddbmm(bias, hidden, weight))
        weight, bias = layers[-1]
        return torch.baddbmm(bias, hidden, weight)


def squared_error(outputs: Tensor, labels: Tensor) -> Tensor:
    """Half the squared distance to the one-hot label, summed over classes, averaged over examples.

    Args:
        outputs: Shape (K, N, C).
        labels: Class numbers, shape (N,) or (K, N).

    Returns:
        Shape (K,).
    """
    target = (labels[..., None] == torch.arange(outputs.shape[-1], device=labels.device)).to(outputs)  # one-hot
    return 0.5 * (outputs - target).square().sum(-1).mean(-1)


def cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the softmax, averaged over examples; shapes as in `squared_error`."""
    return example_cross_entropy(outputs, labels).mean(-1)


def example_cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the softmax of each example, shape (K, N); arguments as in `squared_error`."""
    labels = labels.expand(outputs.shape[:2])
    return -outputs.log_softmax(-1).gather(-1, labels[..., None])[..., 0]


def accuracy(outputs: Tensor, labels: Tensor) -> Tensor:
    """Share of examples whose largest output is the label's, shape (K,)."""
    return (outputs.argmax(-1) == labels).float().mean(-1)


LOSSES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "squared error": squared_error,
    "cross-entropy": cross_entropy,
}
