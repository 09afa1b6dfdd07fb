"""Batched networks and losses equal torch.nn; the initialisation has the stated law."""

import math

import pytest
import torch

from lessons.core.losses import accuracy, cross_entropy, example_cross_entropy, squared_error
from lessons.core.network import DenseNetwork

MODULES = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU, "linear": torch.nn.Identity}
LANES = 3


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def labels(*shape: int) -> torch.Tensor:
    return torch.randint(0, 4, shape, generator=torch.Generator().manual_seed(1))


def sequential(network: DenseNetwork, theta: torch.Tensor, activation: str, lane: int) -> torch.nn.Sequential:
    """The same network as plain torch.nn modules."""
    modules = []
    for weight, bias in network.layers(theta):
        linear = torch.nn.Linear(*weight.shape[1:], dtype=theta.dtype)
        linear.weight.data, linear.bias.data = weight[lane].T.clone(), bias[lane, 0].clone()
        modules += [linear, MODULES[activation]()]
    return torch.nn.Sequential(*modules[:-1])


def flat_gradient(model: torch.nn.Sequential) -> torch.Tensor:
    """Gradients in the order of theta: weights (fan_in, fan_out), then biases, layer by layer."""
    linears = [m for m in model if isinstance(m, torch.nn.Linear)]
    return torch.cat([part for m in linears for part in (m.weight.grad.T.reshape(-1), m.bias.grad)])


@pytest.mark.parametrize("activation", MODULES)
@pytest.mark.parametrize("sizes", [(5, 4), (5, 7, 4), (5, 7, 6, 4)], ids=str)
@pytest.mark.parametrize("own_inputs", [False, True], ids=["shared inputs", "own inputs"])
def test_outputs_and_gradients_equal_torch_nn(activation, sizes, own_inputs):
    network = DenseNetwork(sizes, activation)
    theta = random(LANES, network.parameter_count).requires_grad_()
    inputs = random(LANES, 11, 5, seed=2) if own_inputs else random(11, 5, seed=2)
    outputs = network(theta, inputs)
    (gradient,) = torch.autograd.grad(outputs.square().sum(), theta)
    assert outputs.shape == (LANES, 11, 4)
    for lane in range(LANES):
        model = sequential(network, theta.detach(), activation, lane)
        expected = model(inputs[lane] if own_inputs else inputs)
        expected.square().sum().backward()
        torch.testing.assert_close(outputs[lane], expected)
        torch.testing.assert_close(gradient[lane], flat_gradient(model))


def test_parameter_count_is_that_of_torch_nn():
    network = DenseNetwork((5, 7, 6, 4), "tanh")
    model = sequential(network, random(1, network.parameter_count), "tanh", 0)
    assert network.parameter_count == sum(p.numel() for p in model.parameters())


@pytest.mark.parametrize("shape", [(11,), (LANES, 11)], ids=["shared labels", "own labels"])
def test_losses_equal_torch_functional(shape):
    outputs, target = random(LANES, 11, 4), labels(*shape)
    for lane in range(LANES):
        own = target if len(shape) == 1 else target[lane]
        one_hot = torch.eye(4, dtype=torch.float64)[own]
        halved = 0.5 * torch.nn.functional.mse_loss(outputs[lane], one_hot, reduction="sum") / 11
        torch.testing.assert_close(squared_error(outputs, target)[lane], halved)
        each = torch.nn.functional.cross_entropy(outputs[lane], own, reduction="none")
        torch.testing.assert_close(cross_entropy(outputs, target)[lane], each.mean())
        torch.testing.assert_close(example_cross_entropy(outputs, target)[lane], each)


@pytest.mark.parametrize("loss", [squared_error, cross_entropy])
def test_losses_stay_finite_or_go_to_infinity_lane_by_lane(loss):
    outputs = random(LANES, 11, 4)
    spoilt = outputs.clone()
    spoilt[1] = math.nan
    values = loss(spoilt, labels(11))
    assert torch.equal(values[[0, 2]], loss(outputs, labels(11))[[0, 2]])
    assert values[1].isnan()


def test_cross_entropy_does_not_overflow():
    outputs = torch.tensor([[[1e4, 0.0], [0.0, 1e4]]], dtype=torch.float64)
    assert cross_entropy(outputs, torch.tensor([0, 0])).tolist() == [5000.0]


def test_accuracy_counts_the_largest_output():
    outputs = torch.tensor([[[2.0, 1.0], [0.0, 3.0]], [[0.0, 1.0], [5.0, 3.0]]])
    assert accuracy(outputs, torch.tensor([0, 1])).tolist() == [1.0, 0.0]
    assert accuracy(outputs, torch.tensor([[0, 0], [1, 1]])).tolist() == [0.5, 0.5]


def test_same_seed_same_weights_times_own_scale():
    network = DenseNetwork((20, 10, 4), "tanh")
    theta = network.initial(torch.tensor([3.0, 4.0, 3.0]), torch.tensor([1.0, 1.0, 0.5]))
    assert theta.dtype == torch.float32
    assert torch.equal(theta, network.initial(torch.tensor([3.0, 4.0, 3.0]), torch.tensor([1.0, 1.0, 0.5])))
    assert torch.equal(theta[0] * 0.5, theta[2])
    assert torch.equal(theta[:1], network.initial(torch.tensor([3.0]), torch.tensor([1.0])))


def test_different_seeds_give_unrelated_weights():
    """The correlation of n independent pairs has standard error 1 / sqrt(n)."""
    network = DenseNetwork((100, 100), "tanh")
    one, other = network.initial(torch.tensor([3.0, 4.0]), torch.ones(2))[:, : 100 * 100]
    assert abs(torch.corrcoef(torch.stack([one, other]))[0, 1]) < 4 / math.sqrt(100 * 100)


@pytest.mark.parametrize("scale", [0.5, 1.0, 2.0])
def test_weights_start_with_variance_scale_squared_over_fan_in_and_biases_at_zero(scale):
    """Over n Gaussian weights the sample variance has relative standard error sqrt(2 / n); allowed are four."""
    network = DenseNetwork((200, 100, 50), "relu")
    theta = network.initial(torch.tensor([7.0]), torch.tensor([scale]))
    for weight, bias in network.layers(theta):
        fan_in, count = weight.shape[1], weight.numel()
        assert bias.abs().max() == 0
        assert abs(weight.mean()) < 4 * scale / math.sqrt(fan_in * count)
        assert weight.var().item() * fan_in / scale**2 == pytest.approx(1, abs=4 * math.sqrt(2 / count))
