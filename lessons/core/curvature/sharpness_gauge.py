"""Follows the sharpness of all lanes through a training."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from lessons.core.curvature.sharpness import (
    HessianVectorProduct,
    TopEigenpair,
    preconditioned,
    top_eigenpair_in_parts,
)
from lessons.core.generators import normal_per_seed
from lessons.core.parts import Parts

FIRST_ITERATIONS = 30
FOLLOWING_ITERATIONS = 8


class SharpnessGauge:
    """Reads the top of the Hessian again and again: each reading starts Lanczos from the last eigenvector.

    The first reading starts from a random direction and takes `FIRST_ITERATIONS` Hessian-vector products, the others
    `FOLLOWING_ITERATIONS`: at the edge of stability the worst of them read 4 % low (with 3 products, 29 %).

    Args:
        seeds: Draw the random directions, shape (K,); the stream is the gauge's own.
        parameter_count: P.
        device: Where theta is.
    """

    def __init__(self, seeds: Tensor, parameter_count: int, device: str = "cpu"):
        self._start = normal_per_seed(seeds, "sharpness", parameter_count).to(device)
        self._vector: Tensor | None = None

    def read_in_parts(self, product: HessianVectorProduct) -> Parts[TopEigenpair]:
        """Measure, a part for each product; `product` is v -> H v at the present theta, on shape (K, P)."""
        if self._vector is None:
            top = yield from top_eigenpair_in_parts(product, self._start, FIRST_ITERATIONS)
        else:
            top = yield from top_eigenpair_in_parts(product, self._vector, FOLLOWING_ITERATIONS)
        self._vector = top.vector
        return top


@dataclass(frozen=True)
class Sharpness:
    """What two gauges read.

    Attributes:
        top: Of the Hessian.
        preconditioned: The largest eigenvalue of the Hessian as the next update sees it, shape (K,).
    """

    top: TopEigenpair
    preconditioned: Tensor

    @property
    def measured(self) -> dict[str, Tensor]:
        """Both, by the names under which experiments measure them."""
        return {"sharpness": self.top.value, "preconditioned_sharpness": self.preconditioned}


class SharpnessGauges:
    """Reads the top of the Hessian and, where a lane's rule divides the gradient, that of P^(-1/2) H P^(-1/2), too.

    Arguments are those of `SharpnessGauge`. Both begin at the same direction: where P is 1 they read the same.
    """

    def __init__(self, seeds: Tensor, parameter_count: int, device: str = "cpu"):
        self._plain, self._divided = (SharpnessGauge(seeds, parameter_count, device) for _ in range(2))

    def read_in_parts(self, product: HessianVectorProduct, by: Tensor | None) -> Parts[Sharpness]:
        """Measure, a part for each product.

        Args:
            product: v -> H v at the present theta, on shape (K, P).
            by: The diagonal of P, shape (K, P), as of `LaneOptimizer.preconditioner`; None where no lane divides.
        """
        top = yield from self._plain.read_in_parts(product)
        if by is None:
            return Sharpness(top, top.value)
        divided = yield from self._divided.read_in_parts(preconditioned(product, by))
        return Sharpness(top, divided.value)
