"""Two inputs through a random net, and the theory of their correlation, against integration, closed forms and nets."""

import math

import pytest
import torch

from lessons.core.activations import ACTIVATIONS
from lessons.core.lanes import Lanes
from lessons.initialization import mean_field
from lessons.initialization.angles import Angles, AngleSettings, angle, draw_pair
from lessons.initialization.correlation import angle_map, predict_angles, product_moment, small_angle_growth

Q = torch.tensor([0.01, 1.0, 9.0], dtype=torch.float64)
CORRELATIONS = (-1.0, -0.7, 0.0, 0.3, 0.99, 1.0)


def lanes_of(**values) -> Lanes:
    return Lanes([AngleSettings(**{"scheme": "LeCun", "bias_deviation": 0.3, **values})])


def integrated(name: str, q: float, c: float) -> float:
    """E phi(u) phi(v) on 1201 points each way."""
    z = torch.linspace(-9, 9, 1201, dtype=torch.float64)
    weights = torch.exp(-z.square() / 2)
    u, phi = math.sqrt(q) * z[:, None], ACTIVATIONS[name]
    v = c * u + math.sqrt(1 - c * c) * math.sqrt(q) * z[None]
    return float((phi(u) * phi(v) * weights[:, None] * weights[None]).sum() / weights.sum() ** 2)


@pytest.mark.parametrize("name", ACTIVATIONS)
@pytest.mark.parametrize("c", CORRELATIONS)
def test_product_moments_equal_numerical_integration(name, c):
    """At a kink the sum on the grid is off by the square of its spacing, 0.015; what it is compared with is exact."""
    found = product_moment(name, Q, torch.full_like(Q, c))
    expected = torch.tensor([integrated(name, float(q), c) for q in Q], dtype=torch.float64)
    torch.testing.assert_close(found, expected, rtol=1e-7, atol=1e-4 if "relu" in name else 1e-9)


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_inputs_that_are_one_and_inputs_without_relation_are_those_of_the_mean_field(name):
    torch.testing.assert_close(product_moment(name, Q, torch.ones_like(Q)), mean_field.second_moment(name, Q))
    expected = mean_field.mean(name, Q).square()
    torch.testing.assert_close(product_moment(name, Q, torch.zeros_like(Q)), expected, rtol=1e-7, atol=1e-12)


def test_relu_is_the_arc_cosine_kernel_of_cho_and_saul():
    """Of degree 1, with theta the angle; half of it is the expectation."""
    theta = torch.linspace(0, math.pi, 7, dtype=torch.float64)
    kernel = (torch.sin(theta) + (math.pi - theta) * torch.cos(theta)) / math.pi
    found = product_moment("relu", torch.full_like(theta, 3.0), torch.cos(theta))
    torch.testing.assert_close(found, 3 * kernel / 2)


@pytest.mark.parametrize("degrees", [0.001, 1.0, 60.0, 90.0, 179.0, 180.0])
def test_a_pair_has_the_angle_and_the_lengths_that_were_asked_for(degrees):
    pair = draw_pair(lanes_of(angle=degrees, input_scale=2.0, width=50), 3)
    assert float(angle(pair[:, 0], pair[:, 1])) == pytest.approx(degrees, rel=1e-9)
    torch.testing.assert_close(pair.square().mean(2), torch.full((1, 2), 4.0, dtype=torch.float64))


def test_tiny_angles_are_known_where_the_arc_cosine_says_zero():
    first, second = torch.eye(2, dtype=torch.float64)
    turned = math.cos(1e-9) * first + math.sin(1e-9) * second
    assert float(torch.arccos(first @ turned)) == 0
    assert float(angle(first[None], turned[None])) == pytest.approx(math.degrees(1e-9), rel=1e-6)


@pytest.mark.parametrize(
    "values",
    [
        {"gain": 0.8, "angle": 60.0},
        {"gain": 2.5, "angle": 1.0},
        {"gain": 2.5, "angle": 170.0},
        {"activation": "relu", "bias_deviation": 0.0, "angle": 60.0},
        {"activation": "gelu", "gain": 1.5, "angle": 30.0},
        {"activation": "leaky relu", "gain": 1.4, "angle": 120.0},
        {"scheme": "orthogonal", "gain": 1.4, "angle": 20.0},
        {"residual": True, "gain": 2.5, "angle": 60.0},
        {"residual": True, "activation": "relu", "gain": 1.4, "angle": 60.0},
    ],
    ids=str,
)
def test_a_wide_net_follows_the_theory(values):
    """Ten layers of 512 units, the median of eleven nets: off by up to 6 % over five seeds."""
    lanes = lanes_of(**values, depth=10, width=512, steps=10)
    measured = torch.stack([each["angle"] for each in Angles().run(lanes)])[:, 0].quantile(0.5, 0)
    torch.testing.assert_close(measured, predict_angles(lanes)[0], rtol=0.15, atol=0.0)


@pytest.mark.parametrize(("name", "bias"), [("tanh", 0.3), ("gelu", 0.2), ("relu", 0.0)])
def test_a_small_angle_grows_as_chi_says(name, bias):
    """At a gain of 1.4 and after 200 layers lengths change no more, but for ReLU's, whose growth drops out."""
    lanes = lanes_of(activation=name, bias_deviation=bias, gain=1.4, depth=100, width=8)
    tiny = torch.tensor([1e-3], dtype=torch.float64)
    mapped = float(angle_map(lanes, tiny)[1][0, 0] / tiny[0])
    assert mapped == pytest.approx(float(small_angle_growth(lanes)[0]), rel=1e-3)


def test_the_map_of_the_last_layer_goes_on_where_the_prediction_ends():
    shorter, longer = lanes_of(gain=2.5, depth=9), lanes_of(gain=2.5, depth=10)
    expected = predict_angles(longer)[:, 10]
    here, there = angle_map(shorter, predict_angles(shorter)[0, 9:])
    torch.testing.assert_close(here, predict_angles(shorter)[:, 9:])
    torch.testing.assert_close(there[:, 0], expected)


def test_the_map_of_a_residual_net_begins_at_the_angle_of_its_activations():
    """A linear net adds what it multiplies: every angle stays. With tanh what is there and what follows are near."""
    grid = torch.tensor([10.0, 60.0, 120.0], dtype=torch.float64)
    linear = lanes_of(residual=True, activation="linear", bias_deviation=0.0, depth=10)
    for found in angle_map(linear, grid):
        torch.testing.assert_close(found, grid.expand(1, -1))
    here, there = angle_map(lanes_of(residual=True, depth=100, gain=2.0), grid)
    assert ((here - there).abs() < 1).all()
    assert ((here - grid).abs() > 0.1).any()


def test_where_nothing_is_left_two_inputs_are_alike():
    """Two units: in some of forty layers both are silent."""
    lanes = lanes_of(activation="relu", bias_deviation=0.0, width=2, depth=40, steps=5)
    assert any(each["angle"][0, -1] == each["loss"][0] == 0 for each in Angles().run(lanes))
    nothing, something = torch.tensor([[[0.0, 0.0]], [[1.0, 1.0]]], dtype=torch.float64)
    assert float(angle(nothing, nothing)) == 0
    assert float(angle(nothing, something)) == 90
