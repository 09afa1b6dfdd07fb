"""Two classes of points in the plane: sets that a net has to bend its boundary for."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import Literal

import torch
from torch import Tensor

from lessons.core.data.digits import Split
from lessons.core.generators import generator

PointSet = Literal["moons", "circles", "spirals", "xor"]
WINDOW = 1.8  # half the side of the square, about the origin, that holds the points


def _moons(place: Tensor, label: Tensor) -> Tensor:
    """Two half circles that reach into each other."""
    angle = math.pi * place
    upper = torch.stack([angle.cos() - 0.5, angle.sin() - 0.25], 1)
    return torch.where(label[:, None] == 0, upper, -upper)


def _circles(place: Tensor, label: Tensor) -> Tensor:
    """A ring within a ring."""
    angle, radius = 2 * math.pi * place, 1.2 - 0.7 * label
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1)


def _spirals(place: Tensor, label: Tensor) -> Tensor:
    """Two arms of one and a half turns, after Lang & Witbrock 1988."""
    radius, angle = 0.1 + 1.3 * place, 3 * math.pi * place + math.pi * label
    return torch.stack([radius * angle.cos(), radius * angle.sin()], 1)


def _xor(place: Tensor, label: Tensor) -> Tensor:
    """The corners of a square, opposite corners of one class (Minsky & Papert 1969)."""
    first = torch.where(place < 0.5, -0.8, 0.8).to(place)
    return torch.stack([first, torch.where(label == 0, first, -first)], 1)


POINT_SETS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "moons": _moons,
    "circles": _circles,
    "spirals": _spirals,
    "xor": _xor,
}


@cache
def points_split(name: PointSet, train_size: int, noise: float, test_size: int = 500) -> Split:
    """Return a fixed sample: the same arguments always give the same points, whatever a lane's seed.

    Args:
        name: Which set.
        train_size: Points for training; the two classes are equally likely.
        noise: Deviation of the Gaussian noise in each coordinate.
        test_size: Further points from the same distribution.

    Returns:
        Inputs (N, 2), float32, and labels 0 or 1 (N,).
    """
    train = draw_points(name, train_size, noise, f"{name}, training")
    test = draw_points(name, test_size, noise, f"{name}, test")
    return Split(*train, *test)


def draw_points(name: PointSet, count: int, noise: float, purpose: str) -> tuple[Tensor, Tensor]:
    """Return points (N, 2) and labels (N,) from the random stream named by `purpose`."""
    source = generator(0, purpose)
    label = torch.randint(2, (count,), generator=source)
    place = torch.rand(count, generator=source)
    spread = noise * torch.randn(count, 2, generator=source)
    return POINT_SETS[name](place, label) + spread, label
