"""The limit on eta times lambda_max, as the lanes' rules move it."""

from __future__ import annotations

from lessons.core.lanes import Lanes
from lessons.divergence.theory import threshold

NO_LIMIT = ("Adam",)


def limit_factor(lanes: Lanes, lane: int = 0) -> float | None:
    """Return the largest stable eta times lambda_max of a lane: 2 for gradient descent; None without a closed form."""
    rule = lanes.values("optimizer")[lane]
    return None if rule in NO_LIMIT else float(threshold(rule, 1.0, float(lanes.momentum[lane])))
