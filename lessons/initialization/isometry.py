"""How near a net in training is to dynamical isometry: how many directions get through its hidden layers."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.network import DenseNetwork

IMAGES = 8  # their mean is known to a few per cent, and costs less than a training step


def directions_kept(network: DenseNetwork, theta: Tensor, inputs: Tensor) -> Tensor:
    """Return the participation ratio of the squared singular values of the hidden layers' Jacobian J.

    It is (sum s^2)^2 / sum s^4, the mean over inputs: n where all n singular values are alike, and near 1 where one of
    them is far above the others. No singular value is computed: the sums are |J|^2 and |J^T J|^2, of Frobenius norms.
    J = D_1 W_2 ... W_L D_L leads from the pre-activations of the first hidden layer to the activations of the last.

    Args:
        network: With at least one hidden layer.
        theta: Shape (K, P).
        inputs: Shape (N, D).

    Returns:
        Shape (K,); an input through which nothing gets counts 0.
    """
    (weight, bias), *others = network.layers(theta)[:-1]
    hidden, slope = _layer(network, inputs.expand(len(theta), *inputs.shape), weight, bias)
    jacobian = torch.diag_embed(slope)
    for weight, bias in others:
        hidden, slope = _layer(network, hidden, weight, bias)
        # A ratio knows of no scale, and fifty layers could leave float32.
        jacobian = torch.nn.functional.normalize(jacobian.flatten(2), dim=2).view_as(jacobian)
        jacobian = torch.bmm(jacobian.flatten(1, 2), weight).unflatten(1, jacobian.shape[1:3]) * slope[:, :, None]
    jacobian = torch.nn.functional.normalize(jacobian.flatten(2), dim=2).view_as(jacobian)
    squares = jacobian.square().sum((2, 3))
    fourths = (jacobian.mT @ jacobian).square().sum((2, 3))
    return torch.where(squares > 0, squares.square() / fourths, 0.0).mean(1)


def _layer(network: DenseNetwork, hidden: Tensor, weight: Tensor, bias: Tensor) -> tuple[Tensor, Tensor]:
    """Return the activations of the next layer and their slopes, each of shape (K, N, units)."""
    z = torch.baddbmm(bias, hidden, weight)
    activations = network.activation(z)
    return activations, network.activation.slope(z, activations)
