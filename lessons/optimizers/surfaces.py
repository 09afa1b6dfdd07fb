"""Two-dimensional surfaces for optimizers to run down, each with its loss, gradient and Hessian in closed form.

A point is theta of shape (K, 2), one for each lane. All is float64.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, cast

import torch
from torch import Tensor

from lessons.core.lanes import Lanes

Point = tuple[float, float]


@dataclass(frozen=True)
class Window:
    """The part of the plane that is drawn: from `low` to `high` corner."""

    low: Point
    high: Point


class Surface(ABC):
    """A loss over the plane, the same for all lanes or with one shape per lane.

    Attributes:
        formula: In LaTeX.
        window: What to draw.
        start: A point from which the surface shows what it is known for.
        reference: Where it comes from.
    """

    formula: ClassVar[str]
    reference: ClassVar[str]
    window: ClassVar[Window]
    start: ClassVar[Point]

    @abstractmethod
    def loss(self, theta: Tensor) -> Tensor:
        """Return the loss at theta (K, 2), shape (K,). A surface of one lane takes any number of points."""

    @abstractmethod
    def gradient(self, theta: Tensor) -> Tensor:
        """Return the gradient, shape (K, 2)."""

    @abstractmethod
    def hessian(self, theta: Tensor) -> Tensor:
        """Return the Hessian, shape (K, 2, 2)."""

    def loss_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Return both, shapes (K,) and (K, 2)."""
        return self.loss(theta), self.gradient(theta)

    def rows(self, lanes: Tensor | slice) -> Surface:
        """Return the surface of some lanes; the same one where all lanes share it."""
        return self

    @property
    def minima(self) -> tuple[Point, ...]:
        """The known minima, the lowest first."""
        return ()

    @property
    def saddles(self) -> tuple[Point, ...]:
        """The known saddle points."""
        return ()


class Quadratic(Surface):
    """An elliptic bowl with curvatures 1 and 1/kappa, the steep direction turned from the first axis by the angle.

    Args:
        condition_number: kappa, shape (K,).
        angle: In degrees, shape (K,).
        scale: What the loss is multiplied by, shape (K,); 1 if left out.
    """

    formula = r"\tfrac12\,\theta^\top Q\,\mathrm{diag}(1, 1/\kappa)\,Q^\top\theta"
    reference = 'LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 5'
    window = Window((-3.0, -3.0), (3.0, 3.0))
    start = (-2.0, 2.2)

    def __init__(self, condition_number: Tensor, angle: Tensor, scale: Tensor | None = None):
        scale = torch.ones_like(condition_number) if scale is None else scale
        self._matrix = _turned_diagonal(scale, scale / condition_number, torch.deg2rad(angle))

    def loss(self, theta: Tensor) -> Tensor:
        return (theta * self.gradient(theta)).sum(1) / 2

    def gradient(self, theta: Tensor) -> Tensor:
        return (self._matrix * theta[:, None]).sum(2)

    def hessian(self, theta: Tensor) -> Tensor:
        return self._matrix.expand(len(theta), 2, 2)

    def rows(self, lanes: Tensor | slice) -> Quadratic:
        part = Quadratic.__new__(Quadratic)
        part._matrix = self._matrix[lanes]
        return part

    @property
    def minima(self) -> tuple[Point, ...]:
        return ((0.0, 0.0),)


class Rosenbrock(Surface):
    """A curved, flat-bottomed valley: easy to enter, slow to follow."""

    formula = r"(1-\theta_1)^2 + 100\,(\theta_2-\theta_1^2)^2"
    reference = "Rosenbrock 1960, The Computer Journal 3(3)"
    window = Window((-2.0, -1.0), (2.0, 3.0))
    start = (-1.2, 1.0)

    def loss(self, theta: Tensor) -> Tensor:
        x, y = theta.unbind(1)
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    def gradient(self, theta: Tensor) -> Tensor:
        x, y = theta.unbind(1)
        rise = 200 * (y - x**2)
        return torch.stack([-2 * (1 - x) - 2 * x * rise, rise], 1)

    def hessian(self, theta: Tensor) -> Tensor:
        x, y = theta.unbind(1)
        return _symmetric(2 - 400 * (y - 3 * x**2), -400 * x, torch.full_like(x, 200.0))

    @property
    def minima(self) -> tuple[Point, ...]:
        return ((1.0, 1.0),)


class Beale(Surface):
    """A plateau between steep walls at the corners, with a saddle on the way."""

    formula = r"\sum_{i=1}^3 \bigl(c_i - \theta_1(1-\theta_2^i)\bigr)^2,\quad c = (1.5,\ 2.25,\ 2.625)"
    reference = "Beale 1958, Princeton University, Statistical Techniques Research Group, report 25"
    window = Window((-1.0, -2.0), (4.5, 2.0))
    start = (1.0, 1.6)

    _constants = (1.5, 2.25, 2.625)

    def loss(self, theta: Tensor) -> Tensor:
        x, y = theta.unbind(1)
        terms = ((c - x * (1 - y**i)) ** 2 for i, c in enumerate(self._constants, 1))
        return cast(Tensor, sum(terms))

    def gradient(self, theta: Tensor) -> Tensor:
        x, y = theta.unbind(1)
        along_x, along_y = torch.zeros_like(x), torch.zeros_like(y)
        for i, c in enumerate(self._constants, 1):
            residual = c - x * (1 - y**i)
            along_x = along_x + 2 * residual * (y**i - 1)
            along_y = along_y + 2 * residual * x * i * y ** (i - 1)
        return torch.stack([along_x, along_y], 1)

    def hessian(self, theta: Tensor) -> Tensor:
        x, y = theta.unbind(1)
        xx, xy, yy = torch.zeros_like(x), torch.zeros_like(x), torch.zeros_like(x)
        for i, c in enumerate(self._constants, 1):
            residual, slope = c - x * (1 - y**i), i * y ** (i - 1)
            xx = xx + 2 * (y**i - 1) ** 2
            xy = xy + 2 * (x * slope * (y**i - 1) + residual * slope)
            yy = yy + 2 * (x * slope) ** 2
            if i > 1:
                yy = yy + 2 * residual * x * i * (i - 1) * y ** (i - 2)
        return _symmetric(xx, xy, yy)

    @property
    def minima(self) -> tuple[Point, ...]:
        return ((3.0, 0.5),)

    @property
    def saddles(self) -> tuple[Point, ...]:
        return ((0.0, 1.0),)


