"""What becomes of the correlation of two inputs in a wide random net.

Where two inputs have the same length, their pre-activations in a layer are a pair of Gaussians of variance q and
correlation c, and both numbers follow a recursion.

Sources: Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli 2016, arXiv 1606.05340 (the correlation map); Cho & Saul 2009,
"Kernel Methods for Deep Learning", NeurIPS 22 (ReLU: the arc-cosine kernel of degree 1).
"""

from __future__ import annotations

import math
from functools import cache

import torch
from torch import Tensor

from lessons.core.activations import ACTIVATIONS, LEAK
from lessons.core.lanes import Lanes, lanes_of_each
from lessons.initialization.angles import AngleSettings
from lessons.initialization.prediction import joined, predict, weight_variance
from lessons.initialization.propagation import are_residual

NODES, REACH = 97, 7.5


def product_moment(activation: str, q: Tensor, c: Tensor) -> Tensor:
    """Return E phi(u) phi(v) for Gaussians u, v of mean 0, variance q and correlation c.

    Smooth activations are summed on a grid of `NODES` by `NODES` points: to 1e-9 of q up to q = 10, and to a thousandth
    at 100, where a tanh is nearly a step.

    Args:
        activation: Name of phi.
        q: Float64, any shape.
        c: The same shape, from -1 to 1.

    Returns:
        The same shape.
    """
    if activation == "linear":
        return q * c
    if activation == "relu":
        return q * _of_relus(c)
    if activation == "leaky relu":  # phi(u) = a u + (1 - a) relu(u), and E u relu(v) = q c / 2
        return q * (LEAK**2 * c + LEAK * (1 - LEAK) * c + (1 - LEAK) ** 2 * _of_relus(c))
    x, weights = _nodes()
    phi, root = ACTIVATIONS[activation], q.sqrt()[..., None]
    first = phi(root * x)
    # v = c u + sqrt(1 - c^2) times a Gaussian of its own
    v = c[..., None, None] * x[:, None] + (1 - c.square()).clamp(min=0).sqrt()[..., None, None] * x
    second = (phi(root[..., None] * v) * weights).sum(-1)
    return (first * second * weights).sum(-1)


def predict_angles(lanes: Lanes[AngleSettings]) -> Tensor:
    """Return the angle between the two activations in layers 0 (the inputs) to L at infinite width.

    Returns:
        Degrees, float64, shape (K, L + 1); NaN in lanes that no theory covers. Angles below 1e-6 are rounding.
    """
    cosine, found = torch.cos(torch.deg2rad(lanes.angle))[:, None], predict(lanes)
    cosines, together = [cosine], torch.empty(0)
    for number, (square, q) in enumerate(
        zip(found.activation_square.unbind(1)[:-1], found.variance.unbind(1), strict=True)
    ):
        layer = _covariance(lanes, square, cosine)
        together = joined(lanes, together, layer) if number else layer
        cosine = _cosine(lanes, q[:, None], together)
        cosines.append(cosine)
    return torch.rad2deg(torch.arccos(torch.cat(cosines, 1)))


def angle_map(lanes: Lanes[AngleSettings], angles: Tensor) -> tuple[Tensor, Tensor]:
    """Return angles in the last layer, and in the layer that would follow it.

    Args:
        lanes: The nets.
        angles: Degrees, shape (A,): in the last layer; in residual nets between its pre-activations, which go on.

    Returns:
        Degrees, each of shape (K, A).
    """
    found, variance = predict(lanes), weight_variance(lanes)
    square, q = found.activation_square[:, -1], found.variance[:, -1:]
    given = torch.cos(torch.deg2rad(angles)).expand(len(lanes), -1)
    here = torch.where(are_residual(lanes)[:, None], _cosine(lanes, q, q * given), given)
    following = joined(lanes, q, (variance * square + lanes.bias_deviation**2)[:, None])
    there = _cosine(lanes, following, joined(lanes, q * given, _covariance(lanes, square, here)))
    return torch.rad2deg(torch.arccos(here)), torch.rad2deg(torch.arccos(there))


def small_angle_growth(lanes: Lanes[AngleSettings]) -> Tensor:
    """Return what a layer that follows the last one multiplies a small angle by, shape (K,).

    It multiplies the squared distance of two near inputs by chi, and the squared length of both by q' / q.
    """
    found = predict(lanes)
    before = found.variance[:, -1]
    layer = weight_variance(lanes) * found.activation_square[:, -1] + lanes.bias_deviation**2
    return (found.gradient_factor[:, -1] * before / joined(lanes, before, layer)).sqrt()


def _covariance(lanes: Lanes[AngleSettings], square: Tensor, cosine: Tensor) -> Tensor:
    """Return the covariance of two inputs' W^T h + b, shape (K, A), from h's mean square (K,) and cosine (K, A)."""
    return weight_variance(lanes)[:, None] * square[:, None] * cosine + lanes.bias_deviation[:, None] ** 2


def _cosine(lanes: Lanes[AngleSettings], q: Tensor, covariance: Tensor) -> Tensor:
    """Return the cosine of activations, shape (K, A), from their pre-activations' variance (K, 1) and covariance."""
    c = covariance / q
    q = q.expand_as(c)
    found = torch.empty_like(c)
    for name, rows in lanes_of_each(lanes.values("activation")).items():
        ones = torch.ones_like(q[rows, :1])
        found[rows] = product_moment(name, q[rows], c[rows]) / product_moment(name, q[rows, :1], ones)
    return found.clamp(-1, 1)


def _of_relus(c: Tensor) -> Tensor:
    """E relu(u) relu(v) for q = 1: the arc-cosine kernel of degree 1, halved."""
    return ((1 - c.square()).clamp(min=0).sqrt() + c * (math.pi - torch.arccos(c))) / (2 * math.pi)


@cache
def _nodes() -> tuple[Tensor, Tensor]:
    """Points, and weights for the standard normal density, float64, shape (NODES,)."""
    nodes = torch.linspace(-REACH, REACH, NODES, dtype=torch.float64)
    weights = torch.exp(-nodes.square() / 2)
    return nodes, weights / weights.sum()
