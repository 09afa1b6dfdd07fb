"""The largest stable learning rate of each update rule on a quadratic."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.lanes import Lanes, lanes_of_each
from lessons.core.rules import RULES


def threshold(rule: str, sharpness: Tensor | float, momentum: Tensor | float = 0.0) -> Tensor | float:
    """Return the largest stable learning rate of an update rule on a quadratic; see `Rule.limit`.

    Args:
        rule: Its name.
        sharpness: Largest Hessian eigenvalue, any shape.
        momentum: beta, broadcastable to it.

    Raises:
        KeyError: If the rule has no closed form.
    """
    limit = RULES[rule].limit(momentum)
    if limit is None:
        raise KeyError(rule)
    return limit / sharpness


def limit_factor(lanes: Lanes, lane: int = 0, preconditioned: bool = False) -> float | None:
    """Return the largest stable eta times lambda_max of a lane: 2 for gradient descent; None without a closed form.

    Args:
        lanes: With the settings `optimizer` and `momentum`.
        lane: Its number.
        preconditioned: Whether lambda_max is that of the preconditioned Hessian (`Rule.preconditioned_limit`).
    """
    rule = RULES.get(lanes.values("optimizer")[lane])
    if rule is None:
        return None
    limit = (rule.preconditioned_limit if preconditioned else rule.limit)(float(lanes.momentum[lane]))
    return None if limit is None else float(limit)


def divides(lanes: Lanes, lane: int) -> bool:
    """Return True if a lane's rule has a preconditioner, whose limit is not that on the Hessian itself."""
    return limit_factor(lanes, lane) is None and limit_factor(lanes, lane, preconditioned=True) is not None


def limit_factors(lanes: Lanes) -> Tensor:
    """Return `limit_factor` of all lanes, float64, shape (K,); NaN without a closed form."""
    factors = torch.full_like(lanes.momentum, torch.nan)
    for name, rows in lanes_of_each(lanes.values("optimizer")).items():
        limit = RULES[name].limit(lanes.momentum[rows]) if name in RULES else None
        if limit is not None:
            factors[rows] = limit
    return factors
