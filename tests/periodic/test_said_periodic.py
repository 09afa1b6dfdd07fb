"""What lesson 6 says of its opening run, of its forecasts and of scale invariance; five seeds each."""

import itertools

import numpy as np
import pytest

from lessons.core.history import History
from lessons.periodic.forecast import Forecaster
from lessons.periodic.phases import Phase, recorded_onsets
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.theory import kappa
from tests.played import played
from widgets.labs.periodic.circle import CircleView
from widgets.labs.periodic.periods import PeriodsView
from widgets.labs.periodic.stretch import StretchView

pytestmark = pytest.mark.chaotic

ETA, DECAY = PeriodicSettings().learning_rate, PeriodicSettings().weight_decay
SPAN = 40  # steps in which a breakdown is over


def breakdowns(run: History) -> list[tuple[int, int, int]]:
    """Lane, onset before (or 0) and onset of each breakdown that the run follows to its end."""
    return [
        (lane, before, onset)
        for lane, onsets in enumerate(recorded_onsets(run["onset"]))
        for before, onset in itertools.pairwise([0, *onsets])
        if onset + SPAN < len(run["onset"])
    ]


@pytest.mark.sentence("l6_breakdown")
def test_the_loss_stays_low_and_shoots_up_by_some_hundreds_within_a_few_steps(foretold):
    """Measured: 120 to 850 times, in two to four steps, two to four times in 2400 steps."""
    loss, found = foretold["loss"].astype(float), breakdowns(foretold)
    rises = [loss[onset : onset + SPAN, lane].max() / loss[onset - 20, lane] for lane, _, onset in found]
    steps = [int(loss[onset : onset + SPAN, lane].argmax()) for lane, _, onset in found]
    assert min(rises) > 50
    assert 150 < np.median(rises) < 1500
    assert max(steps) <= 12
    assert all(sum(lane == each for lane, _, _ in found) >= 2 for each in range(5))
    assert ((foretold["phase"] == Phase.B).mean(0) > 0.8).all()


@pytest.mark.sentence("l6_forces")
def test_the_decay_pulls_through_most_of_b_and_the_push_wins_for_a_few_steps_of_c(foretold):
    """Measured: medians of 630 to 3060, then 250 to 1400 the other way for four to six steps.

    Over 24 seeds the push won by less than a hundred in 3 of 85 breakdowns: 18-, 83- and 86-fold, and in the same runs
    with sums in another order 52-, 81- and 94-fold.

    The norm gets 1.8 to 5.4 times as long on one processor, 1.4 to 6.7 times on another, and of ten seeds one gets 1.1
    times as long now and then.
    """
    push, pull, norm = (foretold[name].astype(float) for name in ("gradient_force", "decay_force", "norm"))
    grown, times, won = [], [], []
    for lane, before, onset in breakdowns(foretold):
        calm = before + np.flatnonzero(foretold["phase"][before:onset, lane] == Phase.B)
        ratio = pull[:, lane] / push[:, lane]
        assert 200 < np.median(ratio[calm]) < 10_000
        grown.append(np.median(ratio[onset - 100 : onset]) < np.median(ratio[calm]))
        wins = 1 / ratio[onset : onset + SPAN]
        won.append(wins.max())
        assert 2 <= (wins > 1).sum() <= 9
        times.append(norm[onset : onset + SPAN, lane].max() / norm[onset, lane])
    assert np.mean(grown) > 0.7
    assert min(won) > 5
    assert np.mean([each > 100 for each in won]) > 0.75
    assert min(times) > 1.05
    assert np.mean([1.7 < each < 5.5 for each in times]) > 0.7


@pytest.mark.sentence("l6_norm_falls")
def test_in_phase_b_a_step_multiplies_the_norm_by_one_minus_eta_lambda(foretold):
    calm = (foretold["phase"][:-1] == Phase.B) & (foretold["phase"][1:] == Phase.B)
    falls = foretold["norm"][1:].astype(float) / foretold["norm"][:-1]
    assert np.median(falls[calm]) == pytest.approx(1 - ETA * DECAY, abs=1e-5)
    assert (foretold["norm"][:100].max(0) > 1.5 * foretold["norm"][0]).all(), "it rises in the first steps"


