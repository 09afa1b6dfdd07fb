"""Claim 20: variances layer by layer equal autograd on one net and mean-field theory over many."""

import math

import numpy as np
import pytest
import torch

from lessons.core.activations import ACTIVATIONS
from lessons.core.lanes import Lanes
from lessons.initialization.activations import LaneActivation
from lessons.initialization.histograms import BINS, histogram, histogram_range
from lessons.initialization.prediction import predict
from lessons.initialization.propagation import Propagation, PropagationSettings, draw_net, last_gradients
from lessons.initialization.schemes import NO_VARIANCE, SCHEMES, Initializer

NETS = 24
CASES = [
    {"activation": "tanh", "scheme": "Xavier"},
    {"activation": "tanh", "scheme": "LeCun", "gain": 1.5, "bias_deviation": 0.3},
    {"activation": "relu", "scheme": "LeCun"},
    {"activation": "relu", "scheme": "Kaiming fan-in"},
    {"activation": "leaky relu", "scheme": "Kaiming fan-out"},
    {"activation": "gelu", "scheme": "Kaiming fan-in", "input_scale": 2.0},
    {"activation": "logistic", "scheme": "Xavier"},
    {"activation": "linear", "scheme": "normal", "deviation": 0.1},
    {"activation": "tanh", "scheme": "orthogonal", "input_scale": 0.1},
    {"activation": "tanh", "scheme": "zeros"},
    {"activation": "tanh", "scheme": "LeCun", "gain": 2.0, "residual": True},
]
DEPTH, WIDTH = 12, 128


def one_net(**values):
    lanes = Lanes([PropagationSettings(steps=1, **values)])
    return lanes, next(Propagation().run(lanes))


@pytest.fixture(scope="module")
def nets():
    """24 more nets of each case: lanes, and what was measured, arrays of shape (25, K, ...)."""
    lanes = Lanes([PropagationSettings(depth=DEPTH, width=WIDTH, steps=NETS, **case) for case in CASES])
    measured = list(Propagation().run(lanes))
    return lanes, {name: torch.stack([m[name] for m in measured]).double() for name in measured[0].values}


@pytest.mark.claim(20)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_one_net_equals_automatic_differentiation(activation):
    settings = PropagationSettings(activation=activation, scheme="orthogonal", depth=5, width=20, bias_deviation=0.2)
    lanes = Lanes([settings])
    net, last = draw_net(lanes, Initializer(lanes), 0), last_gradients(lanes, 0)
    measured = next(Propagation().run(lanes))
    hidden, before = net.inputs[0], []
    squares, means = [hidden.square().mean()], [hidden.mean()]
    for weight, bias in zip(net.weights, net.biases, strict=True):
        before.append((hidden @ weight[0] + bias[0]).requires_grad_())
        hidden = ACTIVATIONS[activation](before[-1])
        squares.append(hidden.detach().square().mean())
        means.append(hidden.detach().mean())
    gradients = torch.autograd.grad((before[-1] * last[0]).sum(), before)
    torch.testing.assert_close(measured["activation_square"][0], torch.stack(squares))
    torch.testing.assert_close(measured["activation_mean"][0], torch.stack(means))
    expected = torch.stack([g.square().mean() for g in gradients])
    torch.testing.assert_close(measured["gradient_square"][0], expected, rtol=1e-4, atol=1e-12)


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_a_residual_net_equals_automatic_differentiation_and_its_plain_neighbour_is_left_alone(activation):
    common = {"activation": activation, "depth": 5, "width": 20, "bias_deviation": 0.2}
    lanes = Lanes([PropagationSettings(residual=residual, **common) for residual in (False, True)])
    net, last = draw_net(lanes, Initializer(lanes), 0), last_gradients(lanes, 0)
    measured = next(Propagation().run(lanes))
    before, hidden = [], net.inputs[1]
    for weight, bias in zip(net.weights, net.biases, strict=True):
        layer = hidden @ weight[1] + bias[1]
        before.append((before[-1] + layer / 5**0.5 if before else layer).requires_grad_())
        hidden = ACTIVATIONS[activation](before[-1])
    gradients = torch.autograd.grad((before[-1] * last[1]).sum(), before)
    expected = torch.stack([g.square().mean() for g in gradients])
    torch.testing.assert_close(measured["gradient_square"][1], expected, rtol=1e-4, atol=1e-12)
    torch.testing.assert_close(measured["activation_square"][1, -1], hidden.detach().square().mean())
    alone = next(Propagation().run(Lanes([PropagationSettings(**common)])))
    torch.testing.assert_close(measured["gradient_square"][0], alone["gradient_square"][0])


@pytest.mark.parametrize("depth", [3, 20])
def test_a_linear_residual_net_is_known_in_closed_form(depth):
    """Variance and gradient are multiplied by 1 + g^2/L at each layer but the first."""
    lanes = Lanes([PropagationSettings(scheme="LeCun", activation="linear", gain=1.5, residual=True, depth=depth)])
    found, factor = predict(lanes), (1 + 1.5**2 / depth) ** (depth - 1)
    assert float(found.activation_square[0, -1]) == pytest.approx(1.5**2 * factor)
    assert float(found.gradient_square[0, 0]) == pytest.approx(factor)


