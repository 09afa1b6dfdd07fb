"""A closed form for ReLU nodes on Gaussian inputs x ~ N(0, I).

Inputs that are Gaussian and weights drawn independently are idealizations: real data has neither. That training
creates structure, where heat would destroy it, is a metaphor: a training is not an isolated system, and nothing here is
derived from thermodynamics.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

_NODES = 64


def joint_share(share: Tensor, cosine: Tensor) -> Tensor:
    """Return the probability that two nodes fire together, each of which fires on `share` of the inputs.

    Both have weights of length 1 and the same bias b = Phi^-1(share). The probability is
    share^2 + integral from 0 to arcsin(cosine) of exp(-b^2 / (1 + sin s)) / (2 pi) ds (Plackett 1954, Biometrika 41);
    without bias 1/4 + arcsin(cosine) / (2 pi) (Sheppard 1899).

    Args:
        share: From 0 to 1, any shape.
        cosine: Of the weights, broadcastable to it, from -1 to 1.
    """
    share, cosine = torch.broadcast_tensors(share.double(), cosine.double())
    bias = torch.special.ndtri(share)
    at, weight = _gauss_legendre()
    end = torch.arcsin(cosine.clamp(-1, 1))[..., None]
    s = end * (at + 1) / 2
    integrand = torch.exp(-(bias[..., None] ** 2) / (1 + torch.sin(s)).clamp(min=1e-300))
    return share**2 + (integrand * weight).sum(-1) * end[..., 0] / (4 * math.pi)


def _gauss_legendre() -> tuple[Tensor, Tensor]:
    """Places and weights of Gauss-Legendre quadrature on [-1, 1] (Golub & Welsch 1969)."""
    number = torch.arange(1, _NODES, dtype=torch.float64)
    beside = number / torch.sqrt(4 * number**2 - 1)
    places, vectors = torch.linalg.eigh(torch.diag(beside, 1) + torch.diag(beside, -1))
    return places, 2 * vectors[0] ** 2
