"""The cells of a tensor that share one mean and one variance."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

ActivationNorm = Literal["batch", "layer", "instance", "group", "RMS"]
ACTIVATION_NORMS: tuple[ActivationNorm, ...] = ("batch", "layer", "instance", "group", "RMS")


def averaged_cells(kind: ActivationNorm, shape: Sequence[int], groups: int, cell: Sequence[int]) -> Tensor:
    """Return which cells are averaged to normalize one cell.

    Batch norm: the cell's channel, over all samples and positions: one statistic for each channel, not for each pixel.
    Layer and RMS norm: the cell's sample. Instance norm: one channel of one sample. Group norm: one group of
    neighbouring channels of one sample.

    Args:
        kind: The normalization.
        shape: Of the tensor: (N, C, H, W), or (N, C) for features without positions.
        groups: Groups of channels, for group norm only.
        cell: Index of the cell, one number for each axis.

    Returns:
        True at the cells that share the cell's statistic, itself included; of that shape.

    Raises:
        ValueError: If `groups` does not divide the channels, or the cell is not in the tensor.

    Source: Wu & He 2018, arXiv 1803.08494, figure 2 and equations 3 to 7.
    """
    if len(cell) != len(shape) or not all(0 <= at < size for at, size in zip(cell, shape, strict=True)):
        raise ValueError(f"There is no cell {tuple(cell)} in a tensor of shape {tuple(shape)}.")
    checked_groups(groups, shape[1])
    sample = _along(0, shape) == cell[0]
    channel = _along(1, shape) == cell[1]
    size = shape[1] // groups
    near = _along(1, shape) // size == cell[1] // size
    chosen = {"batch": channel, "layer": sample, "RMS": sample, "instance": sample & channel, "group": sample & near}
    return chosen[kind].expand(tuple(shape)).clone()


def checked_groups(groups: int, channels: int) -> int:
    """Return `groups`.

    Raises:
        ValueError: If the channels cannot be shared out evenly among so many groups.
    """
    if groups < 1 or channels % groups:
        raise ValueError(f"{channels} channels cannot be shared out evenly among {groups} groups.")
    return groups


def largest_even_groups(groups: int, channels: int) -> int:
    """Return the largest number up to `groups` that divides the channels."""
    return next(number for number in range(min(groups, channels), 0, -1) if channels % number == 0)


def _along(axis: int, shape: Sequence[int]) -> Tensor:
    """Index along one axis, shaped so that it broadcasts over the others."""
    view = [1] * len(shape)
    view[axis] = shape[axis]
    return torch.arange(shape[axis]).view(view)
