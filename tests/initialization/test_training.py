"""Claim 23: deep nets that differ in how they begin, against torch.nn; and the machinery of a run."""

import itertools
import math

import numpy as np
import pytest
import torch

from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.initialization.draws import Layer
from lessons.initialization.histograms import BINS
from lessons.initialization.schemes import SCHEMES, Initializer
from lessons.initialization.training import DeepNet, DeepNetTraining, deep_network
from lessons.initialization.training_settings import DeepNetSettings

SMALL = {"width": 8, "depth": 3, "train_size": 50, "steps": 30, "measure_every": 5, "learning_rate": 0.02, "seed": 2}
MODULES = {
    "linear": torch.nn.Identity,
    "tanh": torch.nn.Tanh,
    "logistic": torch.nn.Sigmoid,
    "relu": torch.nn.ReLU,
    "leaky relu": torch.nn.LeakyReLU,
    "gelu": torch.nn.GELU,
}
DEEP = ("normal", "LeCun", "Xavier", "Kaiming fan-in", "Kaiming fan-out", "orthogonal")


def small(**values) -> DeepNetSettings:
    return DeepNetSettings(**{**SMALL, **values})


def reference(lane: DeepNetSettings) -> tuple[list[float], torch.nn.Sequential, list[float]]:
    """Losses of torch.nn and torch.optim, the net after the last update, and its first gradient norms."""
    units, modules = [64, *[lane.width] * lane.depth, 10], []
    initializer = Initializer(Lanes([lane]))
    for number, (fan_in, fan_out) in enumerate(itertools.pairwise(units), start=1):
        linear = torch.nn.Linear(fan_in, fan_out)
        linear.weight.data = initializer.weights(Layer(number, len(units) - 1, fan_in, fan_out))[0].T.clone()
        torch.nn.init.zeros_(linear.bias)
        modules += [linear, MODULES[lane.activation]()]
    model, data = torch.nn.Sequential(*modules[:-1]), digits_split(lane.train_size)
    optimizer = torch.optim.SGD(model.parameters(), lr=lane.learning_rate, momentum=lane.momentum)
    target, losses, norms = torch.eye(10)[data.train_labels], [], []
    for _ in range(lane.steps + 1):
        loss = (model(data.train_inputs) - target).square().sum(1).mean() / 2
        losses.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        norms = norms or [m.weight.grad.norm().item() for m in model if isinstance(m, torch.nn.Linear)]
        if len(losses) <= lane.steps:
            optimizer.step()
    return losses, model, norms


@pytest.fixture(scope="module")
def deep_runs(history_of):
    """Histories of 120 steps with the six random schemes of `DEEP` as lanes: (activation, depth) -> history."""
    rates = {("tanh", 50): 0.03, ("relu", 20): 0.01, ("relu", 50): 0.01}
    return {
        (activation, depth): history_of(
            DeepNet(),
            [
                DeepNetSettings(scheme=s, activation=activation, depth=depth, steps=120, learning_rate=rate, width=24)
                for s in DEEP
            ],
        )
        for (activation, depth), rate in rates.items()
    }


@pytest.mark.claim(23)
@pytest.mark.parametrize("activation", MODULES)
@pytest.mark.parametrize("scheme", ["Xavier", "orthogonal"])
def test_a_training_equals_torch_nn_and_torch_optim(history_of, activation, scheme):
    lane = small(activation=activation, scheme=scheme, optimizer="heavy ball", momentum=0.5)
    history, (losses, model, norms) = history_of(DeepNet(), [lane]), reference(lane)
    data = digits_split(lane.train_size)
    np.testing.assert_allclose(history["loss"][:, 0], losses, rtol=1e-4)
    np.testing.assert_allclose(history["gradient_norm"][0, 0], norms, rtol=1e-4)
    right = (model(data.test_inputs).argmax(1) == data.test_labels).float().mean().item()
    assert history["test_accuracy"][-1, 0] == pytest.approx(right, abs=0.005)


