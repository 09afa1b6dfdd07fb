"""Claims 11 to 13 on a net: decay, warmup, cycles, restarts and the range test, over eight pinned seeds."""

import numpy as np
import pytest

from lessons.core.history import History
from lessons.schedules.net import ScheduledNet
from lessons.schedules.rate_range import usable_range
from lessons.schedules.settings import ScheduledNetSettings

SEEDS = range(8)
SHARP_START = {"init_scale": 1.0, "learning_rate": 0.3, "horizon": 300, "steps": 300, "sharpness_every": 100}
RESTARTS = {"init_scale": 0.5, "learning_rate": 0.4, "batch_size": 8, "train_size": 200, "sharpness_every": 10}
RANGE = {"init_scale": 0.5, "batch_size": 32, "smoothing": 0.9, "floor": 1e-3, "horizon": 400, "steps": 400}


def over_seeds(**values) -> list[ScheduledNetSettings]:
    return [ScheduledNetSettings(seed=seed, **values) for seed in SEEDS]


@pytest.fixture(scope="module")
def sharp_start(history_of) -> History:
    """Columns: eight seeds without warmup, eight with it."""
    return history_of(
        ScheduledNet(), over_seeds(schedule="constant", **SHARP_START) + over_seeds(schedule="warmup", **SHARP_START)
    )


@pytest.mark.claim(12)
def test_a_start_too_sharp_for_the_learning_rate_diverges_without_warmup(sharp_start):
    assert (sharp_start["eta_lambda"][0, :8] > 7).all()
    assert not np.isfinite(sharp_start["loss"][-1, :8]).any()


@pytest.mark.claim(12)
def test_the_same_start_trains_with_warmup(sharp_start):
    """From the same weights and batches to the same learning rate; the sharpness gave way as the rate rose."""
    np.testing.assert_array_equal(sharp_start["sharpness"][0, :8], sharp_start["sharpness"][0, 8:])
    np.testing.assert_allclose(sharp_start["learning_rate"][30:, 8:], 0.3)
    assert (sharp_start["test_accuracy"][-1, 8:] > 0.93).all()
    assert (sharp_start["train_loss"][-1, 8:] < 0.1 * sharp_start["train_loss"][0, 8:]).all()
    assert (sharp_start["sharpness"][-1, 8:] < 0.4 * sharp_start["sharpness"][0, 8:]).all()


@pytest.mark.claim(12)
@pytest.mark.parametrize(
    ("eta_lambda", "rising", "lost"), [(1.0, (0, 0), (0, 0)), (4.0, (4, 8), (0, 1)), (8.0, (8, 8), (7, 8))]
)
def test_beyond_two_over_lambda_the_loss_rises_and_only_far_beyond_all_is_lost(
    history_of, sharp_start, eta_lambda, rising, lost
):
    """In between a net is thrown and lands in a flatter place (a catapult). How many of eight seeds do which."""
    settings = [
        own.model_copy(update={"learning_rate": float(eta_lambda / sharpness), "steps": 40, "sharpness_every": 1})
        for own, sharpness in zip(over_seeds(**SHARP_START), sharp_start["sharpness"][0, :8], strict=True)
    ]
    loss = history_of(ScheduledNet(), settings)["train_loss"]
    assert rising[0] <= (~(loss[:15].max(0) <= 1.02 * loss[0])).sum() <= rising[1]
    assert lost[0] <= (~np.isfinite(loss[-1])).sum() <= lost[1]


@pytest.mark.claim(11)
def test_step_decay_lowers_the_floor_of_a_net(history_of):
    """The same batches with and without the drop: the mean training loss of the next 100 steps is lower after it."""
    common = {**RESTARTS, "period": 300, "decay_factor": 0.1, "steps": 400}
    settings = over_seeds(schedule="constant", **common) + over_seeds(schedule="step decay", **common)
    loss = history_of(ScheduledNet(), settings)["train_loss"]
    np.testing.assert_array_equal(loss[300, :8], loss[300, 8:])
    after = loss[320::10].mean(0)
    assert (after[8:] < 0.9 * after[:8]).all()


@pytest.mark.claim(13)
def test_the_loss_rises_at_each_restart_and_each_cycle_ends_lower(history_of):
    settings = over_seeds(schedule="warm restarts", period=200, steps=800, **RESTARTS)
    loss = history_of(ScheduledNet(), settings)["train_loss"]
    ends = loss[[190, 390, 590, 790]]
    peaks = np.stack([loss[restart : restart + 60 : 10].max(0) for restart in (200, 400, 600)])
    assert (peaks > 1.3 * ends[:3]).all()
    assert (ends[1:] < 0.85 * ends[:-1]).all()


@pytest.mark.claim(13)
def test_in_a_triangular_cycle_the_loss_is_lowest_where_the_rate_is(history_of):
    settings = over_seeds(schedule="triangular", period=200, steps=800, **RESTARTS)
    loss = history_of(ScheduledNet(), settings)["train_loss"]
    tops = np.stack([loss[top - 30 : top + 31 : 10].mean(0) for top in (300, 500, 700)])
    ends = np.stack([loss[end - 10 : end + 1 : 10].mean(0) for end in (200, 400, 600, 800)])
    assert (tops > 1.1 * ends[1:]).all()
    assert (ends[1:] < ends[:-1]).all()


@pytest.mark.claim(13)
@pytest.mark.parametrize(
    ("schedule", "highest", "fold"), [("range test", 3.0, (0.7, 3.0)), ("linear range test", 1.0, (2.0, 5.0))]
)
def test_the_range_test_ends_where_eta_lambda_passes_two(history_of, schedule, highest, fold):
    """In units of 2/lambda_max as of that moment. In units of that at the start it ends higher after a slower rise.

    As the rate rises the net retreats to flatter places, and the more so the more time it has there.
    """
    settings = over_seeds(schedule=schedule, learning_rate=highest, sharpness_every=10, **RANGE)
    history = history_of(ScheduledNet(), settings)
    found = usable_range(history["learning_rate"], history["smoothed_loss"])
    ratio = found.high * history["sharpness"][found.high_step // 10 * 10, np.arange(8)] / 2
    assert (ratio > 0.75).all()
    assert (ratio < 2).all()
    at_start = found.high * history["sharpness"][0] / 2
    assert (at_start > fold[0]).all()
    assert (at_start < fold[1]).all()
    assert (found.low < 0.2 * found.high).all()


def test_the_usable_range_of_made_up_curves():
    rate = np.geomspace(0.001, 10, 401)[:, None].repeat(3, 1)
    loss = 1 - 0.5 * np.clip(np.log10(rate / 0.01), 0, 2) / 2 + np.clip(rate - 1, 0, None)
    loss[:, 1] = np.where(rate[:, 1] > 2, np.nan, loss[:, 1])
    loss[:, 2] = 1 + rate[:, 2]
    found = usable_range(rate, loss)
    np.testing.assert_allclose(found.low[:2], 0.01 * 10**0.2, rtol=0.03)
    np.testing.assert_allclose(found.high, [1, 1, 0.001], rtol=0.03)
    assert np.isnan(found.low[2])
