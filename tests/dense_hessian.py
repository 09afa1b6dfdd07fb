"""All eigenvalues of a small net's Hessian, from the whole matrix."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.curvature.hessian_spectrum import LossOfTheta
from lessons.core.curvature.sharpness import hessian_vector_product


def dense_eigenvalues(loss: LossOfTheta, theta: Tensor) -> Tensor:
    """Return all eigenvalues, smallest first, shape (K, P): P Hessian-vector products and K matrices of P^2 numbers."""
    theta = theta.detach().requires_grad_()
    (gradient,) = torch.autograd.grad(loss(theta).sum(), theta, create_graph=True)
    product = hessian_vector_product(gradient, theta)
    columns = [product(axis.expand_as(theta)) for axis in torch.eye(theta.shape[1]).to(theta)]
    hessian = torch.stack(columns, dim=2)
    return torch.linalg.eigvalsh((hessian + hessian.transpose(1, 2)) / 2)
