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
    kept = _evenly(len(x), limit) if path else _extremes(y, (limit - 2) // 2)
    return x[kept], y[kept]


def _evenly(length: int, count: int) -> np.ndarray:
    return np.unique(np.linspace(0, length - 1, count).round().astype(int))


def _extremes(y: np.ndarray, buckets: int) -> np.ndarray:
    """Indices of the first, the last, and of each bucket's smallest and largest value; sorted, without repeats."""
    edges = np.linspace(0, len(y), buckets + 1).astype(int)
    size = np.diff(edges).max()
    index = np.minimum(edges[:-1, None] + np.arange(size), (edges[1:] - 1)[:, None])
    values = y[index]
    rows = np.arange(buckets)
    lowest, highest = index[rows, values.argmin(1)], index[rows, values.argmax(1)]
    return np.unique(np.concatenate([[0], lowest, highest, [len(y) - 1]]))
