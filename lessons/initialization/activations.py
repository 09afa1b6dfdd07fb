"""An activation for each lane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

import torch
from torch import Tensor

from lessons.core.activations import ACTIVATIONS, ActivationFunction, NamedActivation
from lessons.core.lanes import lanes_of_each

ActivationName = Literal["linear", "tanh", "logistic", "relu", "leaky relu", "gelu"]


class LaneActivation(ActivationFunction):
    """Each lane's activation, applied to all lanes at once; lanes of one activation together.

    Args:
        names: The activation of each lane, K of them.
    """

    def __init__(self, names: Sequence[str]):
        self._groups = [(ACTIVATIONS[name], lanes) for name, lanes in lanes_of_each(names).items()]

    def __call__(self, z: Tensor) -> Tensor:
        return self._apply(lambda each, z: each(z), z)

    def slope(self, z: Tensor, h: Tensor) -> Tensor:
        return self._apply(lambda each, z, h: each.slope(z, h), z, h)

    def bend(self, z: Tensor, h: Tensor) -> Tensor | None:
        if all(each.bend(z[:0], h[:0]) is None for each, _ in self._groups):
            return None
        return self._apply(_bend, z, h)

    def _apply(self, function: Callable[..., Tensor], *arguments: Tensor) -> Tensor:
        """Each group's result, from its activation and its lanes of the arguments, (K, ...)."""
        if len(self._groups) == 1:
            return function(self._groups[0][0], *arguments)
        result = torch.empty_like(arguments[0])
        for each, lanes in self._groups:
            result[lanes] = function(each, *(argument[lanes] for argument in arguments))
        return result


def _bend(each: NamedActivation, z: Tensor, h: Tensor) -> Tensor:
    bend = each.bend(z, h)
    return torch.zeros_like(z) if bend is None else bend
