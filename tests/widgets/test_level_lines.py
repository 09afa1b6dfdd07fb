"""Level lines against curves that are known."""

import numpy as np
import pytest

from widgets.figure.level_lines import level_line

AXIS = np.linspace(-2, 2, 41)
X, Y = np.meshgrid(AXIS, AXIS)


def segments(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    points = np.stack([x, y], 1).reshape(-1, 3, 2)
    assert np.isnan(points[:, 2]).all()
    return points[:, :2]


def length(x: np.ndarray, y: np.ndarray) -> float:
    found = segments(x, y)
    return float(np.linalg.norm(found[:, 1] - found[:, 0], axis=1).sum())


@pytest.mark.parametrize("radius", [0.3, 1.0, 1.7])
def test_a_circle(radius: float) -> None:
    x, y = level_line(AXIS, AXIS, np.sqrt(X**2 + Y**2), radius)
    points = segments(x, y).reshape(-1, 2)
    assert np.hypot(*points.T) == pytest.approx(radius, abs=0.01)
    assert length(x, y) == pytest.approx(2 * np.pi * radius, rel=0.02)


def test_a_straight_line_is_exact() -> None:
    x, y = level_line(AXIS, AXIS, 2 * X + Y, 0.5)
    points = segments(x, y).reshape(-1, 2)
    assert 2 * points[:, 0] + points[:, 1] == pytest.approx(0.5)
    assert length(x, y) == pytest.approx(np.hypot(2, 4), rel=1e-6)


def test_a_crossing_has_both_branches() -> None:
    x, y = level_line(AXIS, AXIS, (X - 0.05) * (Y - 0.05), 0.0)
    points = segments(x, y).reshape(-1, 2)
    assert length(x, y) == pytest.approx(8.0, rel=0.02)
    assert (np.abs(points - 0.05).min(1) < 0.06).all()


def test_where_the_level_is_not_reached_there_is_no_line() -> None:
    assert len(level_line(AXIS, AXIS, X**2 + Y**2, -1.0)[0]) == 0
    assert len(level_line(AXIS, AXIS, np.full_like(X, np.nan), 0.0)[0]) == 0


def test_rows_and_columns_may_differ() -> None:
    rows = np.linspace(0, 1, 7)
    x, y = level_line(AXIS, rows, 3 * rows[:, None] + 0 * AXIS, 1.5)
    assert segments(x, y)[..., 1] == pytest.approx(0.5)
    assert length(x, y) == pytest.approx(4.0)


def test_a_slope_too_small_for_a_float_under_a_high_level_is_no_trouble() -> None:
    """The ratio overflows in a cell that the level does not cross; where it does, it is between 0 and 1."""
    values = np.array([[0.0, 5e-324, 2e6], [0.0, 5e-324, 2e6]])
    x, y = level_line(np.arange(3.0), np.arange(2.0), values, 1e6)
    np.testing.assert_allclose(x[:2], [1.5, 1.5])
    assert sorted(y[:2]) == [0.0, 1.0]
