"""Claim 19: units that start alike stay one unit, whatever the training; a little noise is enough to part them."""

import pytest
import torch

from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.initialization.symmetry import distinct_units
from lessons.initialization.training import DeepNet, DeepNetSettings, DeepNetState, deep_network

LANES = {
    "zeros": {"scheme": "zeros"},
    "zeros, logistic": {"scheme": "zeros", "activation": "logistic"},
    "zeros, relu": {"scheme": "zeros", "activation": "relu"},
    "constant": {"scheme": "constant", "constant": 0.05},
    "constant, gelu": {"scheme": "constant", "constant": 0.02, "activation": "gelu"},
    "constant, Nesterov": {"scheme": "constant", "constant": 0.02, "optimizer": "Nesterov", "learning_rate": 0.02},
    "small noise": {"scheme": "normal", "deviation": 0.01},
    "more noise": {"scheme": "normal", "deviation": 0.1},
}
SAME = [name for name in LANES if "noise" not in name]
WIDTH = 32


@pytest.fixture(scope="module")
def trained(history_of):
    """Name -> (loss over 400 steps, distinct units at the end) with two hidden layers."""
    settings = [DeepNetSettings(**{"depth": 2, "steps": 400, "learning_rate": 0.2, **lane}) for lane in LANES.values()]
    history = history_of(DeepNet(), settings)
    return {name: (history["loss"][:, k], history["distinct_units"][:, k]) for k, name in enumerate(LANES)}


@pytest.mark.claim(19)
@pytest.mark.parametrize("name", SAME)
def test_from_equal_weights_a_layer_stays_one_unit(trained, name):
    loss, distinct = trained[name]
    assert (distinct == 1).all()
    assert loss[-1] < loss[0]


@pytest.mark.claim(19)
def test_a_deviation_of_a_hundredth_parts_all_units_and_the_net_learns(trained):
    best_same = min(trained[name][0][-1] for name in SAME)
    for name in ("small noise", "more noise"):
        loss, distinct = trained[name]
        assert (distinct == WIDTH).all()
        assert loss[-1] < 0.6 * best_same


@pytest.mark.claim(19)
def test_from_zeros_only_the_last_bias_learns(trained):
    """The loss ends at that of the class shares, (1 - sum of p^2) / 2."""
    share = torch.bincount(digits_split(200).train_labels, minlength=10) / 200
    expected = (1 - share.square().sum().item()) / 2
    for name in ("zeros", "zeros, relu"):
        assert trained[name][0][-1] == pytest.approx(expected, abs=1e-4)


@pytest.mark.claim(19)
def test_what_parts_equal_units_at_last_is_rounding_and_comes_later_in_float64():
    """One hidden layer, eta = 0.2: equal units are a saddle, where a difference of 1e-7 grows to 1e-5 in 100 steps.

    In exact arithmetic there is no difference to grow. In float64 it starts at 1e-16 and is below 1e-10 by then.
    """
    lanes = Lanes([DeepNetSettings(scheme="constant", constant=0.05, depth=1)])
    difference = {}
    for dtype in (torch.float32, torch.float64):
        theta, network = DeepNetState.start(lanes, "cpu").theta.to(dtype), deep_network(lanes)
        data = digits_split(200)
        target = torch.eye(10, dtype=dtype)[data.train_labels]
        for _ in range(100):
            theta = theta.detach().requires_grad_()
            outputs = network(theta, data.train_inputs.to(dtype))
            (gradient,) = torch.autograd.grad((outputs - target).square().sum(2).mean() / 2, theta)
            theta = theta - 0.2 * gradient
        weight = network.layers(theta.detach())[0][0][0]
        difference[dtype] = ((weight - weight[:, :1]).norm() / weight.norm()).item()
    assert difference[torch.float32] > 1e-5
    assert difference[torch.float64] < 1e-10


def test_distinct_units_are_counted():
    weight, bias = torch.randn(3, 5, 6, generator=torch.Generator().manual_seed(0)), torch.zeros(3, 1, 6)
    weight[1, :, 4] = weight[1, :, 0]
    weight[1, :, 5] = weight[1, :, 0] * (1 + 1e-7)
    weight[2] = 0.0
    assert distinct_units(weight, bias).tolist() == [6.0, 4.0, 1.0]
    bias[2, 0, 3] = 0.1
    weight[0, 0, 0] = torch.inf
    counted = distinct_units(weight, bias)
    assert counted[0].isnan()
    assert counted[1:].tolist() == [4.0, 2.0]
