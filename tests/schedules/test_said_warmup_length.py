"""What lesson 2 says of how long a warmup must be. Three times sixteen nets of each length."""

from functools import cache

import numpy as np
import pytest

from tests.played import played
from widgets.labs.schedules.warmup_length import LENGTHS, WarmupLengthView, shortest

FIRST_SEEDS = (0, 16, 32)


@cache
def through(preset: str, seeds: tuple[int, ...] = FIRST_SEEDS, **changes: float) -> tuple[np.ndarray, np.ndarray]:
    """Which nets have not diverged, shape (3, lengths, 16), and the median loss of these at the end, (3, lengths)."""
    alive, medians = [], []
    for seed in seeds:
        run = played(WarmupLengthView, preset, seeds=1, seed=seed, **changes)
        alive.append(np.isfinite(run["loss"][0]).all(0).reshape(len(LENGTHS), -1))
        last = np.where(alive[-1], run["smoothed_loss"][0, -1].reshape(len(LENGTHS), -1), np.nan)
        medians.append([np.nanmedian(each) if np.isfinite(each).any() else np.nan for each in last])
    return np.array(alive), np.array(medians)


def at(length: int) -> int:
    return int(np.flatnonzero(length == LENGTHS)[0])


@pytest.mark.sentence("l2_thirty_steps_of_warmup")
def test_ten_steps_are_too_few_and_thirty_are_enough():
    """All from 25 or 30 steps on, and none or one of 48 with ten."""
    alive, _ = through("η = 0.3")
    assert alive[:, : at(10) + 1].sum() <= 6  # of 144
    assert (alive[:, at(30) :].sum(2) >= 15).all()
    assert all(20 <= (shortest(each) or 80) <= 40 for each in alive)
    assert alive[:, at(30) :].mean() > 0.98


@pytest.mark.sentence("l2_a_long_warmup_costs")
def test_a_long_warmup_costs():
    """A quarter to a third more after eighty steps than after thirty."""
    _, medians = through("η = 0.3")
    assert (medians[:, at(80)] > 1.2 * medians[:, at(30)]).all()
    assert (np.diff(medians[:, at(30) :]) > 0).all()
    _, later = through("η = 0.3", FIRST_SEEDS[:1], steps=400)  # 1.03 to 1.04 in three others
    assert later[0, at(80)] < 1.1 * later[0, at(30)]


@pytest.mark.sentence("l2_smaller_rates_need_less_warmup")
def test_a_smaller_rate_needs_less():
    """All from 15 or 20 steps on at 0.2, and from 40 on at 0.4, where 25 steps save some ten of sixteen."""
    alive, _ = through("η = 0.2")
    assert alive[:, at(20) :].mean() > 0.98
    larger, _ = through("η = 0.2", FIRST_SEEDS[:2], learning_rate=0.4)
    assert larger[:, at(40) :].mean() > 0.95
    assert larger[:, at(20)].mean() < 0.5
    assert (alive[:, at(0)].sum(1) < 10).all()  # 2 to 5


@pytest.mark.sentence("l2_larger_rates_need_more_warmup")
def test_a_larger_rate_needs_more_than_twenty_five_and_eighty_may_be_too_few():
    """One to three of sixteen are alive with 25 steps, and 15, 15 and 16 with eighty."""
    alive, _ = through("η = 0.5")
    assert (alive[:, at(25)].sum(1) < 7).all()
    assert not alive[:, at(80)].all()
    assert alive[:, at(80)].mean() > 0.8


@pytest.mark.sentence("l2_a_calm_start_needs_no_warmup")
def test_from_a_calm_start_no_warmup_is_needed_and_each_step_costs():
    alive, medians = through("a calm start")
    assert alive.all()
    assert (medians.argmin(1) <= at(10)).all()
    assert (medians[:, at(80)] > 1.1 * medians[:, at(0)]).all()  # 1.16 to 1.18


@pytest.mark.sentence("l2_a_wild_start_needs_more_warmup")
def test_from_a_wild_start_twenty_steps_save_next_to_none_and_sixty_nearly_all():
    """Over fourteen draws 0 to 4 of sixteen with twenty steps, and 15 or 16 with sixty."""
    alive, _ = through("a wild start")
    assert (alive[:, at(20)].sum(1) < 8).all()
    assert alive[:, at(20)].mean() < 0.3
    assert (alive[:, at(60)].sum(1) > 12).all()


@pytest.mark.sentence("l2_no_length_is_enough")
def test_at_a_rate_that_is_too_large_no_length_is_enough():
    """2 of 352 nets; the limit is 2.9."""
    alive, _ = through("η = 0.5", FIRST_SEEDS[:1], learning_rate=0.7)
    assert alive.mean() < 0.08
