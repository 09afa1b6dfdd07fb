"""Claim 8: descent is slow where the condition number is large, and tuned momentum pays its square root only."""

import math

import numpy as np
import pytest
import torch

from lessons.optimizers.condition import TOLERANCE, Condition, ConditionSettings
from lessons.optimizers.theory import best_tuning, iterations
from tests.optimizers.closed_forms import heavy_ball_error

pytestmark = pytest.mark.claim(8)

KAPPAS = [10.0, 100.0, 1000.0]
METHODS = ["gradient descent", "heavy ball"]


@pytest.fixture(scope="module")
def measured(history_of) -> dict[str, dict[str, np.ndarray]]:
    """One lane per kappa and method, long enough for the slowest: by method, each value (T, 3)."""
    lanes = [ConditionSettings(method=m, condition_number=kappa, steps=7000) for m in METHODS for kappa in KAPPAS]
    history = history_of(Condition(), lanes)
    return {m: {n: history[n][:, 3 * k : 3 * k + 3] for n in history.names} for k, m in enumerate(METHODS)}


def rate(method: str, kappa: float) -> float:
    return best_tuning(method, torch.tensor(kappa, dtype=torch.float64)).rate.item()


def test_gradient_descent_takes_69_691_and_6908_iterations(measured):
    """SET RIGHT "slow when the condition number is small": ten times the number is ten times the wait."""
    assert measured["gradient descent"]["iterations"][-1].tolist() == [69, 691, 6908]
    assert [iterations(rate("gradient descent", kappa)) for kappa in KAPPAS] == [69, 691, 6908]


def test_gradient_descent_loses_the_same_share_at_each_step(measured):
    """At the best eta both directions shrink alike, by (kappa - 1) / (kappa + 1)."""
    error = measured["gradient descent"]["error"]
    expected = np.array([rate("gradient descent", kappa) for kappa in KAPPAS]) ** np.arange(601)[:, None]
    np.testing.assert_allclose(error[:601], expected, rtol=1e-9, atol=1e-15)


def test_tuned_momentum_has_rates_worth_22_69_and_219_iterations_and_takes_27_93_and_315(measured):
    """The rate alone gives 22, 69, 219; the double root of the best tuning adds a factor that grows with the step."""
    assert [iterations(rate("heavy ball", kappa)) for kappa in KAPPAS] == [22, 69, 219]
    assert measured["heavy ball"]["iterations"][-1].tolist() == [27, 93, 315]


@pytest.mark.parametrize("k", range(3))
def test_tuned_momentum_follows_its_closed_form(measured, k):
    steps = torch.arange(0, 200, dtype=torch.float64)
    expected = heavy_ball_error(steps, KAPPAS[k]).numpy()
    shown = expected > 1e-9
    np.testing.assert_allclose(measured["heavy ball"]["error"][:200, k][shown], expected[shown], rtol=1e-4)


def test_the_wait_grows_as_kappa_and_as_its_square_root(measured):
    descent, momentum = (measured[m]["iterations"][-1] for m in METHODS)
    np.testing.assert_allclose(descent[1:] / descent[:-1], 10, rtol=0.01)
    np.testing.assert_allclose(momentum[1:] / momentum[:-1], math.sqrt(10), rtol=0.1)
    assert (np.diff(descent / momentum) > 0).all()


@pytest.mark.parametrize("factor", [0.8, 0.95, 1.02])
def test_no_other_learning_rate_is_faster(factor):
    """The larger of |1 - eta mu| and |1 - eta L| is least at 2 / (mu + L)."""
    kappa = 100.0
    best = best_tuning("gradient descent", torch.tensor(kappa, dtype=torch.float64))
    other = factor * best.learning_rate.item()
    assert max(abs(1 - other / kappa), abs(1 - other)) > best.rate.item()


@pytest.mark.parametrize("kappa", KAPPAS)
@pytest.mark.parametrize("shift", [(1.02, 0.0), (0.98, 0.0), (1.0, 0.02), (1.0, -0.02)])
def test_no_tuning_of_momentum_near_the_best_one_is_faster(kappa, shift):
    """By the spectral radius of z^2 - (1 + beta - eta lambda) z + beta at both ends of the spectrum."""
    best = best_tuning("heavy ball", torch.tensor(kappa, dtype=torch.float64))
    eta, beta = best.learning_rate.item() * shift[0], min(best.momentum.item() + shift[1], 0.9999)
    radius = max(np.abs(np.roots([1, -(1 + beta - eta * curvature), beta])).max() for curvature in (1.0, 1 / kappa))
    assert radius > best.rate.item()


def test_iterations_count_up_to_the_tolerance_and_then_stand(measured):
    counted, error = measured["heavy ball"]["iterations"][:, 1], measured["heavy ball"]["error"][:, 1]
    reached = np.flatnonzero(error <= TOLERANCE)[0]
    np.testing.assert_array_equal(counted, np.minimum(np.arange(7001), reached))
