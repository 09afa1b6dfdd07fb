"""Claim 38: what learning rate and weight decay do to norm and period."""

import itertools

import numpy as np
import pytest

from lessons.core.settings import SettingError
from lessons.periodic.grid import LEARNING_RATES, WEIGHT_DECAYS, grid_lanes
from lessons.periodic.theory import expected_period

pytestmark = pytest.mark.chaotic


@pytest.mark.sentence("l6_map_period")
@pytest.mark.claim(38)
def test_the_period_is_inversely_proportional_to_eta_lambda(grid):
    """T eta lambda within a quarter of its median, over a decade of eta lambda; cells with one period may be off.

    Eta lambda goes from 0.002 to 0.0224. On some processors the slowest cell has two periods only, and 8 is left.
    """
    rates = grid.learning_rates[:, None] * grid.weight_decays
    known = grid.count >= 3
    assert rates[known].max() / rates[known].min() > 7.9
    assert known.sum() >= 11
    scaled = grid.scaled_period[known]
    factor = np.median(scaled)
    np.testing.assert_allclose(scaled, factor, rtol=0.25)
    np.testing.assert_allclose(expected_period(1.0, rates[known], factor), grid.period[known], rtol=0.25)


@pytest.mark.sentence("l6_map_eta")
@pytest.mark.claim(38)
def test_a_larger_learning_rate_has_a_higher_norm(grid):
    """On average over lambda each doubling raises it, and four times eta by more than 1.5: the square root is 2.

    A single net's norms differ by a fifth from one processor to the next, and two neighbours may change places.
    """
    for norm in (grid.lowest_norm, grid.mean_norm):
        assert (np.diff(over_nets(norm, axis=1)) > 0).all()
    assert over_nets(grid.mean_norm[-1] / grid.mean_norm[0]) > 1.35
    assert over_nets(grid.lowest_norm[-1] / grid.lowest_norm[0]) > 1.5


@pytest.mark.sentence("l6_map_lambda")
@pytest.mark.claim(38)
def test_a_larger_weight_decay_does_not_raise_the_norm(grid):
    """ "The same for weight decay" is wrong: nearly three times lambda leaves it where it was, or a little lower.

    On average over eta, at most a tenth higher; single nets on four processors 0.75 to 1.09. As much eta makes it 1.7.
    """
    for norm in (grid.lowest_norm, grid.mean_norm):
        ratio = norm[:, -1] / norm[:, 0]
        assert 0.7 < over_nets(ratio) < 1.1
        assert (ratio < 1.3).all()
    assert (grid.period[:, 0] / grid.period[:, -1] > 1.7).all()


def over_nets(values: np.ndarray, axis: int | None = None) -> np.ndarray:
    """The geometric mean."""
    return np.exp(np.log(values).mean(axis))


@pytest.mark.claim(38)
def test_the_effective_learning_rate_at_the_lowest_norm_hardly_depends_on_either(grid):
    rates = grid.learning_rates[:, None] / grid.lowest_norm**2
    assert rates.max() / rates.min() < 2.5


def test_the_map_has_a_lane_for_each_cell_row_by_row():
    lanes = grid_lanes()
    assert len(lanes) == 24
    cells = list(zip(lanes.learning_rate.tolist(), lanes.weight_decay.tolist(), strict=True))
    assert cells == list(itertools.product(LEARNING_RATES, WEIGHT_DECAYS))
    assert lanes.names[0] == "η = 0.5, λ = 0.002"
    with pytest.raises(SettingError, match="learning rate"):
        grid_lanes([-1.0])
