"""How many random nodes stand in for one that is trained: closed forms, samples, and what lesson 7 says of it."""

import itertools
import math

import numpy as np
import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.teacher_student.bottom_up import (
    VARIANCE,
    BottomUp,
    BottomUpSettings,
    GrowingReadout,
    covariance,
    node_counts,
    polynomial_counts,
)
from tests.played import played
from widgets.labs.teacher_student.bottom_up import DIMENSIONS, BottomUpView


def directions(count: int, dimension: int, seed: int) -> torch.Tensor:
    drawn = torch.randn(count, dimension, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return drawn / drawn.norm(dim=1, keepdim=True)


def test_covariances_are_those_of_samples():
    """200,000 inputs: a standard error of about 0.001; four of them."""
    first, second = directions(4, 3, 0), directions(3, 3, 1)
    inputs = torch.randn(200_000, 3, generator=torch.Generator().manual_seed(2), dtype=torch.float64)
    f, g = (inputs @ first.T).relu(), (inputs @ second.T).relu()
    sampled = (f - f.mean(0)).T @ (g - g.mean(0)) / len(inputs)
    torch.testing.assert_close(covariance(first, second), sampled, atol=0.004, rtol=0)
    torch.testing.assert_close(covariance(first, first).diagonal(), torch.full((4,), VARIANCE, dtype=torch.float64))


@pytest.mark.claim(83)
def test_growing_step_by_step_is_the_least_squares_fit():
    """Against lstsq on samples of the same nodes: 40,000 inputs, twelve nodes in four inputs."""
    fit = GrowingReadout(4, seed=3)
    shares = torch.cat([fit.grow(nodes) for nodes in (1, 2, 5, 12)])
    assert len(shares) == 12
    assert (shares.diff() < 1e-12).all()
    inputs = torch.randn(40_000, 4, generator=torch.Generator().manual_seed(4), dtype=torch.float64)
    f, target = (inputs @ fit._weight.T).relu(), (inputs @ fit._target.T).relu()
    design = torch.cat([f, torch.ones_like(f[:, :1])], 1)
    rest = target - design @ torch.linalg.lstsq(design, target).solution
    assert shares[-1].item() == pytest.approx((rest.square().mean(0) / target.var(0)).mean().item(), rel=0.05)


@pytest.mark.claim(83)
def test_shares_of_the_degrees_are_those_of_hermite_polynomials():
    """Against integrals on a fine grid."""
    z = torch.linspace(-12, 12, 200_001, dtype=torch.float64)
    weight = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi) * (z[1] - z[0])
    hermite = {1: z, 2: z**2 - 1, 3: z**3 - 3 * z, 4: z**4 - 6 * z**2 + 3, 6: z**6 - 15 * z**4 + 45 * z**2 - 15}
    moments = {k: (weight * z.relu() * h).sum().item() ** 2 / math.factorial(k) for k, h in hermite.items()}
    assert moments[3] == pytest.approx(0, abs=1e-12)
    left = 1 - np.cumsum([moments[k] for k in (1, 2, 4, 6)]) / VARIANCE
    counts, found, enough = polynomial_counts(20, 0.1)
    assert found[1:] == pytest.approx(left.tolist(), rel=1e-6)
    assert counts == [1, 21, 231, 231 + math.comb(23, 4), 231 + math.comb(23, 4) + math.comb(25, 6)]
    assert enough == math.comb(22, 2)
    assert polynomial_counts(20, 0.001)[2] is None


def test_nodes_become_a_tenth_more_and_at_least_one():
    counts = node_counts(60)
    assert counts[:5] == [1, 2, 3, 4, 5]
    assert all(after > before for before, after in itertools.pairwise(counts))
    assert counts[-1] > 900


@pytest.mark.claim(83)
@pytest.mark.sentence("l7_nodes_beforehand")
def test_nine_tenths_take_as_many_random_nodes_as_there_are_polynomials_of_degree_two():
    """Four seeds: measured 19 to 24 of 21, 65 to 68 of 66, 236 to 245 of 231, 893 to 902 of 861."""
    needed = played(BottomUpView)["needed"][:, -1]
    expected = np.array([math.comb(dimension + 2, 2) for dimension in DIMENSIONS])
    assert (np.abs(needed / expected - 1) < 0.2).all()
    doubled = needed.mean(0)[1:] / needed.mean(0)[:-1]  # three to four times as many for twice the inputs
    assert ((doubled > 2.8) & (doubled < 4.2)).all()


@pytest.mark.claim(83)
@pytest.mark.sentence("l7_closer_takes_a_higher_power")
def test_closer_takes_twice_and_more_than_three_times_as_many():
    """Four seeds: measured 40 to 50 and 208 to 236, after 19 to 24 and 65 to 68."""
    near, closer = (played(BottomUpView, preset)["needed"][:, -1, :2] for preset in (0, 1))
    ratio = (closer / near).mean(0)
    assert 1.6 < ratio[0] < 2.6
    assert 3.0 < ratio[1] < 4.2


def test_a_number_that_is_not_reached_is_none():
    *_, last = BottomUp().run(Lanes([BottomUpSettings(steps=5), BottomUpSettings(steps=5, dimension=1)]))
    assert (last["needed"] == 0).tolist() == [True, False]