@pytest.mark.sentence("l6_round")
def test_a_round_goes_counterclockwise_along_the_bottom_to_the_right_and_up(foretold):
    """Measured: turns of 0.29 to 0.61, 7 to 104 steps after the last calm one, and 4 to 6 steps upwards.

    On another processor one turned by 0.17, in other draws one by 0.09.
    """
    g, norm, turn = (foretold[name].astype(float) for name in ("effective_gradient", "norm", "cosine_distance"))
    rising = foretold["gradient_force"] > foretold["decay_force"]
    for lane, before, onset in breakdowns(foretold):
        farthest = onset + int(turn[onset : onset + SPAN, lane].argmax())
        assert turn[farthest, lane] > 0.05
        calm = np.flatnonzero(turn[before + 1 : farthest, lane] < 1e-5)
        assert len(calm) > 50
        assert farthest - (before + 1 + calm[-1]) < 400
        assert 2 <= rising[onset : onset + SPAN, lane].sum() <= 9
        if before:
            x, y = np.log(g[before:onset, lane]), 2 * np.log(norm[before:onset, lane])
            assert (x * np.roll(y, -1) - np.roll(x, -1) * y).sum() > 0, "twice the area, if it is gone round leftwards"


@pytest.mark.sentence("l6_box")
def test_the_box_of_a_round_has_no_right_to_its_condition_and_the_next_round_may_leave_it(foretold):
    """Measured: 2 eta lambda L is 3.5 to 15 times l."""
    over, left = [], []
    rounds = [each for each in breakdowns(foretold) if each[1]]
    for lane, before, onset in rounds:
        g, square = (foretold[name][:, lane].astype(float) ** p for name, p in (("effective_gradient", 1), ("norm", 2)))
        low, high = g[before:onset].min(), g[before:onset].max()
        over.append(2 * ETA * DECAY * high / low)
        later = slice(onset, len(g))
        inside = (g[later].min() >= low) and (g[later].max() <= high)
        floor, ceiling = kappa(ETA, DECAY) * low, kappa(ETA, DECAY) * high
        left.append(not (inside and square[later].min() >= floor and square[later].max() <= ceiling))
    assert min(over) > 1.5
    assert np.median(over) > 3
    assert any(left)


@pytest.mark.sentence("l6_stars")
def test_the_star_comes_before_the_breakdown_and_the_conditions_hold_when_a_forecast_is_made(foretold):
    """Measured: 30 to 194 steps before; 2 eta lambda L at most 0.05 l, rho^2 at least 6 kappa L."""
    gaps = [gap for lane in range(5) for gap in stars_before(foretold, lane, 1e-5)]
    assert min(gaps) > 2
    assert 20 < np.median(gaps) < 300
    made = foretold["forecast_step"]
    for lane in range(5):
        for step in np.unique(made[made[:, lane] >= 0, lane]).astype(int):
            known = ("norm", "lowest_gradient", "highest_gradient")
            norm, low, high = (float(foretold[name][step, lane]) for name in known)
            assert 2 * ETA * DECAY * high < 0.5 * low
            assert norm**2 > 2 * float(kappa(ETA, DECAY)) * high


@pytest.mark.sentence("l6_late_star")
def test_with_a_delta_that_is_too_large_the_star_is_on_most_breakdowns(foretold):
    """Measured: nine of ten within four steps of one."""
    gaps = [gap for lane in range(5) for gap in stars_before(foretold, lane, 3e-4)]
    assert len(gaps) >= 7
    assert np.mean(np.array(gaps) < 8) > 0.6


def stars_before(run: History, lane: int, delta: float) -> list[int]:
    """How many steps before a breakdown each first turn of more than delta came, by a forecaster that follows anew."""
    names = ("norm", "effective_gradient", "cosine_distance", "onset")
    columns = [run[name][:, lane].astype(float).tolist() for name in names]
    onsets, follower, gaps = recorded_onsets(run["onset"])[lane], Forecaster(delta), []
    for step, values in enumerate(zip(*columns, strict=True)):
        said = follower.update(step, *values, ETA, DECAY)
        next_ones = onsets[onsets + 4 >= step]
        if said["jump_step"] == step and len(next_ones):
            gaps.append(int(next_ones[0]) - step)
    return gaps


