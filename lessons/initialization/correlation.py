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
from lessons.initialization.prediction import predict, weight_variance

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
    cosine, squares = torch.cos(torch.deg2rad(lanes.angle))[:, None], predict(lanes).activation_square
    cosines = [cosine]
    for square in squares.unbind(1)[:-1]:
        cosine = _next_layer(lanes, square, cosine)
        cosines.append(cosine)
    return torch.rad2deg(torch.arccos(torch.cat(cosines, 1)))


def angle_map(lanes: Lanes[AngleSettings], angles: Tensor) -> Tensor:
    """Return the angle in the layer that would follow the last one, for angles in the last one.

    Args:
        lanes: The nets.
        angles: Degrees, shape (A,).

    Returns:
        Degrees, shape (K, A).
    """
    cosines = torch.cos(torch.deg2rad(angles)).expand(len(lanes), -1)
    return torch.rad2deg(torch.arccos(_next_layer(lanes, predict(lanes).activation_square[:, -1], cosines)))


def small_angle_growth(lanes: Lanes[AngleSettings]) -> Tensor:
    """Return what a layer that follows the last one multiplies a small angle by, shape (K,).

    It multiplies the squared distance of two near inputs by chi, and the squared length of both by q' / q.
    """
    found, variance, bias = predict(lanes), weight_variance(lanes), lanes.bias_deviation**2
    before, after = (variance * square + bias for square in found.activation_square[:, -2:].unbind(1))
    return (found.gradient_factor[:, -1] * before / after).sqrt()


def _next_layer(lanes: Lanes[AngleSettings], square: Tensor, cosine: Tensor) -> Tensor:
    """Return the cosine of the next layer's activations, shape (K, A), from this one's, and its mean square (K,)."""
    variance, bias = weight_variance(lanes)[:, None], lanes.bias_deviation[:, None] ** 2
    q = variance * square[:, None] + bias
    c = (variance * square[:, None] * cosine + bias) / q
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