@pytest.mark.claim(20)
@pytest.mark.parametrize("name", ["activation_square", "activation_mean", "gradient_square"])
@pytest.mark.parametrize("case", range(len(CASES)), ids=lambda k: f"{CASES[k]['activation']}-{CASES[k]['scheme']}")
def test_the_mean_over_nets_is_that_of_theory(nets, name, case):
    """Within five standard errors of the mean over 25 nets, and 3 % for the finite width of 128."""
    lanes, measured = nets
    predicted = getattr(predict(lanes), name)[case]
    values = measured[name][:, case]
    error = 5 * values.std(0) / math.sqrt(len(values)) + 0.03 * predicted.abs() + 1e-30
    assert ((values.mean(0) - predicted).abs() <= error).all()


@pytest.mark.claim(20)
def test_theory_tells_the_cases_apart(nets):
    """The bounds of the last test are narrow enough that another case's prediction fails them."""
    lanes, measured = nets
    predicted, values = predict(lanes).activation_square[:, -1], measured["activation_square"][:, :, -1]
    spread = 5 * values.std(0) / math.sqrt(len(values)) + 0.03 * predicted
    assert (values.mean(0)[1] - predicted[0]).abs() > 5 * spread[1]
    assert (values.mean(0)[2] - predicted[3]).abs() > 5 * spread[2]


@pytest.mark.claim(20)
def test_set_right_tanh_with_xavier_measured(history_of):
    """Ten nets, width 256: mean 0.052 after 10 layers and 0.010 after 50, within five standard errors."""
    history = history_of(Propagation(), [PropagationSettings(steps=9)])
    for depth, expected in ((10, 0.052), (50, 0.010)):
        values = history["activation_square"][:, 0, depth]
        error = values.std(ddof=1).item() / math.sqrt(len(values))
        assert values.mean().item() == pytest.approx(expected, abs=5 * error + 0.0005)
        assert error < 0.1 * expected


@pytest.mark.claim(20)
@pytest.mark.sentence("l4_relu_halves")
def test_relu_halves_each_layer_with_one_over_fan_in_and_is_kept_by_kaiming(nets):
    """Measured over 25 nets: a factor of 1/2 and of 1 a layer, within 5 %."""
    _, measured = nets
    square = measured["activation_square"].mean(0)
    for case, share in ((2, 0.5), (3, 1.0)):
        # Entry 0 is the Gaussian input, halved by no ReLU yet: from there to layer 12 there are 12 factors.
        assert (square[case, -1] / square[case, 0]).item() ** (1 / DEPTH) == pytest.approx(share, rel=0.05)


@pytest.mark.claim(19)
def test_set_right_xavier_is_for_tanh_and_not_for_the_logistic():
    """50 layers back: with tanh the gradient's variance is above a hundredth, with the logistic it is nothing."""
    lanes = [PropagationSettings(activation=name, steps=1, depth=50, width=128) for name in ("tanh", "logistic")]
    first = next(Propagation().run(Lanes(lanes)))
    assert first["gradient_square"][0, 0] > 0.005
    assert first["gradient_square"][1, 0] < 1e-30
    assert first["activation_mean"][0, 1:].abs().max() < 0.02
    assert first["activation_mean"][1, 1:].min() > 0.4


@pytest.mark.claim(20)
def test_depth_100_of_kaiming_stays_in_range_and_of_small_weights_is_lost():
    lanes = [
        PropagationSettings(activation="relu", scheme=name, depth=100, width=256, steps=1)
        for name in ("Kaiming fan-in", "normal")
    ]
    first = next(Propagation().run(Lanes(lanes)))
    assert 0.02 < first["loss"][0] < 50
    assert first["loss"][1] == 0


def test_no_theory_is_offered_where_there_is_none():
    lanes = Lanes([PropagationSettings(scheme=name, depth=3) for name in SCHEMES])
    known = predict(lanes).activation_square[:, 1:].isfinite().all(1)
    assert [name for name, is_known in zip(SCHEMES, known, strict=True) if not is_known] == list(NO_VARIANCE)


def test_the_histogram_counts_what_numpy_counts():
    lanes = Lanes([PropagationSettings(activation=a, depth=3, width=30, steps=1) for a in ("tanh", "gelu", "relu")])
    first = next(Propagation().run(lanes))
    shares = first.snapshots["activation_histogram"]()
    assert shares.shape == (3, 3, BINS)
    torch.testing.assert_close(shares.sum(2), torch.ones(3, 3))
    net, activation = draw_net(lanes, Initializer(lanes), 0), LaneActivation(["tanh", "gelu", "relu"])
    hidden = activation(torch.bmm(net.inputs, net.weights[0]))
    for lane, name in enumerate(("tanh", "gelu", "relu")):
        low, high = histogram_range(name)
        values = hidden[lane].flatten().numpy().clip(low, high)
        expected = np.histogram(values, BINS, (low, high))[0] / values.size
        np.testing.assert_allclose(shares[lane, 0].numpy(), expected, atol=3 / values.size)


def test_what_is_not_a_number_is_in_no_bin_and_what_is_infinite_in_the_last():
    values = torch.tensor([[[math.nan, math.inf, -math.inf, 0.01]]])
    shares = histogram([values], ["tanh"], 4)[0, 0]
    assert shares.tolist() == [0.25, 0.0, 0.25, 0.25]
