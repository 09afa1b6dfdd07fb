"""Slopes equal automatic differentiation; claim 19: the logistic is no tanh."""

import pytest
import torch

from lessons.core.network import ACTIVATIONS
from lessons.initialization.activations import SLOPES, LaneActivation

MODULES = {
    "linear": torch.nn.Identity(),
    "tanh": torch.nn.Tanh(),
    "logistic": torch.nn.Sigmoid(),
    "relu": torch.nn.ReLU(),
    "leaky relu": torch.nn.LeakyReLU(),
    "gelu": torch.nn.GELU(),
}
GRID = torch.linspace(-8, 8, 2001, dtype=torch.float64)


@pytest.mark.parametrize("name", MODULES)
def test_values_and_slopes_are_those_of_torch_nn(name):
    z = GRID.clone().requires_grad_()
    expected = MODULES[name](z)
    (slope,) = torch.autograd.grad(expected.sum(), z)
    torch.testing.assert_close(ACTIVATIONS[name](GRID), expected.detach())
    torch.testing.assert_close(SLOPES[name].derivative(GRID), slope)
    if SLOPES[name].at_zero is not None:
        assert slope[1000].item() == pytest.approx(SLOPES[name].at_zero)


@pytest.mark.claim(19)
def test_set_right_the_logistic_has_slope_at_most_a_quarter_and_a_mean_above_zero_and_tanh_has_neither():
    logistic, tanh = SLOPES["logistic"].derivative(GRID), SLOPES["tanh"].derivative(GRID)
    assert logistic.max().item() == pytest.approx(0.25)
    assert tanh.max().item() == pytest.approx(1.0)
    assert ACTIVATIONS["logistic"](GRID).mean().item() == pytest.approx(0.5)
    assert ACTIVATIONS["tanh"](GRID).mean().item() == pytest.approx(0.0, abs=1e-12)


def test_each_lane_has_its_own_and_gradients_go_through():
    names = ["tanh", "relu", "tanh", "gelu"]
    z = GRID[:, None].repeat(1, 4).T.contiguous().requires_grad_()
    activation = LaneActivation(names)
    value = activation(z)
    (gradient,) = torch.autograd.grad(value.sum(), z)
    torch.testing.assert_close(gradient, activation.slope(z.detach()))
    torch.testing.assert_close(activation.with_slope(z.detach()), (value.detach(), gradient))
    torch.testing.assert_close(LaneActivation(["tanh"]).with_slope(z[:1].detach()), (value[:1].detach(), gradient[:1]))
    for lane, name in enumerate(names):
        torch.testing.assert_close(value[lane].detach(), ACTIVATIONS[name](GRID))
