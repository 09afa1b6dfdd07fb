"""How many directions get through a net, against singular values of autograd's Jacobian."""

import pytest
import torch

from lessons.core.network import DenseNetwork
from lessons.initialization.isometry import directions_kept


@pytest.mark.parametrize(("depth", "activation"), [(1, "tanh"), (4, "tanh"), (4, "relu")])
def test_it_is_the_participation_ratio_of_the_jacobians_singular_values(depth, activation):
    network = DenseNetwork((6, *[5] * depth, 3), activation)
    theta = network.initial(torch.tensor([0, 1]), torch.tensor([1.0, 2.5])) + 0.05
    inputs = torch.randn(3, 6, generator=torch.Generator().manual_seed(2))
    found = directions_kept(network, theta, inputs)
    for lane in range(2):
        (weight, bias), *others = [(w[lane], b[lane]) for w, b in network.layers(theta)[:-1]]

        def hidden(z, others=others):
            h = network.activation(z)
            for w, b in others:
                h = network.activation((h[None] @ w + b)[0])
            return h

        ratios = []
        for each in inputs:
            jacobian = torch.autograd.functional.jacobian(hidden, (each[None] @ weight + bias)[0])
            squares = torch.linalg.svdvals(jacobian).square()
            ratios.append(squares.sum() ** 2 / squares.square().sum())
        torch.testing.assert_close(found[lane], torch.stack(ratios).mean(), rtol=1e-4, atol=1e-5)


def test_orthogonal_weights_keep_every_direction_and_silent_units_none():
    network = DenseNetwork((4, 4, 4, 4, 2), "linear")
    theta, inputs = torch.zeros(2, network.parameter_count), torch.ones(1, 4)
    for weight, _ in network.layers(theta)[:-1]:
        weight[0] = torch.eye(4)[[1, 0, 3, 2]]
    assert directions_kept(network, theta, inputs).tolist() == pytest.approx([4, 0])


def test_a_hundred_small_layers_stay_in_range():
    network = DenseNetwork((4, *[4] * 100, 2), "linear")
    theta = torch.zeros(1, network.parameter_count)
    for weight, _ in network.layers(theta)[:-1]:
        weight[0] = 1e-3 * torch.eye(4)
    assert directions_kept(network, theta, torch.ones(1, 4)).item() == pytest.approx(4)
