"""Closed forms for ReLU nodes without biases on Gaussian inputs x ~ N(0, I)."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def relu_product(cosine: Tensor) -> Tensor:
    """Return E[relu(u.x) relu(w.x)] for |u| = |w| = 1 and no biases.

    (sin t + (pi - t) cos t) / (2 pi) at the angle t: half the arc-cosine kernel of degree 1, Cho & Saul 2009,
    NeurIPS 22, eq. 6.

    Args:
        cosine: u.w, any shape.
    """
    angle = torch.arccos(cosine.clamp(-1, 1))
    return (torch.sin(angle) + (math.pi - angle) * torch.cos(angle)) / (2 * math.pi)


def activation_correlation(cosine: Tensor) -> Tensor:
    """Return Pearson's correlation of relu(u.x) and relu(w.x), without biases.

    A ReLU of N(0, 1) has mean 1 / sqrt(2 pi) and variance 1/2 - 1 / (2 pi). Near cosine 1 the correlation is
    1 - (1 - cosine) pi / (pi - 1), so above 0.99 means a cosine above 0.993.

    Args:
        cosine: Of the weights, any shape.
    """
    return (relu_product(cosine) - 1 / (2 * math.pi)) / (0.5 - 1 / (2 * math.pi))


def expected_pull(node: Tensor, target: Tensor) -> Tensor:
    """Return E[x 1(w.x > 0) relu(u.x)]: how node w sees another node u, averaged over the inputs, without biases.

    ((pi - t) u + |u| sin t w / |w|) / (2 pi) at the angle t between them (Tian 2017, arXiv 1703.00560, theorem 1).

    Args:
        node: w, shape (..., D), not 0.
        target: u, shape (..., D), not 0.

    Returns:
        Shape (..., D).
    """
    length, own = target.norm(dim=-1, keepdim=True), node / node.norm(dim=-1, keepdim=True)
    cosine = (own * target / length).sum(-1, keepdim=True).clamp(-1, 1)
    angle = torch.arccos(cosine)
    return ((math.pi - angle) * target + length * torch.sin(angle) * own) / (2 * math.pi)


def expected_gradient(weights: Tensor, top: Tensor, teacher_weights: Tensor, teacher_top: Tensor) -> Tensor:
    """Return the gradient of E[|student(x) - teacher(x)|^2] / 2 by the hidden weights, without any biases.

    Node j is pulled towards each teacher node i in proportion to v_j.v*_i, and pushed away from each student node k in
    proportion to v_j.v_k, v being outgoing weights. So a node in a hidden layer, which no label touches, learns from
    the teacher nodes of the same layer: from those with v_j.v*_i > 0.

    Args:
        weights: Of the student nodes, shape (m, D).
        top: Their outgoing weights, shape (m, C).
        teacher_weights: Shape (n, D).
        teacher_top: Shape (n, C).

    Returns:
        Shape (m, D).
    """
    from_students = expected_pull(weights[:, None], weights[None])
    from_teachers = expected_pull(weights[:, None], teacher_weights[None])
    pushed = ((top @ top.T)[..., None] * from_students).sum(1)
    return pushed - ((top @ teacher_top.T)[..., None] * from_teachers).sum(1)