class Saddle(Surface):
    """A saddle at the origin, curvatures 1 and -1, its stable manifold the first axis; two minima catch what leaves."""

    formula = r"\tfrac12\,\theta_1^2 + \tfrac14\,(\theta_2^2-1)^2"
    reference = "Dauphin et al. 2014, arXiv 1406.2572"
    window = Window((-2.0, -1.6), (2.0, 1.6))
    start = (-1.5, 0.001)

    def loss(self, theta: Tensor) -> Tensor:
        x, y = theta.unbind(1)
        return x**2 / 2 + (y**2 - 1) ** 2 / 4

    def gradient(self, theta: Tensor) -> Tensor:
        x, y = theta.unbind(1)
        return torch.stack([x, y**3 - y], 1)

    def hessian(self, theta: Tensor) -> Tensor:
        x, y = theta.unbind(1)
        return _symmetric(torch.ones_like(x), torch.zeros_like(x), 3 * y**2 - 1)

    @property
    def minima(self) -> tuple[Point, ...]:
        return ((0.0, 1.0), (0.0, -1.0))

    @property
    def saddles(self) -> tuple[Point, ...]:
        return ((0.0, 0.0),)


class TwoMinima(Surface):
    """Two basins of unequal depth; where a descent ends depends on its start and its momentum.

    Attributes:
        tilt: What makes them unequal.
        lowest: What the formula gives at the deeper minimum; it is taken off, so that the loss is 0 there.
    """

    formula = r"(\theta_1^2-1)^2 + \tfrac{3}{10}\,\theta_1 + \tfrac12\,\theta_2^2 + \mathrm{const}"
    reference = "Strogatz 2015, Nonlinear Dynamics and Chaos, 2nd ed., section 3.6 (imperfect bifurcation)"
    window = Window((-2.0, -2.0), (2.0, 2.0))
    start = (1.8, 1.5)

    tilt: ClassVar[float] = 0.3

    def __init__(self) -> None:
        self.lowest = self._height(self._flat_points[0])

    def _height(self, x: Tensor | float) -> Tensor | float:
        return (x**2 - 1) ** 2 + self.tilt * x

    @property
    def _flat_points(self) -> tuple[float, float, float]:
        """The roots of 4 x^3 - 4 x + tilt: deep minimum, saddle, shallow minimum (Viète's formula)."""
        angle = math.acos(-self.tilt * 3 * math.sqrt(3) / 8) / 3
        low, middle, high = sorted(2 / math.sqrt(3) * math.cos(angle - 2 * math.pi * k / 3) for k in range(3))
        return low, middle, high

    def loss(self, theta: Tensor) -> Tensor:
        x, y = theta.unbind(1)
        return self._height(x) - self.lowest + y**2 / 2

    def gradient(self, theta: Tensor) -> Tensor:
        x, y = theta.unbind(1)
        return torch.stack([4 * x * (x**2 - 1) + self.tilt, y], 1)

    def hessian(self, theta: Tensor) -> Tensor:
        x, _ = theta.unbind(1)
        return _symmetric(12 * x**2 - 4, torch.zeros_like(x), torch.ones_like(x))

    @property
    def minima(self) -> tuple[Point, ...]:
        deep, _, shallow = self._flat_points
        return ((deep, 0.0), (shallow, 0.0))

    @property
    def saddles(self) -> tuple[Point, ...]:
        return ((self._flat_points[1], 0.0),)


def loss_grid(surface: Surface, lane: int = 0, points: int = 61) -> tuple[Tensor, Tensor, Tensor]:
    """Return the loss over the surface's window, for level lines.

    Args:
        surface: Any.
        lane: Whose shape, where lanes have their own.
        points: Along each side.

    Returns:
        First coordinates (G,), second coordinates (G,), and the loss (G, G): row j, column i at (first[i], second[j]).
    """
    (left, low), (right, high) = surface.window.low, surface.window.high
    first = torch.linspace(left, right, points, dtype=torch.float64)
    second = torch.linspace(low, high, points, dtype=torch.float64)
    y, x = torch.meshgrid(second, first, indexing="ij")
    loss = surface.rows(slice(lane, lane + 1)).loss(torch.stack([x.flatten(), y.flatten()], 1))
    return first, second, loss.view(points, points)


def quadratic(lanes: Lanes) -> Quadratic:
    """Return the bowl that the lanes' `condition_number` and `angle` describe."""
    return Quadratic(lanes.condition_number, lanes.angle)


def _turned_diagonal(first: Tensor, second: Tensor, angle: Tensor) -> Tensor:
    """Return Q diag(first, second) Q^T, Q the rotation by the angle; arguments (K,), result (K, 2, 2)."""
    cos, sin = angle.cos(), angle.sin()
    xx, yy = first * cos**2 + second * sin**2, first * sin**2 + second * cos**2
    return _symmetric(xx, (first - second) * sin * cos, yy)


def _symmetric(xx: Tensor, xy: Tensor, yy: Tensor) -> Tensor:
    return torch.stack([xx, xy, xy, yy], -1).view(-1, 2, 2)
