"""Follows the sharpness of all lanes through a training."""

from __future__ import annotations

from torch import Tensor

from lessons.core.curvature.sharpness import HessianVectorProduct, TopEigenpair, top_eigenpair_in_parts
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
