"""Claim 14: on a parabola eta_opt = 1/lambda reaches the minimum at once, and 2 eta_opt is the limit."""

import itertools
import math

import numpy as np
import pytest
import torch

from lessons.divergence.parabola import Parabola
from lessons.divergence.settings import ParabolaSettings
from lessons.divergence.theory import growth_factor, observed_regime, regime

pytestmark = pytest.mark.claim(14)

STEPS = 60
RATIOS = [0.0, 0.1, 0.5, 0.9, 0.999, 1.001, 1.1, 1.5, 1.9, 1.999, 2.001, 2.1, 3.0, 4.0]
CURVATURES = [0.3, 1.0, 7.0]
REGIMES = {
    "monotone": [0.05, 0.5, 0.99],
    "one step": [1.0],
    "oscillating, converging": [1.01, 1.5, 1.99],
    "oscillating for ever": [2.0],
    "diverging": [2.01, 2.5, 4.0],
}
every_regime = pytest.mark.parametrize(
    ("name", "ratio"), [(name, r) for name, ratios in REGIMES.items() for r in ratios]
)


@pytest.fixture
def positions(history_of):
    """Positions after each step, (T,)."""

    def run(ratio: float, **values) -> np.ndarray:
        return history_of(Parabola(), [ParabolaSettings(ratio=ratio, **{"steps": STEPS, **values})])["position"][:, 0]

    return run


def regime_seen(x: np.ndarray) -> str:
    """Name what the positions do, from nothing but the positions."""
    size, signs = np.abs(x), np.sign(x)
    if size[1] < 1e-12 * size[0]:
        return "one step"
    if (signs == signs[0]).all():
        assert (np.diff(size) < 0).all()
        return "monotone"
    assert (signs[1:] == -signs[:-1]).all()
    change = size[-1] / size[0]
    if math.isclose(change, 1.0, rel_tol=1e-10):
        return "oscillating for ever"
    return "oscillating, converging" if change < 1 else "diverging"


@pytest.mark.parametrize("curvature", CURVATURES)
def test_positions_and_losses_follow_the_closed_form(history_of, curvature):
    """x_t = x_0 (1 - eta lambda)^t, with eta = ratio / lambda."""
    lanes = [ParabolaSettings(ratio=ratio, curvature=curvature, start=-1.3, steps=STEPS) for ratio in RATIOS]
    history = history_of(Parabola(), lanes)
    rates, steps = np.array(RATIOS) / curvature, np.arange(STEPS + 1)[:, None]
    expected = -1.3 * (1 - rates * curvature) ** steps
    # Each step rounds x - 0.999 x to some 1e-16 of x, a relative 1e-13 of what is left.
    np.testing.assert_allclose(history["position"], expected, rtol=1e-10, atol=0)
    np.testing.assert_allclose(history["loss"], curvature * expected**2 / 2, rtol=1e-10, atol=0)


@every_regime
@pytest.mark.parametrize("curvature", CURVATURES)
def test_the_regime_named_is_the_regime_seen(positions, name, ratio, curvature):
    assert regime(ratio) == name
    assert regime_seen(positions(ratio, curvature=curvature)) == name


@every_regime
@pytest.mark.parametrize("curvature", CURVATURES)
def test_two_positions_in_a_row_tell_the_regime(positions, name, ratio, curvature):
    x = positions(ratio, curvature=curvature)
    assert {observed_regime(before, after) for before, after in itertools.pairwise(x[:11])} == {name}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [(0.0, 0.0, "one step"), (1e308, -math.inf, "diverging"), (math.inf, -math.inf, "diverging")],
)
def test_the_regime_at_the_ends_of_the_number_line(before, after, expected):
    assert observed_regime(before, after) == expected


@pytest.mark.parametrize("curvature", CURVATURES)
def test_the_optimal_learning_rate_reaches_the_minimum_in_one_step(positions, curvature):
    x = positions(1.0, curvature=curvature, start=3.7)
    assert abs(x[1]) <= 4 * np.finfo(float).eps * 3.7
    assert (np.abs(x[1:]) <= abs(x[1])).all()


@pytest.mark.parametrize("ratio", [0.5, 0.9, 1.1, 1.5, 1.99])
def test_no_other_learning_rate_reaches_it_in_one_step(positions, ratio):
    assert abs(positions(ratio)[1]) == pytest.approx(2.0 * abs(1 - ratio))


@pytest.mark.parametrize("curvature", [0.25, 0.5, 1.0, 2.0, 8.0])
def test_at_twice_the_optimal_learning_rate_it_oscillates_for_ever_without_any_rounding(positions, curvature):
    """Powers of two leave no rounding: x_t is exactly +-x_0, two thousand steps long."""
    x = positions(2.0, curvature=curvature, start=-1.7, steps=2000)
    assert x.tolist() == [-1.7, 1.7] * 1000 + [-1.7]


@pytest.mark.parametrize(("ratio", "grows"), [(2 - 1e-3, False), (2 + 1e-3, True)])
def test_a_thousandth_to_either_side_of_the_limit_decides(positions, ratio, grows):
    change = abs(positions(ratio, steps=2000)[-1] / 2.0)
    assert change == pytest.approx(1.001**2000 if grows else 0.999**2000, rel=1e-8)
    assert (change > 1) == grows


@pytest.mark.parametrize("ratio", RATIOS)
@pytest.mark.parametrize("curvature", CURVATURES)
def test_growth_factor_is_the_growth_measured(positions, ratio, curvature):
    size = np.abs(positions(ratio, curvature=curvature))
    learning_rate = torch.tensor([ratio / curvature], dtype=torch.float64)
    predicted = growth_factor("gradient descent", learning_rate * curvature, torch.tensor(0.9)).item()
    np.testing.assert_allclose(size[1:] / size[:-1], predicted, rtol=1e-9)
    assert predicted == pytest.approx(abs(1 - ratio), rel=1e-9)


@pytest.mark.parametrize(("ratio", "last_finite"), [(3.0, 1022), (4.0, 645)])
def test_far_beyond_the_limit_it_runs_out_of_numbers(positions, ratio, last_finite):
    """|x_t| = 2 (ratio - 1)^t passes the largest float64, 2^1024, and the numbers end there."""
    x = positions(ratio, steps=1100)
    assert math.floor(1023.999999 * math.log(2) / math.log(ratio - 1) - math.log(2, ratio - 1)) == last_finite
    assert np.isfinite(x[: last_finite + 1]).all()
    assert not np.isfinite(x[last_finite + 1 :]).any()


@pytest.mark.parametrize(
    ("ratio", "expected"),
    [
        (math.nextafter(1.0, 0.0), "one step"),
        (math.nextafter(2.0, 3.0), "oscillating for ever"),
        (1 - 1e-8, "monotone"),
        (1 + 1e-8, "oscillating, converging"),
        (2 - 1e-8, "oscillating, converging"),
        (2 + 1e-8, "diverging"),
        (0.0, "monotone"),
    ],
)
def test_regime_borders_are_a_billionth_wide(ratio, expected):
    assert regime(ratio) == expected
