"""The largest singular value of weights, followed from step to step, for K lanes at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import normalize

from lessons.core.generators import normal_per_seed

TINY = 1e-12  # torch's default: keeps a vector of zeros from being divided by zero
FIRST_ITERATIONS = 15  # power iterations at the start, as in torch


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
        return torch.einsum("kio,ki,ko->k", weight, self.right, self.left)