@pytest.mark.sentence("l6_band_width")
def test_a_band_opens_in_the_first_half_of_the_wait_and_closes_at_about_twice_the_wait(foretold):
    """Measured, medians of eleven: 0.31 and 2.2 times the wait."""
    opens, closes = [], []
    for lane in range(5):
        column = {name: foretold[name][:, lane] for name in ("forecast_step", "earliest", "latest", "jump_step")}
        for step in np.unique(column["jump_step"][column["jump_step"] >= 0]).astype(int):
            made, earliest, latest = (float(column[name][step]) for name in ("forecast_step", "earliest", "latest"))
            opens.append((earliest - made) / (step - made))
            closes.append((latest - made) / (step - made))
    assert np.median(opens) < 0.5
    assert 1.5 < np.median(closes) < 3.5


@pytest.mark.sentence("l6_stretch")
def test_with_batch_norm_the_loss_is_flat_and_the_gradient_at_right_angles_and_without_it_not():
    run = played(StretchView, "with and without batch norm")
    alpha = run.of("batch norm", "alpha")
    loss, ratio, cosine = (run.of("batch norm", name) for name in ("loss", "gradient_ratio", "inner_product"))
    np.testing.assert_allclose(loss, np.broadcast_to(loss[:, :1], loss.shape), rtol=1e-12)
    assert run.of("batch norm", "output_change").max() < 1e-12
    np.testing.assert_allclose(ratio * alpha, 1.0, rtol=1e-9)
    assert np.abs(cosine).max() < 1e-14  # rounding is 2e-16, in sums of thousands of terms
    loss, ratio, cosine = (run.of("none", name) for name in ("loss", "gradient_ratio", "inner_product"))
    assert (loss.max(1) > 1.1 * loss.min(1)).all()
    assert (np.abs(np.log(ratio * alpha)).max(1) > 0.1).all()
    assert (np.abs(cosine).max(1) > 0.01).all()


@pytest.mark.sentence("l6_thousandth")
def test_a_thousandth_of_the_weights_is_the_same_function_with_a_thousandfold_gradient():
    run = played(StretchView, "from 0.001 on")
    np.testing.assert_allclose(run["alpha"][:, 0], 1e-3)
    np.testing.assert_allclose(run["gradient_ratio"][:, 0], 1e3, rtol=1e-6)
    assert run["output_change"].max() < 1e-10


@pytest.mark.sentence("l6_two_rates")
def test_four_times_eta_and_a_quarter_of_lambda_from_twice_the_norm_is_the_same_training_bit_for_bit():
    """Powers of two do not round."""
    run = played(CircleView, "two learning rates", seeds=1, steps=900)
    for name in ("loss", "effective_learning_rate", "effective_gradient"):
        assert np.array_equal(run.of("η = 0.5", name), run.of("η = 2", name))
    assert np.array_equal(2 * run.of("η = 0.5", "norm"), run.of("η = 2", "norm"))
    assert run["onset"].max() > 0, "a breakdown is in it"


@pytest.mark.sentence("l6_too_late")
def test_a_net_that_is_held_too_short_does_not_learn_and_a_free_one_is_thrown_up_and_does():
    """Measured: loss 2.1 to 2.7 against less than 0.02, 60 to 80 % of the test images wrong, a norm of 7.7 to 9.4."""
    run = played(PeriodsView, "fix it too late", steps=300, sharpness_every=100)
    end = {name: np.median(run.of(name, "loss")[:, -100:], 1) for name in run.names}
    assert (end["held at 2"] > 1).all()
    assert (run.of("held at 2", "test_error")[:, -1] > 0.3).all()
    assert (run.of("held at 2", "phase") == Phase.A).all(), "its loss has never been low"
    for name in ("held at 5", "free from 2"):
        assert (end[name] < 0.1).all()
    assert (run.of("free from 2", "norm").max(1) > 3 * 2.0).all()
    rate, limit = (run.of("held at 2", name)[:, -1] for name in ("effective_learning_rate", "effective_limit"))
    assert (rate > 2 * limit).all(), "it finds no place flat enough"


@pytest.mark.sentence("l6_no_norm")
def test_without_batch_norm_there_are_no_periods():
    run = played(PeriodsView, "without batch norm", seeds=2, steps=1500, sharpness_every=10_000)
    assert (run["onset"] == -1).all()
    assert (run["loss"][:, -500:] < 0.2).all(), "it has learned, and stays so"