@pytest.mark.claim(23)
def test_fifty_tanh_layers_train_from_orthogonal_weights_and_not_from_small_ones(deep_runs):
    """Width 24, 120 steps of gradient descent: loss, best first, is orthogonal's; σ = 0.01 only learns the biases."""
    loss = dict(zip(DEEP, deep_runs["tanh", 50]["loss"][-1], strict=True))
    constant = _best_constant_loss(200)
    assert loss["orthogonal"] < 0.6 * min(loss["Xavier"], loss["LeCun"])
    assert max(loss["Xavier"], loss["LeCun"]) < 0.9 * constant
    assert loss["normal"] == pytest.approx(constant, abs=0.005)


@pytest.mark.claim(23)
@pytest.mark.claim(20)
@pytest.mark.parametrize("depth", [20, 50])
def test_relu_layers_need_kaimings_factor_of_two(deep_runs, depth):
    """With 1/fan_in the gradient of the first layer has lost a factor near 2^(-depth/2), and the loss stays.

    Kaiming's loss falls, though by little: its gradients keep their size, but not their directions (claim 21).
    """
    history = deep_runs["relu", depth]
    first = dict(zip(DEEP, history["gradient_norm"][0, :, 0], strict=True))
    assert first["LeCun"] < 4 * first["Kaiming fan-in"] * 2 ** (-depth / 2)
    final = dict(zip(DEEP, history["loss"][-1], strict=True))
    constant = _best_constant_loss(200)
    assert final["Kaiming fan-in"] < 0.99 * constant
    assert constant - 0.002 < final["LeCun"] < constant + 0.01


def _best_constant_loss(train_size: int) -> float:
    """Loss of the best output that does not look at the image: (1 - sum of squared class shares) / 2."""
    share = torch.bincount(digits_split(train_size).train_labels, minlength=10) / train_size
    return (1 - share.square().sum().item()) / 2


@pytest.mark.claim(23)
def test_all_schemes_and_activations_run_side_by_side():
    lanes = Lanes([small(scheme=s, activation=a, learning_rate=0.001) for s in SCHEMES for a in MODULES])
    *_, last = DeepNet().run(lanes)
    assert last["loss"].shape == (len(lanes),)
    assert last["gradient_norm"].shape == (len(lanes), 4)
    assert last["distinct_units"].shape == (len(lanes), 3)
    heavy = torch.tensor([settings.scheme == "Cauchy" for settings in lanes.settings])
    assert last["loss"][~heavy].isfinite().all(), "some of Cauchy's weights are so large that a net may diverge, alone"


def test_lanes_start_from_the_same_draw_up_to_scale():
    theta = DeepNetTraining(Lanes([small(scheme="LeCun"), small(scheme="LeCun", gain=2.0)])).start().theta
    torch.testing.assert_close(2 * theta[0], theta[1])


def test_the_activation_histogram_is_that_of_its_step():
    lanes = Lanes([small(), small(activation="relu", scheme="Kaiming fan-in")])
    run = DeepNet().run(lanes)
    drawing = next(run).snapshots["activation_histogram"]
    first = drawing()
    *_, last = run
    assert first.shape == (2, 3, BINS)
    torch.testing.assert_close(first.sum(2), torch.ones(2, 3))
    assert torch.equal(drawing(), first)
    assert not torch.equal(last.snapshots["activation_histogram"](), first)
    dead = (_first_layer(lanes)[1] == 0).float().mean()
    assert first[1, 0, 0] >= dead > 0.1


def _first_layer(lanes: Lanes) -> torch.Tensor:
    network, theta = deep_network(lanes), DeepNetTraining(lanes).start().theta
    weight, bias = network.layers(theta)[0]
    inputs = digits_split(lanes.shared.train_size).train_inputs
    return network.activation(torch.baddbmm(bias, inputs.expand(len(lanes), -1, -1), weight))


def test_a_scheme_of_ones_own_trains_as_ours_and_its_failure_is_its_lanes_alone():
    lanes = [small(scheme=s) for s in ("your own", "LeCun")]
    *_, last = DeepNet().run(Lanes(lanes, own=lambda normal, layer, fan_in, fan_out: normal / math.sqrt(fan_in)))
    assert last.failures == {}
    torch.testing.assert_close(last["loss"][0], last["loss"][1], rtol=1e-4, atol=0)
    *_, hurt = DeepNet().run(Lanes(lanes, own=lambda normal, layer, fan_in, fan_out: normal[:2]))
    assert hurt.failures.keys() == {0}
    assert hurt["loss"][0].isnan()
    assert torch.equal(hurt["loss"][1], last["loss"][1])
