"""Claim 21: singular values of the input-output Jacobian equal autograd's; who has dynamical isometry, who has not."""

import math

import pytest
import torch

from lessons.core.activations import ACTIVATIONS
from lessons.core.lanes import Lanes
from lessons.initialization.draws import Layer
from lessons.initialization.jacobian import (
    JacobianSettings,
    JacobianSpectrum,
    draw_input,
    resolved,
    rounding_floor,
    singular_values,
)
from lessons.initialization.prediction import predict
from lessons.initialization.propagation import PropagationSettings
from lessons.initialization.schemes import Initializer

LANES = {
    "orthogonal tanh": {"scheme": "orthogonal"},
    "orthogonal tanh, large input": {"scheme": "orthogonal", "input_scale": 1.0},
    "Xavier tanh": {"scheme": "Xavier"},
    "orthogonal relu": {"scheme": "orthogonal", "activation": "relu", "gain": math.sqrt(2)},
    "orthogonal logistic": {"scheme": "orthogonal", "activation": "logistic"},
    "orthogonal logistic, gain 4": {"scheme": "orthogonal", "activation": "logistic", "gain": 4.0},
    "orthogonal linear": {"scheme": "orthogonal", "activation": "linear"},
}
MEDIAN = 32  # of 64, largest first: the smaller of the two in the middle


@pytest.fixture(scope="module")
def at_depth_20():
    """Singular values (n,) of each of `LANES`, at width 64 and depth 20."""
    *_, last = JacobianSpectrum().run(Lanes([JacobianSettings(**lane) for lane in LANES.values()]))
    return dict(zip(LANES, last["singular_values"], strict=True))


@pytest.mark.claim(21)
@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("scheme", ["orthogonal", "Kaiming fan-in"])
def test_singular_values_equal_those_of_the_dense_jacobian(activation, scheme):
    lanes = Lanes([JacobianSettings(activation=activation, scheme=scheme, width=12, steps=4, input_scale=1.0)])
    *_, last = JacobianSpectrum().run(lanes)
    initializer = Initializer(lanes)
    weights = [initializer.weights(Layer(i, 4, 12, 12))[0].double() for i in (1, 2, 3, 4)]

    def net(x):
        for weight in weights:
            x = ACTIVATIONS[activation](x @ weight)
        return x

    dense = torch.autograd.functional.jacobian(net, draw_input(lanes)[0, 0])
    torch.testing.assert_close(last["singular_values"][0], torch.linalg.svdvals(dense), rtol=1e-8, atol=1e-12)
    assert last["loss"][0].item() == pytest.approx(dense.square().sum().item() / 12)


@pytest.mark.claim(21)
def test_orthogonal_tanh_at_small_input_is_nearly_isometric(at_depth_20):
    values = at_depth_20["orthogonal tanh"]
    assert 0.55 < values.min() < values.max() < 1
    torch.testing.assert_close(at_depth_20["orthogonal linear"], torch.ones(64).double(), rtol=0, atol=1e-5)


@pytest.mark.claim(21)
def test_tanh_loses_it_at_large_input_and_gaussian_weights_never_have_it(at_depth_20):
    assert at_depth_20["orthogonal tanh, large input"].min() < 0.01
    gaussian = at_depth_20["Xavier tanh"]
    assert gaussian[0] > 2
    assert gaussian[MEDIAN] < 0.01


@pytest.mark.claim(21)
def test_set_right_relu_cannot_be_isometric_even_with_orthogonal_weights(at_depth_20):
    """The mean square is kept, as the gain sqrt(2) wants, by a few directions for all the others."""
    values = at_depth_20["orthogonal relu"]
    assert 3 < values.max() < 12
    assert values[MEDIAN] == 0
    assert values.square().mean().item() == pytest.approx(1, abs=0.7)


@pytest.mark.claim(21)
def test_set_right_the_logistic_is_not_isometric_at_gain_1_nor_at_the_gain_that_mends_its_slope(at_depth_20):
    """Slopes of a quarter at most: (1/4)^20 = 9e-13. With gain 4 units saturate, as their inputs are not near 0."""
    assert at_depth_20["orthogonal logistic"].max() <= 0.25**20
    assert at_depth_20["orthogonal logistic"].max() > 1e-13
    mended = at_depth_20["orthogonal logistic, gain 4"]
    assert mended[0] < 0.01
    assert mended[0] / mended[MEDIAN] > 100


@pytest.mark.claim(21)
def test_the_mean_squared_singular_value_is_the_product_of_the_layers_gradient_factors():
    """Over 40 nets of width 64 and depth 10, within four standard errors and 5 %: tanh with gain 1.2, input scale 1."""
    values = {"scheme": "LeCun", "gain": 1.2, "input_scale": 1.0, "width": 64}
    *_, last = JacobianSpectrum().run(Lanes([JacobianSettings(steps=10, seed=s, **values) for s in range(40)]))
    predicted = predict(Lanes([PropagationSettings(depth=10, **values)])).gradient_factor[0].prod().item()
    error = last["loss"].std().item() / math.sqrt(40)
    assert last["loss"].mean().item() == pytest.approx(predicted, abs=4 * error + 0.05 * predicted)


def test_what_is_beyond_the_rank_is_zero_and_what_rounding_hides_is_at_the_floor():
    values = torch.tensor([[2.0, 1e-3, 1e-15, 1e-17], [2.0, 1e-3, 1e-16, 0.0]], dtype=torch.float64)
    kept = resolved(values, torch.tensor([4, 2]))
    assert rounding_floor(values)[0].item() == pytest.approx(4 * 2.2e-16 * 2, rel=0.01)
    assert kept[0, :2].tolist() == kept[1, :2].tolist() == [2.0, 1e-3]
    assert (kept[0, 2:] == rounding_floor(values)[0]).all()
    assert kept[1, 2:].tolist() == [0.0, 0.0]


def test_a_relu_net_has_no_more_directions_than_its_narrowest_layer_has_units_that_are_on():
    """In float64 a dense Jacobian of eight layers, 40 wide, has as many values above rounding as that; the others 0."""
    lanes = Lanes([JacobianSettings(scheme="orthogonal", activation="relu", gain=1.4142, width=40, steps=8)])
    *_, last = JacobianSpectrum().run(lanes)
    initializer, hidden, on = Initializer(lanes), draw_input(lanes)[0], []
    for number in range(1, 9):
        hidden = torch.relu(hidden @ initializer.weights(Layer(number, 8, 40, 40))[0].double())
        on.append(int((hidden > 0).sum()))
    values = last["singular_values"][0]
    assert int((values == 0).sum()) == 40 - min(on)
    assert (values[: min(on)] > 0).all()


def test_a_lane_that_is_not_finite_is_nan_alone():
    matrices = torch.eye(3).repeat(3, 1, 1).double()
    matrices[1, 0, 0] = math.inf
    values = singular_values(matrices)
    assert values[1].isnan().all()
    torch.testing.assert_close(values[::2], torch.ones(2, 3).double())
