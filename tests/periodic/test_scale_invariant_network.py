"""Claim 30: with batch normalization the hidden weights' length does not matter; the net is that of torch.nn."""

import itertools

import pytest
import torch
from torch import nn

from lessons.core.data.digits import digits_split
from lessons.core.losses import cross_entropy
from lessons.periodic.network import ScaleInvariantNetwork
from lessons.periodic.scale_invariance import stretch

ALPHAS = torch.tensor([0.01, 0.5, 3.0, 100.0], dtype=torch.float64)
SIZES = (64, 12, 9, 10)
DATA = digits_split(60)
INPUTS = DATA.train_inputs.double()


def started(network: ScaleInvariantNetwork, lanes: int = 1) -> torch.Tensor:
    """Parameters with an affine part and biases that are not trivial, float64."""
    theta = network.initial(torch.arange(lanes), torch.full((lanes,), 3.0), torch.full((lanes,), 10.0)).double()
    source = torch.Generator().manual_seed(1)
    theta[:, network.affine] += 0.3 * torch.randn(theta[:, network.affine].shape, generator=source)
    return theta


def torch_net(network: ScaleInvariantNetwork, theta: torch.Tensor) -> nn.Sequential:
    """One lane as it is written with torch.nn, given its parameters (P,)."""
    modules, weights = [], theta[network.weights]
    gamma, beta = theta[network.affine].view(2, -1)
    units = 0
    for fan_in, fan_out in itertools.pairwise(SIZES[:-1]):
        linear, norm = nn.Linear(fan_in, fan_out, bias=False), nn.BatchNorm1d(fan_out, eps=1e-30, momentum=None)
        linear.weight.data = weights[: fan_in * fan_out].view(fan_in, fan_out).T
        norm.weight.data, norm.bias.data = gamma[units : units + fan_out], beta[units : units + fan_out]
        weights, units = weights[fan_in * fan_out :], units + fan_out
        modules += [linear, norm if network.normalized else Affine(norm), nn.ReLU()]
    last, parameters = nn.Linear(*SIZES[-2:]), theta[network.last_layer]
    last.weight.data = parameters[: SIZES[-2] * SIZES[-1]].view(SIZES[-2:]).T
    last.bias.data = parameters[SIZES[-2] * SIZES[-1] :]
    return nn.Sequential(*modules, last).double()


class Affine(nn.Module):
    """Factors and offsets of a normalization without the normalization."""

    def __init__(self, norm: nn.BatchNorm1d):
        super().__init__()
        self.weight, self.bias = norm.weight, norm.bias

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        return self.weight * inputs + self.bias


@pytest.mark.parametrize("normalized", [True, False])
def test_outputs_and_gradient_are_those_of_torch_nn(normalized):
    network = ScaleInvariantNetwork(SIZES, normalized)
    theta = started(network, lanes=3).requires_grad_()
    outputs = network(theta, INPUTS)
    (gradient,) = torch.autograd.grad(cross_entropy(outputs, DATA.train_labels).sum(), theta)
    for lane in range(3):
        net = torch_net(network, theta.detach()[lane])
        own = net(INPUTS)
        torch.testing.assert_close(outputs[lane], own)
        nn.functional.cross_entropy(own, DATA.train_labels).backward()
        first = net[0].weight.grad.T.reshape(-1)
        torch.testing.assert_close(gradient[lane, : len(first)], first)


def test_testing_by_statistics_is_what_torch_nn_does_in_evaluation():
    network = ScaleInvariantNetwork(SIZES)
    theta = started(network, lanes=2)
    outputs = network(theta, DATA.test_inputs.double(), network.statistics(theta, INPUTS))
    for lane in range(2):
        net = torch_net(network, theta[lane])
        net(INPUTS)
        for module in net:  # torch keeps the unbiased variance for evaluation, and normalizes by the biased one
            if isinstance(module, nn.BatchNorm1d):
                module.running_var *= (len(INPUTS) - 1) / len(INPUTS)
        torch.testing.assert_close(outputs[lane], net.eval()(DATA.test_inputs.double()))


def test_norms_at_the_start_are_those_asked_for_and_lanes_of_one_seed_share_a_direction():
    network = ScaleInvariantNetwork(SIZES)
    theta = network.initial(torch.tensor([4, 4]), torch.tensor([3.0, 0.5]), torch.tensor([10.0, 1.0]))
    torch.testing.assert_close(theta[:, network.weights].norm(dim=1), torch.tensor([3.0, 0.5]))
    torch.testing.assert_close(theta[:, network.last_layer].norm(dim=1), torch.tensor([10.0, 1.0]))
    torch.testing.assert_close(theta[0, network.weights] / 6, theta[1, network.weights])


def test_what_is_frozen_has_a_zero_in_the_mask():
    network = ScaleInvariantNetwork(SIZES)
    mask = network.trainable(torch.tensor([0.0, 1.0, 0.0]), torch.tensor([0.0, 0.0, 1.0]))
    assert [int(row.sum()) for row in mask] == [64 * 12 + 12 * 9, 64 * 12 + 12 * 9 + 42, 64 * 12 + 12 * 9 + 100]


@pytest.mark.claim(30)
def test_stretched_weights_leave_outputs_alone_and_divide_the_gradient():
    network = ScaleInvariantNetwork(SIZES)
    theta = started(network)
    result = stretch(network, theta, INPUTS, DATA.train_labels, ALPHAS)
    own = stretch(network, theta, INPUTS, DATA.train_labels, torch.ones(1).double())
    assert result.output_change.max() < 1e-12
    torch.testing.assert_close(result.gradient_norm, own.gradient_norm / ALPHAS)
    torch.testing.assert_close(result.gradient_cosine, torch.ones(4).double())
    assert result.inner_product.abs().max() < 1e-12


@pytest.mark.claim(30)
@pytest.mark.parametrize(
    ("normalized", "parts"),
    [(False, ("weights",)), (True, ("weights", "affine")), (True, ("weights", "last_layer"))],
    ids=["no normalization", "affine part", "last layer"],
)
def test_what_breaks_the_invariance(normalized, parts):
    """Without normalization, or with what is trained beside the hidden weights stretched as well."""
    network = ScaleInvariantNetwork(SIZES, normalized)
    result = stretch(network, started(network), INPUTS, DATA.train_labels, ALPHAS, parts)
    assert result.output_change.min() > 0.1
    assert (result.gradient_cosine - 1).abs().max() > 0.01
    assert result.inner_product.abs().max() > 0.01
