"""Thinning: bounded, in order, with both ends, and without losing a spike."""

import numpy as np
import pytest

from widgets.figure.decimate import thin

LIMITS = (4, 5, 7, 56, 600)
LENGTHS = (0, 1, 3, 4, 5, 8, 57, 601, 1201, 12_345)


def random_curve(length: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    return np.arange(float(length)), np.random.default_rng(seed).normal(size=length)


@pytest.mark.parametrize("path", [False, True])
@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("length", LENGTHS)
def test_bounded_ordered_a_subset_with_both_ends(length: int, limit: int, path: bool) -> None:
    x, y = random_curve(length)
    kept_x, kept_y = thin(x, y, limit, path)
    assert len(kept_x) == len(kept_y) == min(length, limit) if path or length <= limit else len(kept_x) <= limit
    assert (np.diff(kept_x) > 0).all()
    assert (y[kept_x.astype(int)] == kept_y).all()
    if length:
        assert (kept_x[0], kept_x[-1]) == (x[0], x[-1])


@pytest.mark.parametrize("limit", LIMITS)
@pytest.mark.parametrize("seed", range(5))
def test_a_curve_keeps_its_extremes_wherever_they_are(seed: int, limit: int) -> None:
    x, y = random_curve(5000, seed)
    spots = np.random.default_rng(seed).choice(len(x), 2, replace=False)
    y[spots] = 100.0, -100.0
    _, kept = thin(x, y, limit, path=False)
    assert (kept.max(), kept.min()) == (100.0, -100.0)


def test_a_curve_keeps_the_extremes_of_every_stretch() -> None:
    x, y = random_curve(6000)
    kept_x, kept_y = thin(x, y, 600, path=False)
    for stretch in np.split(np.arange(6000), 100):  # 60 points each: at least two buckets lie inside
        inside = (kept_x >= stretch[0]) & (kept_x <= stretch[-1])
        middle = y[stretch[20:40]]
        assert kept_y[inside].max() >= middle.max()
        assert kept_y[inside].min() <= middle.min()


def test_a_path_keeps_evenly_spaced_points() -> None:
    x, y = random_curve(10_000)
    gaps = np.diff(thin(x, y, 101, path=True)[0])
    assert gaps.min() >= 99
    assert gaps.max() <= 101


def test_a_constant_curve_thins() -> None:
    kept_x, kept_y = thin(np.arange(1000.0), np.zeros(1000), 56, path=False)
    assert (kept_x[0], kept_x[-1]) == (0, 999)
    assert not kept_y.any()


@pytest.mark.parametrize("path", [False, True])
def test_what_was_given_is_left_alone(path: bool) -> None:
    x, y = random_curve(1000)
    before = x.copy(), y.copy()
    thin(x, y, 56, path)
    assert (x == before[0]).all()
    assert (y == before[1]).all()
