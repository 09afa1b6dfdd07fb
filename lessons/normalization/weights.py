"""Normalizations of weights, for K lanes at once: weight norm and spectral norm."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from lessons.core.generators import normal_per_seed

TINY = 1e-12  # torch's default: keeps a vector of zeros from being divided by zero
FIRST_ITERATIONS = 15  # power iterations at the start, as in torch


def weight_norm(direction: Tensor, length: Tensor) -> Tensor:
    """Return w = g v / |v|, unit by unit: v's direction, and a length of its own.

    Args:
        direction: v, shape (K, fan_in, fan_out); a unit's weights are a column.
        length: g, shape (K, fan_out).

    Source: Salimans & Kingma 2016, arXiv 1602.07868, equation 2.
    """
    return direction * (length / direction.norm(dim=1))[:, None]


@dataclass(frozen=True)
class SingularPair:
    """Estimates of the singular vectors of the largest singular value, kept from one step to the next.

    Attributes:
        left: u, on the side of the outputs, shape (K, fan_out).
        right: v, on the side of the inputs, shape (K, fan_in).
    """

    left: Tensor
    right: Tensor

    @classmethod
    def start(cls, weight: Tensor, seeds: Tensor, purpose: str) -> SingularPair:
        """Draw both at random and take `FIRST_ITERATIONS` power iterations, as torch does.

        Args:
            weight: W, shape (K, fan_in, fan_out).
            seeds: Shape (K,).
            purpose: Name of the random stream.
        """
        _, fan_in, fan_out = weight.shape
        drawn = normal_per_seed(seeds, purpose, fan_in + fan_out)
        left, right = drawn.to(weight).split([fan_out, fan_in], dim=1)
        return cls(normalize(left, dim=1, eps=TINY), normalize(right, dim=1, eps=TINY)).after(weight, FIRST_ITERATIONS)

    @torch.no_grad()
    def after(self, weight: Tensor, iterations: int = 1) -> SingularPair:
        """Return the pair after power iterations: u = W^T v / |W^T v|, v = W u / |W u|, with `weight` (K, in, out)."""
        left, right = self.left, self.right
        for _ in range(iterations):
            left = normalize(torch.einsum("kio,ki->ko", weight, right), dim=1, eps=TINY)
            right = normalize(torch.einsum("kio,ko->ki", weight, left), dim=1, eps=TINY)
        return SingularPair(left, right)

    def value(self, weight: Tensor) -> Tensor:
        """Return the estimate of the largest singular value, v^T W u, shape (K,): never above it."""
        return (self.outer * weight).sum((1, 2))

    @property
    def outer(self) -> Tensor:
        """v u^T, shape (K, fan_in, fan_out): the derivative of `value` by the weights."""
        return self.right[:, :, None] * self.left[:, None]


def spectral_norm(weight: Tensor, pair: SingularPair) -> Tensor:
    """Return W / sigma, with sigma = v^T W u: the largest singular value becomes 1, as far as the pair has converged.

    u and v count as constants when gradients are taken, as in torch. At the true singular vectors the gradient is
    exact all the same; the second derivative is not.

    Args:
        weight: W, shape (K, fan_in, fan_out).
        pair: Singular vectors.

    Source: Miyato, Kataoka, Koyama & Yoshida 2018, arXiv 1802.05957, algorithm 1.
    """
    return weight / pair.value(weight)[:, None, None]
