"""Claim 19: units that start alike stay one unit, whatever the training; a little noise is enough to part them."""

import pytest
import torch

from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.initialization.symmetry import distinct_units
from lessons.initialization.training import DeepNet, DeepNetTraining, deep_network
from lessons.initialization.training_settings import DeepNetSettings

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
    """Name -> (loss over 400 steps, distinct units at every tenth step) with two hidden layers."""
    settings = [DeepNetSettings(**{"depth": 2, "steps": 400, "learning_rate": 0.2, **lane}) for lane in LANES.values()]
    history = history_of(DeepNet(), settings)
    return {name: (history["loss"][:, k], history["distinct_units"][::10, k]) for k, name in enumerate(LANES)}


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
@pytest.mark.sentence("l4_rounding_grows")
@pytest.mark.parametrize("seed", range(3))
def test_equal_units_of_a_shallow_net_are_a_saddle_where_a_difference_like_rounding_grows(seed):
    """One hidden layer, eta = 0.2, 100 steps, in float64: a difference of 1e-7, as float32 has, is put in by hand.

    It grows 12,000-fold to 38,000-fold with eight draws, the same on all processors, and all units differ in the end.
    Whether a processor's own rounding makes one is its affair: some sum all columns alike, and there none ever comes.
    """
    start, end, units = shallow_difference(1e-7, seed)
    assert 5e3 * start < end < 1e5 * start
    assert units == WIDTH


@pytest.mark.claim(19)
def test_without_a_difference_there_is_nothing_to_grow():
    """In float64 rounding can put in no more than some 1e-16, and 100 steps make no more than some 1e-12 of it."""
    start, end, units = shallow_difference(0.0, 0)
    assert start == 0
    assert end < 1e-10
    assert units == 1


def shallow_difference(share: float, seed: int) -> tuple[float, float, int]:
    """Relative difference of 32 units from the first, before and after training, and how many differ then.

    All begin with 0.05 everywhere, each parameter changed by about this share of itself.
    """
    lanes, data = Lanes([DeepNetSettings(scheme="constant", constant=0.05, depth=1)]), digits_split(200)
    theta, network = DeepNetTraining(lanes).start().theta.double(), deep_network(lanes)
    source = torch.Generator().manual_seed(seed)
    theta = theta * (1 + share * torch.randn(theta.shape, generator=source, dtype=torch.float64))
    inputs, target = data.train_inputs.double(), torch.eye(10, dtype=torch.float64)[data.train_labels]
    start = _spread(network.layers(theta)[0][0][0])
    for _ in range(100):
        theta = theta.detach().requires_grad_()
        (gradient,) = torch.autograd.grad((network(theta, inputs) - target).square().sum(2).mean() / 2, theta)
        theta = theta - 0.2 * gradient
    weight, bias = network.layers(theta.detach())[0]
    return start, _spread(weight[0]), int(distinct_units(weight, bias))


def _spread(weight: torch.Tensor) -> float:
    return ((weight - weight[:, :1]).norm() / weight.norm()).item()


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
