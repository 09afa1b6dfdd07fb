"""Claims 35, 36: at which norm a step turns by more than delta, and when that comes."""

import itertools
import math

import numpy as np
import pytest

from lessons.periodic import theory
from lessons.periodic.phases import find_periods
from lessons.periodic.settings import PeriodicSettings
from tests.periodic.norm_paths import norm_path

pytestmark = pytest.mark.chaotic

ETA, DECAY = PeriodicSettings().learning_rate, PeriodicSettings().weight_decay
DELTAS = np.logspace(-6, -1, 6)


def turned(norm, g, eta, decay) -> np.ndarray:
    """1 - cos of one step, from the vectors in the plane."""
    x = np.array([norm, 0.0])
    moved = np.array([(1 - eta * decay) * norm, -eta * g / norm])
    return 1 - x @ moved / np.linalg.norm(x) / np.linalg.norm(moved)


@pytest.mark.claim(35)
@pytest.mark.parametrize("decay", [0.0, 0.004, 0.5])
def test_a_step_just_below_the_norm_is_a_jump_and_just_above_it_is_none(decay):
    for delta in DELTAS:
        norm = theory.jump_norm(delta, 1.3, 0.4, decay)
        assert turned(norm * 0.999, 1.3, 0.4, decay) > delta
        assert turned(norm * 1.001, 1.3, 0.4, decay) < delta
        assert theory.step_cosine_distance(norm, 1.3, 0.4, decay) == pytest.approx(delta, rel=1e-9)
        tangent = theory.step_tangent(norm, 1.3, 0.4, decay)
        assert tangent == pytest.approx(0.4 * 1.3 / ((1 - 0.4 * decay) * norm**2))
        assert 1 - math.cos(math.atan(tangent)) == pytest.approx(delta, rel=1e-6)


@pytest.mark.claim(35)
def test_the_paper_s_norm_holds_where_one_minus_eta_lambda_is_about_one():
    exact, approximate = (
        theory.jump_norm(DELTAS[:4], 1.3, 0.4, 1e-4),
        theory.jump_norm_approximate(DELTAS[:4], 1.3, 0.4),
    )
    np.testing.assert_allclose(approximate, exact, rtol=1e-3)


@pytest.mark.claim(35)
def test_that_one_minus_eta_lambda_is_at_most_one_does_not_carry_the_bound():
    """ "Possible only if rho^2 <= eta L / sqrt(2 delta)" is false by as much as 1 - eta lambda is below 1."""
    eta, decay, delta = 0.5, 0.5, 1e-4
    limit = theory.jump_norm_approximate(delta, 1.3, eta)
    assert turned(1.1 * limit, 1.3, eta, decay) > delta
    exact = theory.jump_norm(delta, 1.3, eta, decay)
    assert exact**2 / limit**2 == pytest.approx(1 / (1 - eta * decay), rel=1e-3)


@pytest.mark.claim(35)
def test_that_a_jump_is_certain_below_the_paper_s_norm_needs_a_small_delta():
    """It holds for delta up to about (4/3) eta lambda, and so wherever t_max is finite."""
    eta, decay = 0.5, 0.004
    for delta, certain in ((1.3 * eta * decay, True), (1.4 * eta * decay, False)):
        norm = theory.jump_norm_approximate(delta, 1.3, eta)
        assert (turned(norm, 1.3, eta, decay) > delta) == certain


@pytest.mark.claim(35)
def test_measured_turns_are_those_of_the_formula(default_runs):
    norm, g = (default_runs[name][:-1].astype(float) for name in ("norm", "effective_gradient"))
    measured = default_runs["cosine_distance"][1:]
    np.testing.assert_allclose(measured, theory.step_cosine_distance(norm, g, ETA, DECAY), rtol=1e-3, atol=1e-11)
    for delta in DELTAS:
        jumps = measured > delta
        margin = 1 + 1e-3
        assert (norm[jumps] < margin * theory.jump_norm(delta, g.max(), ETA, DECAY)).all()
        assert jumps[norm * margin < theory.jump_norm(delta, g.min(), ETA, DECAY)].all()


