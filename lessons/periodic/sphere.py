"""The loss of a scale-invariant net as a function on the unit sphere, for all lanes at once."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.curvature.sharpness import HessianVectorProduct


def sphere_hessian_product(hessian: HessianVectorProduct, theta: Tensor, part: slice) -> HessianVectorProduct:
    """Return v -> rho^2 P H P v, the Hessian along the unit sphere at x / rho.

    x are the parameters that the loss is invariant to the scale of, rho is their length, and P projects onto the plane
    at right angles to x. H falls as 1 / rho^2 when x is stretched, so the product does not depend on rho. There is no
    further term, as the gradient is at right angles to x.

    Args:
        hessian: w -> H w at theta, on shape (K, P).
        theta: Shape (K, P).
        part: Where x is in theta; v is of shape (K, S), S its length.
    """
    x = theta[:, part]
    rho = x.norm(dim=1, keepdim=True)
    direction = x / rho

    def product(vector: Tensor) -> Tensor:
        tangent = torch.zeros_like(theta)
        tangent[:, part] = at_right_angles(vector, direction)
        return rho**2 * at_right_angles(hessian(tangent)[:, part], direction)

    return product


def at_right_angles(vectors: Tensor, directions: Tensor) -> Tensor:
    """Return what is left of each vector (K, S) without its component along a unit vector (K, S)."""
    return vectors - (vectors * directions).sum(1, keepdim=True) * directions


def cosine_distance(first: Tensor, second: Tensor) -> Tensor:
    """Return 1 - cos of the angle between unit vectors (K, S), accurate however small: half their squared distance."""
    return (first - second).square().sum(1) / 2
