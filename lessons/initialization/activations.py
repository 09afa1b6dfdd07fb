"""Activations with their slopes, one for each lane."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from lessons.core.lanes import lanes_of_each
from lessons.core.network import ACTIVATIONS

ActivationName = Literal["linear", "tanh", "logistic", "relu", "leaky relu", "gelu"]
LEAK = 0.01  # slope of the leaky ReLU below 0, torch's default


@dataclass(frozen=True)
class Slope:
    """An activation's derivative.

    Attributes:
        derivative: phi' as a function of z, elementwise; at a kink the slope on the left, as torch's autograd has it.
        equation: phi in LaTeX.
        at_zero: phi'(0), what a deep net multiplies a small signal by; None where there is a kink.
        of_value: phi' as a function of phi(z), where that is quicker.
    """

    derivative: Callable[[Tensor], Tensor]
    equation: str
    at_zero: float | None
    of_value: Callable[[Tensor], Tensor] | None = None


def _logistic_slope(z: Tensor) -> Tensor:
    value = torch.sigmoid(z)
    return value * (1 - value)


def _gelu_slope(z: Tensor) -> Tensor:
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    return torch.special.ndtr(z) + z * density


SLOPES: dict[str, Slope] = {
    "linear": Slope(torch.ones_like, r"\varphi(z) = z", 1.0),
    "tanh": Slope(lambda z: 1 - torch.tanh(z).square(), r"\varphi(z) = \tanh z", 1.0, lambda h: 1 - h * h),
    "logistic": Slope(_logistic_slope, r"\varphi(z) = 1 / (1 + e^{-z})", 0.25, lambda h: h * (1 - h)),
    "relu": Slope(lambda z: (z > 0).to(z), r"\varphi(z) = \max(0, z)", None),
    "leaky relu": Slope(
        lambda z: torch.where(z > 0, torch.ones_like(z), torch.full_like(z, LEAK)),
        rf"\varphi(z) = \max(z, {LEAK:g}\,z)",
        None,
    ),
    "gelu": Slope(_gelu_slope, r"\varphi(z) = z\,\Phi(z)", 0.5),
}


class LaneActivation:
    """Each lane's activation, applied to all lanes at once; lanes of one activation together.

    Args:
        names: The activation of each lane, K of them.
    """

    def __init__(self, names: Sequence[str]):
        self._groups = lanes_of_each(names)

    def __call__(self, z: Tensor) -> Tensor:
        """Return phi(z), shape (K, ...) as z."""
        return self._apply({name: ACTIVATIONS[name] for name in self._groups}, z)

    def slope(self, z: Tensor) -> Tensor:
        """Return phi'(z), shape (K, ...) as z."""
        return self._apply({name: SLOPES[name].derivative for name in self._groups}, z)

    def with_slope(self, z: Tensor) -> tuple[Tensor, Tensor]:
        """Return phi(z) and phi'(z), each (K, ...) as z; quicker than one after the other."""
        value = self(z)
        if len(self._groups) == 1:
            (name,) = self._groups
            of_value = SLOPES[name].of_value
            return value, self.slope(z) if of_value is None else of_value(value)
        slope = torch.empty_like(z)
        for name, lanes in self._groups.items():
            each = SLOPES[name]
            slope[lanes] = each.derivative(z[lanes]) if each.of_value is None else each.of_value(value[lanes])
        return value, slope

    def _apply(self, functions: dict[str, Callable[[Tensor], Tensor]], z: Tensor) -> Tensor:
        if len(self._groups) == 1:
            (function,) = functions.values()
            return function(z)
        result = torch.empty_like(z)
        for name, lanes in self._groups.items():
            result[lanes] = functions[name](z[lanes])
        return result
