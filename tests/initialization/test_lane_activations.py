"""Each lane has its own activation; claim 19: the logistic is no tanh."""

import pytest
import torch

from lessons.core.activations import ACTIVATIONS
from lessons.initialization.activations import LaneActivation

GRID = torch.linspace(-8, 8, 2001, dtype=torch.float64)


def slope(name: str) -> torch.Tensor:
    return ACTIVATIONS[name].slope(GRID, ACTIVATIONS[name](GRID))


@pytest.mark.claim(19)
def test_set_right_the_logistic_has_slope_at_most_a_quarter_and_a_mean_above_zero_and_tanh_has_neither():
    logistic, tanh = slope("logistic"), slope("tanh")
    assert logistic.max().item() == pytest.approx(0.25)
    assert tanh.max().item() == pytest.approx(1.0)
    assert ACTIVATIONS["logistic"](GRID).mean().item() == pytest.approx(0.5)
    assert ACTIVATIONS["tanh"](GRID).mean().item() == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("names", [["tanh", "relu", "tanh", "gelu"], ["logistic"], ["relu", "linear"]], ids=str)
def test_each_lane_has_its_own_and_gradients_go_through(names):
    z = GRID.repeat(len(names), 1).requires_grad_()
    activation = LaneActivation(names)
    value = activation(z)
    (gradient,) = torch.autograd.grad(value.sum(), z)
    value, z = value.detach(), z.detach()
    slope, bend = activation.slope(z, value), activation.bend(z, value)
    torch.testing.assert_close(slope, gradient)
    for lane, each in enumerate(ACTIVATIONS[name] for name in names):
        torch.testing.assert_close(value[lane], each(GRID))
        own = each.bend(GRID, each(GRID))
        torch.testing.assert_close(
            torch.zeros_like(z[lane]) if bend is None else bend[lane], torch.zeros_like(GRID) if own is None else own
        )
