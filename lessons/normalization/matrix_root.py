"""The way back through Newton and Schulz's iteration for the inverse square root, and how it changes, written out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from lessons.normalization.deconvolution import Iterates


class DifferentiatedRoot:
    """The derivatives of `inverse_square_root` at one A.

    All that the iteration goes through are polynomials in A: symmetric, so that no transpose is seen on the way back.

    Args:
        root: What came of it, shape (K, D, D).
        noted: How.
    """

    def __init__(self, root: Tensor, noted: Iterates):
        self._root, self._size, self._scale = root, noted.size, noted.size.rsqrt()
        self._steps = [_Step(*each) for each in noted.steps]

    def back(self, gradient: Tensor) -> Tensor:
        """Return dE/dA of dE/droot, both (K, D, D)."""
        return self._passed_back(gradient).to_matrix

    def turning(self, gradient: Tensor) -> tuple[Tensor, Callable[[Tensor], tuple[Tensor, Callable[[Tensor], Tensor]]]]:
        """Return dE/dA, and how root and dE/dA change with A.

        The second is R{A}, symmetric -> R{root}, and the way from R{dE/droot} to R{dE/dA}.

        Args:
            gradient: dE/droot, shape (K, D, D).
        """
        passed = self._passed_back(gradient)
        return passed.to_matrix, partial(self._along, gradient, passed)

    def _along(
        self, gradient: Tensor, passed: _PassedBack, r_matrix: Tensor
    ) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        y = self._steps[0].y
        growth = inner_product(y, r_matrix) / self._size  # R{|A|} / |A|
        r_y, r_z, r_steps = r_matrix / self._size - growth * y, torch.zeros_like(r_matrix), list[_Step]()
        for step in self._steps:
            r_t = -0.5 * torch.bmm(r_z, step.y).baddbmm_(step.z, r_y)
            r_steps.append(_Step(r_y, r_z, r_t))
            r_y = torch.bmm(r_y, step.t).baddbmm_(step.y, r_t)
            r_z = torch.bmm(r_t, step.z).baddbmm_(step.t, r_z)
        r_root = r_z * self._scale - 0.5 * growth * self._root

        def back(r_gradient: Tensor) -> Tensor:
            r_to_z = (r_gradient - 0.5 * growth * gradient) * self._scale
            r_to_y = torch.zeros_like(r_to_z)
            for step, r, to in zip(self._steps[::-1], r_steps[::-1], passed.steps, strict=True):
                r_to_t = torch.bmm(r.y, to.y).baddbmm_(step.y, r_to_y).baddbmm_(r_to_z, step.z).baddbmm_(to.z, r.z)
                half_y = torch.bmm(r.z, to.t).baddbmm_(step.z, r_to_t)
                half_z = torch.bmm(r_to_t, step.y).baddbmm_(to.t, r.y)
                r_to_y = torch.bmm(r_to_y, step.t).baddbmm_(to.y, r.t).sub_(half_y, alpha=0.5)
                r_to_z = torch.bmm(r.t, to.z).baddbmm_(step.t, r_to_z).sub_(half_z, alpha=0.5)
            r_y, by_root = r_steps[0].y, inner_product(r_gradient, self._root) + inner_product(gradient, r_root)
            by_y = inner_product(r_to_y, y) + inner_product(passed.to_y, r_y)
            r_to_size = -(0.5 * by_root + by_y) / self._size - growth * passed.to_size
            direct = (r_to_y - growth * passed.to_y) / self._size
            return direct + r_to_size * y + passed.to_size * r_y

        return r_root, back

    def _passed_back(self, gradient: Tensor) -> _PassedBack:
        y, steps = self._steps[0].y, list[_Step]()
        to_y, to_z = torch.zeros_like(gradient), gradient * self._scale
        for step in reversed(self._steps):
            to_t = torch.bmm(step.y, to_y).baddbmm_(to_z, step.z)
            steps.append(_Step(to_y, to_z, to_t))
            to_y = torch.bmm(to_y, step.t).baddbmm_(step.z, to_t, alpha=-0.5)
            to_z = torch.bmm(step.t, to_z).baddbmm_(to_t, step.y, alpha=-0.5)
        to_size = -(0.5 * inner_product(gradient, self._root) + inner_product(to_y, y)) / self._size
        return _PassedBack(steps, to_y, to_size, to_y / self._size + to_size * y)


@dataclass(frozen=True)
class _Step:
    """Y, Z and T of an iteration, Y and Z as it begins; on the way back dE/dT, and dE/dY and dE/dZ as it ends."""

    y: Tensor
    z: Tensor
    t: Tensor


@dataclass(frozen=True)
class _PassedBack:
    """The way back: its steps, last one first, dE/dY_0, dE/d|A| and dE/dA."""

    steps: list[_Step]
    to_y: Tensor
    to_size: Tensor
    to_matrix: Tensor


def inner_product(first: Tensor, second: Tensor) -> Tensor:
    """Return the sum of the products of two matrices' entries, shape (K, 1, 1)."""
    return (first * second).sum((1, 2), keepdim=True)
