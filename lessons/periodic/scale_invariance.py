"""A net's outputs and gradient when its weights are stretched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from lessons.core.losses import cross_entropy
from lessons.periodic.network import ScaleInvariantNetwork

Part = Literal["weights", "affine", "last_layer"]


@dataclass(frozen=True)
class Stretched:
    """One net, its x stretched by each of A numbers alpha, where x are the parameters of the chosen parts.

    Attributes:
        loss: At alpha x, shape (A,).
        output_change: Largest change of an output against alpha = 1, relative to the largest output, shape (A,).
        gradient_norm: |grad f(alpha x)|, shape (A,); |grad f(x)| / alpha where f is scale-invariant.
        gradient_cosine: Between grad f(alpha x) and grad f(x), shape (A,); 1 where f is scale-invariant.
        inner_product: Cosine between grad f(alpha x) and x, shape (A,); 0 where f is scale-invariant.
    """

    loss: Tensor
    output_change: Tensor
    gradient_norm: Tensor
    gradient_cosine: Tensor
    inner_product: Tensor


def stretch(
    network: ScaleInvariantNetwork,
    theta: Tensor,
    inputs: Tensor,
    labels: Tensor,
    alphas: Tensor,
    parts: Sequence[Part] = ("weights",),
) -> Stretched:
    """Stretch some parts of a net by each alpha, and compare with the net as it is.

    The hidden weights alone may be stretched without a change if there is batch normalization. With a trained affine
    part or last layer, what is trained is stretched too, and the invariance is gone.

    Args:
        network: Its shape.
        theta: Its parameters, shape (1, P).
        inputs: Shape (N, D).
        labels: Shape (N,).
        alphas: Shape (A,).
        parts: What is stretched together.
    """
    chosen = torch.zeros(theta.shape[1], dtype=torch.bool, device=theta.device)
    for part in parts:
        chosen[getattr(network, part)] = True
    factors = torch.cat([torch.ones(1).to(alphas), alphas]).to(theta)[:, None]
    stretched = torch.where(chosen, factors * theta, theta)
    outputs, loss, gradient = network.loss_on(inputs, labels, cross_entropy).outputs_loss_and_gradient(stretched)
    gradient, x = gradient[:, chosen], theta[:, chosen]
    return Stretched(
        loss=loss[1:],
        output_change=((outputs[1:] - outputs[0]).abs().amax(dim=(1, 2)) / outputs[0].abs().max()),
        gradient_norm=gradient[1:].norm(dim=1),
        gradient_cosine=torch.cosine_similarity(gradient[1:], gradient[:1], dim=1),
        inner_product=torch.cosine_similarity(gradient[1:], x, dim=1),
    )
