"""Histograms of activations, layer by layer."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

BINS = 41  # odd: activations near the middle of the range share a bin
_RANGES = {"tanh": (-1.0, 1.0), "logistic": (0.0, 1.0), "relu": (0.0, 4.0)}


def histogram_range(activation: str) -> tuple[float, float]:
    """Return from where to where an activation's histogram reaches."""
    return _RANGES.get(activation, (-4.0, 4.0))


def histogram(activations: Sequence[Tensor], names: Sequence[str], bins: int) -> Tensor:
    """Return the share of activations in each bin.

    What lies outside the range counts in the first or the last bin, and what is not a number in none.

    Args:
        activations: L of them, each of shape (K, N, n).
        names: Each lane's activation, which gives its range.
        bins: B.

    Returns:
        Shape (K, L, B).
    """
    low, high = torch.tensor([histogram_range(name) for name in names]).T.to(activations[0])
    return torch.stack([_shares(h.flatten(1), low, high, bins) for h in activations], 1)


def _shares(values: Tensor, low: Tensor, high: Tensor, bins: int) -> Tensor:
    """Of values (K, M): shape (K, B)."""
    place = (values - low[:, None]) / (high - low)[:, None] * bins
    numbers = place.nan_to_num(0.0, bins, 0.0).clamp(0, bins - 1).long()
    counted = values.isfinite() | values.isinf()
    shares = torch.zeros(len(values), bins).to(values)
    return shares.scatter_add_(1, numbers, counted.to(values)) / values.shape[1]
