"""How near the nearest of some random student nodes is to a teacher node: what a lottery ticket begins with."""

from __future__ import annotations

import math

import torch
from torch import Tensor

_POINTS = 2001
_TAIL = 8.0  # of a normal distribution, in deviations; what is left out is below 1e-14


def node_correlation(cosine: Tensor, share: float) -> Tensor:
    """Return Pearson's correlation of relu(u.x) and relu(w.x + b) on inputs N(0, I).

    u is a student node without bias, of any length; w has length 1 and b = Phi^-1(share), as teachers have. Given w.x,
    u.x is normal, and the mean of its ReLU is known; what is left is one integral, taken by the trapezoidal rule.

    Args:
        cosine: Of u and w, any shape, float64, from -1 to 1.
        share: Of the inputs, on which the teacher node fires, from 0 to 1.

    Returns:
        Of the cosine's shape.
    """
    bias = torch.special.ndtri(torch.tensor(share, dtype=torch.float64))
    w = torch.linspace(-float(bias.clamp(max=_TAIL)), _TAIL, _POINTS, dtype=torch.float64)
    mean, width = cosine[..., None] * w, (1 - cosine**2).clamp(min=1e-24).sqrt()[..., None]
    other = mean * torch.special.ndtr(mean / width) + width * _normal(mean / width)
    product = torch.trapezoid((w + bias) * other * _normal(w), w)
    fires, level = torch.special.ndtr(bias), _normal(bias)
    mean_of_teacher = level + bias * fires
    variance = (1 + bias**2) * fires + bias * level - mean_of_teacher**2
    return (product - mean_of_teacher / math.sqrt(2 * math.pi)) / (variance * (0.5 - 0.5 / math.pi)).sqrt()


def median_nearest(nodes: int, share: float, dimension: int) -> float:
    """Return the median of the largest correlation of a teacher node with any of m random student nodes.

    Directions drawn at random have a cosine c of density (1 - c^2)^((d - 3) / 2) in d dimensions, and the largest of m
    is below c with probability P(c)^m; the correlation grows with the cosine.

    Args:
        nodes: m.
        share: As of `node_correlation`.
        dimension: d, at least 2.
    """
    angle = torch.linspace(0, math.pi, _POINTS, dtype=torch.float64)
    larger = torch.cumulative_trapezoid(torch.sin(angle) ** (dimension - 2), angle)
    above = 1 - 0.5 ** (1 / nodes)
    place = int(torch.searchsorted(larger / larger[-1], above).clamp(max=_POINTS - 2)) + 1
    return node_correlation(torch.cos(angle[place]), share).item()


def _normal(at: Tensor) -> Tensor:
    """Density of N(0, 1)."""
    return torch.exp(-(at**2) / 2) / math.sqrt(2 * math.pi)
