"""Thin long series to what a screen can show."""

from __future__ import annotations

import numpy as np

Points = tuple[np.ndarray, np.ndarray]


def thin(x: np.ndarray, y: np.ndarray, limit: int, path: bool) -> Points:
    """Return at most `limit` of the points, in order, the first and last among them.

    Args:
        x: Shape (N,).
        y: Shape (N,), finite.
        limit: Largest number of points to return, at least 4.
        path: True for a trajectory in the plane: keep evenly spaced points. False for a curve over x: keep the
            smallest and the largest y of each bucket, so that no spike is lost.
    """
    if len(x) <= limit:
        return x, y
    kept = _evenly(len(x), limit) if path else _extremes(x, y, (limit - 2) // 2)
    return x[kept], y[kept]


def _evenly(length: int, count: int) -> np.ndarray:
    return np.unique(np.linspace(0, length - 1, count).round().astype(int))


def _extremes(x: np.ndarray, y: np.ndarray, buckets: int) -> np.ndarray:
    """Indices of the first, the last, and of each bucket's smallest and largest value; sorted, without repeats.

    Buckets are equally wide in x, not equally full: what was thinned before must not be thinned again and again.
    """
    place = np.minimum((x - x[0]) * (buckets / max(x[-1] - x[0], 1e-300)), buckets - 1).astype(int)
    order = np.lexsort((y, place))
    begins = np.flatnonzero(np.diff(place[order], prepend=-1))
    ends = np.append(begins[1:], len(x)) - 1
    return np.unique(np.concatenate([[0], order[begins], order[ends], [len(x) - 1]]))