@pytest.mark.claim(36)
@pytest.mark.parametrize("eta_lambda", [0.002, 0.0002])
def test_the_first_jump_comes_between_both_times(eta_lambda):
    """Random effective gradients from l to L, and constant ones; to first order in eta lambda."""
    decay, low, high, start, length = eta_lambda / ETA, 0.8, 1.1, 40.0, int(6 / eta_lambda)
    gradients = np.random.default_rng(0).uniform(low, high, (length, 12))
    gradients[:, 10], gradients[:, 11] = low, high
    path = norm_path(start, gradients, ETA, decay)[:-1]
    turns = theory.step_cosine_distance(path, gradients, ETA, decay)
    certain, _ = theory.delta_limits(low, high, ETA, decay)
    for delta in (0.1 * certain, 0.5 * certain, 0.9 * certain):
        earliest, latest = theory.jump_times(delta, start, low, high, ETA, decay)
        found = (turns > delta).argmax(0)
        assert 0 < earliest < latest < length
        assert earliest * (1 - 3 * eta_lambda) - 1 <= found.min() < found.max() <= latest * (1 + 3 * eta_lambda) + 1


@pytest.mark.claim(36)
def test_the_two_times_have_two_conditions():
    """The same condition for both, as once printed, is wrong: between the two a jump is possible, not certain."""
    low, high, start = 0.5, 2.0, 40.0
    certain, possible = theory.delta_limits(low, high, ETA, DECAY)
    assert certain == pytest.approx(ETA * DECAY * low**2 / high**2)
    assert possible == pytest.approx(ETA * DECAY * high**2 / low**2)
    times = theory.jump_times(
        np.array([0.99 * certain, 1.01 * certain, 0.99 * possible, 1.01 * possible]), start, low, high, ETA, DECAY
    )
    assert np.isfinite(times.earliest).tolist() == [True, True, True, False]
    assert np.isfinite(times.latest).tolist() == [True, False, False, False]


@pytest.mark.claim(36)
def test_between_the_conditions_there_are_runs_with_a_jump_and_runs_without():
    """At equilibrium each step turns by eta lambda; an effective gradient that rises from l to L turns by more."""
    low, high, delta = 0.5, 2.0, 2 * ETA * DECAY
    certain, possible = theory.delta_limits(low, high, ETA, DECAY)
    assert certain < delta < possible
    gradients = np.full((5000, 2), high)
    gradients[:4000, 1] = low
    turns = theory.step_cosine_distance(norm_path(40.0, gradients, ETA, DECAY)[:-1], gradients, ETA, DECAY)
    assert turns[-1, 0] == pytest.approx(ETA * DECAY, rel=1e-2)
    assert (turns > delta).any(0).tolist() == [False, True]


def test_a_norm_that_is_low_enough_jumps_at_once():
    times = theory.jump_times(1e-8, 0.5, 0.5, 1.0, ETA, DECAY)
    assert times == (0.0, 0.0)


@pytest.mark.claim(36)
@pytest.mark.parametrize("lane", [0, 1, 2])
def test_measured_jumps_come_between_both_times(default_runs, lane):
    """From each step of the second half of a period on, with l and L measured until the jump."""
    onsets = find_periods(default_runs["loss"], default_runs["norm"]).onsets[lane]
    norm, g, turn = (default_runs[name][:, lane] for name in ("norm", "effective_gradient", "cosine_distance"))
    checked = 0
    for begin, end in itertools.pairwise(onsets):
        for start in range((begin + end) // 2, end - 20, 10):
            for delta in turn[start + 1] * np.array([1.5, 3.0, 10.0]):
                found = int((turn[start + 1 : end + 3] > delta).argmax())
                window = g[start : start + found + 1]
                times = theory.jump_times(delta, norm[start], window.min(), window.max(), ETA, DECAY)
                assert times.earliest * 0.99 - 1 <= found <= times.latest * 1.01 + 1, (start, delta)
                checked += np.isfinite(times.latest) and found > 5
    assert checked > 5
