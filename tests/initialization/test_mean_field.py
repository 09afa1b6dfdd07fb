"""The mean-field recursion against closed forms, numerical integration and the published numbers."""

import math

import numpy as np
import pytest
import torch

from lessons.core.activations import ACTIVATIONS
from lessons.initialization import mean_field
from tests.initialization.fixed_points import fixed_point

Q = torch.tensor([1e-4, 0.1, 1.0, 4.0, 25.0, 100.0], dtype=torch.float64)
ONE, NONE = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)


def integrated(function, q: torch.Tensor) -> torch.Tensor:
    """E f(sqrt(q) z), by the trapezoid rule on 400 001 points."""
    z = torch.linspace(-12, 12, 400_001, dtype=torch.float64)
    density = torch.exp(-z.square() / 2) / math.sqrt(2 * math.pi)
    return torch.stack([torch.trapezoid(function(each.sqrt() * z) * density, z) for each in q])


@pytest.mark.claim(20)
@pytest.mark.parametrize("name", ACTIVATIONS)
def test_expectations_equal_numerical_integration(name):
    phi = ACTIVATIONS[name]
    close = {"rtol": 1e-7, "atol": 1e-12}
    torch.testing.assert_close(mean_field.mean(name, Q), integrated(phi, Q), **close)
    torch.testing.assert_close(mean_field.second_moment(name, Q), integrated(lambda z: phi(z).square(), Q), **close)
    if "relu" in name:
        close["rtol"] = 3e-5  # at a jump the sum on the grid is half a cell wrong; what it is compared with is exact
    slopes = integrated(lambda z: phi.slope(z, phi(z)).square(), Q)
    torch.testing.assert_close(mean_field.squared_slope(name, Q), slopes, **close)


@pytest.mark.claim(20)
@pytest.mark.parametrize("name", ["tanh", "logistic", "gelu"])
def test_expectations_equal_gauss_hermite_quadrature_where_that_is_exact(name):
    nodes, weights = (torch.from_numpy(part) for part in np.polynomial.hermite_e.hermegauss(128))
    expected = (ACTIVATIONS[name](nodes).square() * weights / weights.sum()).sum()
    assert mean_field.second_moment(name, ONE).item() == pytest.approx(expected.item(), rel=1e-9)


@pytest.mark.claim(20)
@pytest.mark.parametrize(("depth", "expected"), [(10, 0.052), (50, 0.010)])
def test_set_right_tanh_with_xavier_does_not_settle_at_a_constant(depth, expected):
    """0.052 after 10 layers and 0.010 after 50, about 1 / (2 l): it goes to 0, though ever more slowly."""
    q = ONE
    for _ in range(depth):
        q = mean_field.variance_map("tanh", q, ONE, NONE)
    assert q.item() == pytest.approx(expected, abs=0.0005)
    assert q.item() == pytest.approx(1 / (2 * depth), rel=0.06)


@pytest.mark.claim(20)
@pytest.mark.parametrize(("variance", "share"), [(1.0, 0.5), (2.0, 1.0)])
def test_relu_halves_under_one_over_fan_in_and_keeps_under_two(variance, share):
    q = mean_field.variance_map("relu", Q, torch.tensor(variance, dtype=torch.float64), NONE)
    torch.testing.assert_close(q, share * Q)
    assert mean_field.gradient_factor("relu", ONE, variance * ONE).item() == share


@pytest.mark.claim(20)
def test_the_edge_of_chaos_of_tanh_without_bias_is_at_weight_variance_one():
    """Below it q goes to 0 and chi to sigma_w^2 < 1; above it q stays and chi > 1 (Poole et al. 2016)."""
    variance = torch.tensor([0.8, 1.5, 4.0], dtype=torch.float64)
    q = fixed_point("tanh", variance, torch.zeros(3, dtype=torch.float64))
    chi = mean_field.gradient_factor("tanh", q, variance)
    assert q[0].item() == pytest.approx(0, abs=1e-12)
    assert chi[0].item() == pytest.approx(0.8)
    assert (q[1:] > 0.2).all()
    assert (chi[1:] > 1).all()
    torch.testing.assert_close(mean_field.variance_map("tanh", q, variance, NONE), q)


@pytest.mark.claim(19)
def test_set_right_a_logistic_net_passes_back_at_most_a_sixteenth_of_the_weights_variance():
    chi = mean_field.gradient_factor("logistic", Q, ONE)
    assert (chi <= 1 / 16).all()
    assert chi[0].item() == pytest.approx(1 / 16, rel=1e-3)
    assert mean_field.mean("logistic", Q) == pytest.approx(0.5)
    assert (mean_field.mean("tanh", Q).abs() < 1e-12).all()
