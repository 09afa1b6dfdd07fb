"""Numbers from many: quantiles, fairness, steps in a stretch of time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def quantile(values: Sequence[float], share: float) -> float | None:
    """The quantile of some values; None if there are none."""
    return float(np.quantile(values, share)) if len(values) else None


def jain(shares: Sequence[float]) -> float | None:
    """Jain's index of fairness: 1 if all have the same, 1/n if one has all; None if there is nothing to share."""
    values = np.asarray(shares, dtype=float)
    return float(values.sum() ** 2 / (len(values) * (values**2).sum())) if values.any() else None


def rate(points: Sequence[tuple[float, int]], begin: float, end: float) -> float:
    """The count for each second from `begin` to `end`: points are (time, count so far)."""
    times, counts = np.array(points, dtype=float).T
    first, last = np.interp([begin, end], times, counts)
    return float(last - first) / (end - begin)
