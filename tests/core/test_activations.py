"""Activations, their slopes and their bends equal torch.nn and automatic differentiation."""

import pytest
import torch

from lessons.core.activations import ACTIVATIONS

MODULES = {
    "linear": torch.nn.Identity(),
    "tanh": torch.nn.Tanh(),
    "logistic": torch.nn.Sigmoid(),
    "relu": torch.nn.ReLU(),
    "leaky relu": torch.nn.LeakyReLU(),
    "gelu": torch.nn.GELU(),
}
GRID = torch.linspace(-8, 8, 2001, dtype=torch.float64)
every_activation = pytest.mark.parametrize("name", ACTIVATIONS)


@every_activation
def test_value_slope_and_bend_are_those_of_torch_nn(name):
    phi, z = ACTIVATIONS[name], GRID.clone().requires_grad_()
    expected = MODULES[name](z)
    (slope,) = torch.autograd.grad(expected.sum(), z, create_graph=True)
    (bend,) = torch.autograd.grad((slope + 0 * z).sum(), z)
    torch.testing.assert_close(phi(GRID), expected.detach())
    torch.testing.assert_close(phi.slope(GRID, phi(GRID)), slope.detach())
    own = phi.bend(GRID, phi(GRID))
    torch.testing.assert_close(torch.zeros_like(bend) if own is None else own, bend)
    if phi.slope_at_zero is not None:
        assert slope[1000].item() == pytest.approx(phi.slope_at_zero)


@every_activation
def test_autograd_goes_through_twice(name):
    z = torch.linspace(-3, 3, 40, dtype=torch.float64).requires_grad_()  # no kink among these
    assert torch.autograd.gradcheck(ACTIVATIONS[name], z)
    assert torch.autograd.gradgradcheck(ACTIVATIONS[name], z)


def test_tanh_is_exact_to_three_units_in_the_last_place_however_small_or_large():
    """Seven operations' worth of rounding, of which the largest part is that of e^2z - 1; measured: 2.1."""
    z = torch.logspace(-30, 30, 100_001).float()
    exact = torch.tanh(z.double())
    for signed, expected in ((z, exact), (-z, -exact)):
        error = (ACTIVATIONS["tanh"](signed).double() - expected).abs() / expected.abs()
        assert error.max() < 3 * torch.finfo(torch.float32).eps


@every_activation
def test_what_is_not_finite_stays_so_and_infinity_is_no_trap(name):
    phi, z = ACTIVATIONS[name], torch.tensor([torch.nan, torch.inf, 3e38])
    assert phi(z)[0].isnan()
    torch.testing.assert_close(phi(z), MODULES[name](z), equal_nan=True)
