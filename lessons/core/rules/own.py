"""A learner's own update rule, as a lane beside the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from lessons.core.guard import GuardedError, guarded
from lessons.core.lanes import OWN
from lessons.core.rules.rule import Hyperparameters, Place, Rule

SECONDS_A_STEP = 1.0

OWN_CALL = "rule(gradient, state, learning_rate, momentum)"
OwnFunction = Callable[[Tensor, dict[str, Any], float, float], Tensor]


class OwnRule(Rule):
    """Calls a function, as `OWN_CALL` says, for each of its lanes, one after the other.

    The function gets one lane's gradient of shape (P,), a dict of its own that it finds again at the next step, and two
    numbers; it returns the update to add to theta, of shape (P,). One that raises, returns something else or does not
    come to an end stops its lane, which goes to NaN, and no other.

    Attributes:
        failures: Row of a stopped lane -> one sentence.
    """

    name = OWN
    equation = r"\theta \leftarrow \theta + f(g)"
    reference = "yours"
    reads = ("momentum",)

    def __init__(self, function: OwnFunction):
        self._function = function
        self._states: dict[int, dict[str, Any]] = {}
        self.failures: dict[int, str] = {}

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        rates, momenta = (value.expand(len(gradient), 1)[:, 0].tolist() for value in (h.learning_rate, h.momentum))
        rows = [self._row(k, gradient[k], rates[k], momenta[k]) for k in range(len(gradient))]
        return torch.stack(rows)

    @torch.no_grad()
    def _row(self, row: int, gradient: Tensor, learning_rate: float, momentum: float) -> Tensor:
        nothing = torch.full_like(gradient, torch.nan)
        if row in self.failures:
            return nothing
        state = self._states.setdefault(row, {})
        try:
            update = guarded(self._function, gradient.clone(), state, learning_rate, momentum, seconds=SECONDS_A_STEP)
            return _checked(update, gradient)
        except GuardedError as failure:
            self.failures[row] = str(failure)
            return nothing


def _checked(update: Any, gradient: Tensor) -> Tensor:
    if not isinstance(update, Tensor):
        raise GuardedError(
            f"Your function must return a tensor like the gradient; it returned a {type(update).__name__}."
        )
    if update.shape != gradient.shape:
        shapes = f"{tuple(gradient.shape)}; it returned {tuple(update.shape)}"
        raise GuardedError(f"Your function must return a tensor of the gradient's shape, {shapes}.")
    return update.detach().to(gradient)
