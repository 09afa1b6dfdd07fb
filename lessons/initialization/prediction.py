"""Predictions of mean-field theory for a propagation, lane by lane."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.lanes import Lanes, lanes_of_each
from lessons.initialization import mean_field
from lessons.initialization.propagation import PropagationSettings, are_residual
from lessons.initialization.schemes import NO_VARIANCE, SCHEMES, SchemeNumbers


@dataclass(frozen=True)
class Prediction:
    """Of `Propagation`'s measurements at infinite width, float64; NaN in lanes that no theory covers.

    Attributes:
        variance: q of the pre-activations of layers 1 to L, shape (K, L).
        activation_square: Shape (K, L + 1).
        activation_mean: Shape (K, L + 1).
        gradient_square: Shape (K, L).
        gradient_factor: chi of layers 1 to L, shape (K, L): what passing back through the layer multiplies by.
    """

    variance: Tensor
    activation_square: Tensor
    activation_mean: Tensor
    gradient_square: Tensor
    gradient_factor: Tensor


def weight_variance(lanes: Lanes[PropagationSettings]) -> Tensor:
    """Return sigma_w^2 = n Var W of a square layer, shape (K,).

    NaN for schemes of `NO_VARIANCE`, and for a learner's own.
    """
    numbers, width = SchemeNumbers.of(lanes), lanes.shared.width
    variance = torch.full((len(lanes),), torch.nan, dtype=torch.float64)
    for name, rows in lanes_of_each(lanes.values("scheme")).items():
        if name in SCHEMES and name not in NO_VARIANCE:
            square = SCHEMES[name].scale(numbers.rows(rows), width, width) ** 2
            variance[rows] = square if name == "orthogonal" else width * square
    return variance


def joined(lanes: Lanes[PropagationSettings], before: Tensor, layer: Tensor) -> Tensor:
    """Return the next layer's (co)variance of pre-activations, or factor of the gradient's, from what it was before.

    A layer's weights know nothing of what was there before, so in residual nets a layer adds an L-th of its own.

    Args:
        lanes: The nets.
        before: Shape (K, ...).
        layer: What a plain layer makes of it; the same shape.

    Returns:
        The same shape. Source: Yang & Schoenholz 2017, arXiv 1712.08969, theorems 5 and 9.
    """
    residual = are_residual(lanes).view(-1, *[1] * (layer.dim() - 1))
    return torch.where(residual, before + layer / lanes.shared.depth, layer)


def predict(lanes: Lanes[PropagationSettings]) -> Prediction:
    """Predict by the recursion; see `lessons.initialization.mean_field`."""
    variance, bias = weight_variance(lanes), lanes.bias_deviation**2
    activations = lanes_of_each(lanes.values("activation"))
    square = lanes.input_scale**2
    squares, means, factors, variances = [square], [torch.zeros_like(square)], list[Tensor](), list[Tensor]()
    for _ in range(lanes.shared.depth):
        layer = variance * square + bias
        q = joined(lanes, variances[-1], layer) if variances else layer
        square, middle, slope = torch.empty_like(q), torch.empty_like(q), torch.empty_like(q)
        for name, rows in activations.items():
            square[rows], middle[rows], slope[rows] = mean_field.moments(name, q[rows])
        variances.append(q)
        squares.append(square)
        means.append(middle)
        factors.append(joined(lanes, torch.ones_like(q), variance * slope))
    factor = torch.stack(factors, 1)
    back = torch.cat([torch.ones(len(lanes), 1, dtype=torch.float64), factor[:, :-1].flip(1)], 1)
    return Prediction(
        torch.stack(variances, 1),
        torch.stack(squares, 1),
        torch.stack(means, 1),
        back.cumprod(1).flip(1),
        factor,
    )
