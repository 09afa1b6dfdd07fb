"""Every optimizer of lesson 1 by its name, and a different one in each lane.

A rule that asks for more than the gradient is one more entry of `RULES`: a class whose `update` is a function of a
`Place` and the hyperparameters. A learner's function of the gradient comes with the lanes, see `MixedOptimizer.of`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.own_rule import OWN, OwnFunction
from lessons.core.update_rules import UPDATE_RULES, Hyperparameters, LaneRules
from lessons.optimizers.lbfgs import LBFGS
from lessons.optimizers.rules import AdamW, GradientOnly, Newton, OwnGradientRule, Place, Rule

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
    "your own",
]
RuleName = Literal[GradientRuleName, "Newton", "L-BFGS"]

RULES: dict[str, Callable[[], Rule]] = {
    **{name: partial(GradientOnly.of, rule) for name, rule in UPDATE_RULES.items()},
    "AdamW": AdamW,
    "Newton": Newton,
    "L-BFGS": LBFGS,
}


def rule(name: str, own: OwnFunction | None = None) -> Rule:
    """Return a new rule: one of `RULES`, or the learner's `own` for `lessons.core.own_rule.OWN`."""
    return OwnGradientRule(own) if name == OWN else RULES[name]()


class MixedOptimizer(LaneRules[Rule]):
    """One rule per lane; lanes of one rule are updated together.

    Args:
        names: The rule of each lane, see `rule`.
        own: The learner's own rule.
    """

    def __init__(self, names: Sequence[str], own: OwnFunction | None = None):
        super().__init__(names, partial(rule, own=own))

    @classmethod
    def of(cls, lanes: Lanes) -> MixedOptimizer:
        """Return the rules that the lanes' setting `optimizer` names."""
        return cls(lanes.values("optimizer"), lanes.own)

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
