"""All eigenvalues of a small net's Hessian, from the whole matrix."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.curvature.sharpness import HessianAt


def dense_eigenvalues(hessian_at: HessianAt, theta: Tensor) -> Tensor:
    """Return all eigenvalues, smallest first, shape (K, P): P Hessian-vector products and K matrices of P^2 numbers."""
    product = hessian_at(theta)
    columns = [product(axis.expand_as(theta)) for axis in torch.eye(theta.shape[1]).to(theta)]
    hessian = torch.stack(columns, dim=2)
    return torch.linalg.eigvalsh((hessian + hessian.transpose(1, 2)) / 2)
