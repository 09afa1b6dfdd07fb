"""Every optimizer of lesson 1 by its name, and a different one in each lane.

A rule of one's own is one more entry of `RULES`: a class whose `update` is a function of a `Place` and the
hyperparameters.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from lessons.core.update_rules import UPDATE_RULES, Hyperparameters, lanes_of_each
from lessons.optimizers.lbfgs import LBFGS
from lessons.optimizers.rules import AdamW, GradientOnly, Newton, Place, Rule

GradientRuleName = Literal[
    "gradient descent",
    "heavy ball",
    "moving average",
    "Nesterov",
    "AdaGrad",
    "RMSProp",
    "Adam",
    "AdamW",
    "Quickprop",
]
RuleName = Literal[GradientRuleName, "Newton", "L-BFGS"]

RULES: dict[str, Callable[[], Rule]] = {
    **{name: partial(GradientOnly.of, rule) for name, rule in UPDATE_RULES.items()},
    "AdamW": AdamW,
    "Newton": Newton,
    "L-BFGS": LBFGS,
}


class MixedOptimizer:
    """One rule per lane; lanes of one rule are updated together.

    Args:
        names: The rule of each lane, keys of `RULES`.
    """

    def __init__(self, names: Sequence[str]):
        self._groups = [(RULES[name](), lanes) for name, lanes in lanes_of_each(names).items()]

    def update(self, place: Place, h: Hyperparameters) -> Tensor:
        """Return the update of all lanes, shape (K, P)."""
        if len(self._groups) == 1:
            return self._groups[0][0].update(place, h)
        update = torch.empty_like(place.theta)
        for rule, lanes in self._groups:
            update[lanes] = rule.update(place.rows(lanes), h.rows(lanes))
        return update

    def carried(self, theta: Tensor, h: Hyperparameters) -> tuple[Tensor, Tensor]:
        """Return where each lane's velocity starts, and what it adds to the next update; both (K, P).

        The velocity starts at theta, but for rules that keep theta at the look-ahead point: there it ends at theta.
        """
        start, carried = theta.clone(), torch.zeros_like(theta)
        for rule, lanes in self._groups:
            if not rule.has_velocity:
                continue
            carried[lanes] = rule.carried(h.rows(lanes))
            if rule.looks_ahead:
                start[lanes] = theta[lanes] - carried[lanes]
        return start, carried
