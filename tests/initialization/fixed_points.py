"""Where the mean-field recursion comes to rest."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.initialization.mean_field import variance_map


def fixed_point(activation: str, weight_variance: Tensor, bias_variance: Tensor, layers: int = 2000) -> Tensor:
    """Return the q that the variance map comes to from q = 1; near chi = 1 it is still on its way after 2000 layers."""
    q = torch.ones_like(weight_variance)
    for _ in range(layers):
        q = variance_map(activation, q, weight_variance, bias_variance)
    return q
