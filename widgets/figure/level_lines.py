"""Lines of one level on a grid, as a polyline with gaps: where a classifier is undecided."""

from __future__ import annotations

import numpy as np

# The edges of a cell by their two corners, as (row, column) offsets.
_EDGES = (((0, 0), (0, 1)), ((0, 1), (1, 1)), ((1, 0), (1, 1)), ((0, 0), (1, 0)))


def level_line(
    columns: np.ndarray, rows: np.ndarray, values: np.ndarray, level: float
) -> tuple[np.ndarray, np.ndarray]:
    """Return the line on which interpolated values have a level (marching squares, Lorensen & Cline 1987 in 2-D).

    In a cell where the line passes twice, its four ends are joined in the order of the edges.

    Args:
        columns: Their coordinates, shape (G,).
        rows: Shape (H,).
        values: Shape (H, G), row j and column i at (columns[i], rows[j]).
        level: The level.

    Returns:
        x and y, shape (3 S,): S segments, each two points and a NaN.
    """
    # Where the line crosses each of a cell's four edges: between a corner above the level and one below.
    above = values > level
    x, y, crossed = (np.empty((4, len(rows) - 1, len(columns) - 1)) for _ in range(3))
    for number, (one, other) in enumerate(_EDGES):
        (x0, y0, v0, a0), (x1, y1, v1, a1) = (_corner(columns, rows, values, above, *corner) for corner in (one, other))
        crossed[number] = (a0 != a1) & np.isfinite(v0) & np.isfinite(v1)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # where nothing is crossed
            share = np.where(crossed[number], (level - v0) / (v1 - v0), 0.0)
        x[number], y[number] = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
    # Two crossings of a cell are one segment of the line, four are two; a cell never has one or three.
    order = np.argsort(crossed == 0, axis=0, kind="stable")  # crossed edges first
    x, y = np.take_along_axis(x, order, 0), np.take_along_axis(y, order, 0)
    count = crossed.sum(0)
    first, second = count >= 2, count == 4
    starts = [x[0][first], x[2][second]], [y[0][first], y[2][second]]
    ends = [x[1][first], x[3][second]], [y[1][first], y[3][second]]
    xs, ys = (_with_gaps(np.concatenate(a), np.concatenate(b)) for a, b in zip(starts, ends, strict=True))
    return xs, ys


def _corner(
    columns: np.ndarray, rows: np.ndarray, values: np.ndarray, above: np.ndarray, row: int, column: int
) -> tuple[np.ndarray, ...]:
    down, right = slice(row, len(rows) - 1 + row), slice(column, len(columns) - 1 + column)
    return columns[right][None, :], rows[down][:, None], values[down, right], above[down, right]


def _with_gaps(starts: np.ndarray, ends: np.ndarray) -> np.ndarray:
    return np.stack([starts, ends, np.full(len(starts), np.nan)], 1).ravel()
