"""One rule per lane; lanes of one rule are updated together."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lessons.core.lanes import OWN, Lanes, lanes_of_each
from lessons.core.rules import RULES
from lessons.core.rules.own import OwnFunction, OwnRule
from lessons.core.rules.rule import Hyperparameters, Place, Rule


def rule_type(name: str) -> type[Rule]:
    """Return the rule of this name, the learner's own among them.

    Raises:
        KeyError: If there is none.
    """
    return OwnRule if name == OWN else RULES[name]


class LaneOptimizer:
    """A rule in each lane.

    Args:
        names: The rule of each lane: of `RULES`, or `OWN`.
        own: The learner's own function.
    """

    def __init__(self, names: Sequence[str], own: OwnFunction | None = None):
        made = {name: OwnRule(own) if name == OWN and own else rule_type(name)() for name in dict.fromkeys(names)}
        self._groups = [(made[name], lanes) for name, lanes in lanes_of_each(names).items()]

    @classmethod
    def of(cls, lanes: Lanes) -> LaneOptimizer:
        """Return the rules that the lanes' setting `optimizer` names."""
        return cls(lanes.values("optimizer"), lanes.own)

    @property
    def failures(self) -> dict[int, str]:
        """Lanes whose own rule has failed -> why, in one sentence."""
        found: dict[int, str] = {}
        for rule, lanes in self._groups:
            if isinstance(rule, OwnRule):
                numbers = range(lanes.start, lanes.stop) if isinstance(lanes, slice) else lanes.tolist()
                found.update({numbers[row]: sentence for row, sentence in rule.failures.items()})
        return found

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        """Return the update of all lanes, shape (K, P); see `Rule.update`."""
        if len(self._groups) == 1:
            return self._groups[0][0].update(gradient, h, place)
        update = torch.empty_like(gradient)
        for rule, lanes in self._groups:
            there = None if place is None else place.rows(lanes)
            update[lanes] = rule.update(gradient[lanes], h.rows(lanes), there)
        return update

    def preconditioner(self, gradient: Tensor, h: Hyperparameters) -> Tensor | None:
        """Return `Rule.preconditioner` of all lanes, 1 where nothing is divided; None where no lane divides."""
        found: Tensor | None = None
        for rule, lanes in self._groups:
            divided = rule.preconditioner(gradient[lanes], h.rows(lanes))
            if divided is not None:
                found = torch.ones_like(gradient) if found is None else found
                found[lanes] = divided
        return found

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
