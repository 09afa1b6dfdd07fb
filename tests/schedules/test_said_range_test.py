"""What lesson 2 says of the range test, and what its questions say in the end."""

import numpy as np
import pytest

from lessons.core.history import History
from lessons.core.run import Run
from lessons.schedules.rate_range import UsableRange, usable_range
from tests.played import Played, played
from tests.schedules.test_said_schedules import floor
from widgets.labs.schedules import questions
from widgets.labs.schedules.rate_range import RangeTestView

pytestmark = pytest.mark.chaotic
EVERY = 10


def read(preset: str) -> tuple[Played, UsableRange]:
    """A preset over five seeds, and what its range is."""
    run = played(RangeTestView, preset, sharpness_every=EVERY)
    return run, usable_range(run["learning_rate"][:, :, 0].T, run["smoothed_loss"][:, :, 0].T)


def sharpness_at_its_end(run: Played, found: UsableRange) -> np.ndarray:
    """As it was measured last."""
    return run["sharpness"][np.arange(run.seeds), found.high_step // EVERY * EVERY, 0]


@pytest.mark.sentence("l2_range_test_ends_at_the_limit")
def test_the_loss_is_lowest_at_the_limit_of_that_moment_and_blows_up_far_above():
    run, found = read("rising from 0.003 to 3")
    start = run["sharpness"][:, 0, 0]
    assert start.min() > 5
    assert start.max() < 9
    ratio = found.high * sharpness_at_its_end(run, found) / 2
    assert (ratio > 0.8).all()
    assert (ratio < 1.5).all()
    assert (found.low < 0.1 * found.high).all()
    assert found.high.max() < 2 * found.high.min()
    loss, rates = run["smoothed_loss"][:, :, 0], run["learning_rate"][0, :, 0]
    for seed, low in enumerate(found.high_step):
        above = ~(loss[seed, low:] < loss[seed, 0])
        assert above.any()
        assert 2 < rates[low + above.argmax()] / rates[low] < 5


@pytest.mark.sentence("l2_slow_rise_ends_higher")
def test_after_a_linear_rise_the_loss_is_lowest_far_above_the_limit_of_the_start():
    run, found = read("a linear rise")
    fold = found.high * run["sharpness"][:, 0, 0] / 2
    assert (fold > 2).all()
    assert (fold < 4).all()
    flatter = sharpness_at_its_end(run, found) / run["sharpness"][:, 0, 0]
    assert (flatter < 0.75).all()
    exponential = read("rising from 0.003 to 3")[1]
    assert (found.high > 1.5 * exponential.high).all()


def answered(question) -> tuple[History, object]:
    """The question's own run, and what it says."""
    lanes, history = question.lanes(), History()
    history.extend(list(Run(question.experiment, lanes)))
    return history, question.outcome(history, lanes)


@pytest.mark.sentence("l2_question_a_quarter")
def test_a_quarter_of_the_rate_is_a_quarter_of_the_floor():
    history, outcome = answered(questions.FloorOfAQuarter())
    high, low = history["loss"][600:].mean(0)
    assert high / low == pytest.approx(4, rel=0.2)
    assert outcome.truth == 2


@pytest.mark.sentence("l2_question_rate_of_a_batch")
def test_sixteen_samples_bear_sixteen_times_the_rate():
    """64 runs, 400 steps that remember some 50: the standard error is 3 to 4 %. By theory 1/16, 1/4, 1.2, 9.2."""
    history, outcome = answered(questions.RateOfABatch())
    floors = history["loss"][400:].mean(0)
    assert floors[1:4] / floors[0] == pytest.approx([1 / 16, 1 / 4, 1.2], rel=0.2)
    assert floors[4] > 3 * floors[0]
    assert outcome.truth == 2


@pytest.mark.sentence("l2_question_restart")
def test_after_a_restart_the_loss_rises_to_the_floor_of_the_high_rate_and_lags_where_the_rate_ends():
    history = answered(questions.RestartSketch())[0]
    loss, rate = history["loss"][:, 0], history["learning_rate"][:, 0]
    low, high, end = loss[190:200].mean(), loss[230:260].mean(), loss[-10:].mean()
    assert high > 4 * low
    assert end == pytest.approx(low, rel=0.3)
    for start in (0, 200, 400):
        assert loss[start + 95 : start + 105].mean() == pytest.approx(floor(rate[start + 100]), rel=0.35)
        assert loss[start + 190] > 5 * floor(rate[start + 190]), "25 times"


@pytest.mark.sentence("l2_question_survivors")
def test_of_twelve_nets_none_comes_through_without_warmup_and_all_with_it():
    history, outcome = answered(questions.WarmupSurvivors())
    start = 0.3 * history["sharpness"][0, :12]
    assert start.min() > 7
    assert start.max() < 13
    alive = np.isfinite(history["loss"][-1])
    assert alive[:12].sum() == outcome.truth == 0
    assert alive[12:].all()


@pytest.mark.sentence("l2_question_above_the_limit")
def test_of_ten_nets_above_the_limit_none_diverges_and_all_get_flatter():
    history, outcome = answered(questions.AboveTheLimit())
    start, end = history["eta_lambda"][0], history["eta_lambda"][-1]
    assert (start > 3).all()
    assert (start < 5).all()
    assert np.isfinite(history["loss"][-1]).all()
    assert (end < 0.7 * start).all()
    assert outcome.truth == 1


@pytest.mark.sentence("l2_question_schedules_always_win")
def test_a_constant_rate_ends_lower_than_two_that_decay_and_still_falls():
    history, outcome = answered(questions.SchedulesAlwaysWin())
    loss = history["train_loss"]
    assert (loss[-1, 1:] > 1.3 * loss[-1, 0]).all()
    assert loss[-1, 0] < 0.85 * loss[400, 0]
    assert outcome.truth == 0
