"""What lesson 4 says of nets before the first step: signals, crossings, singular values. Five seeds, if not said."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
import torch

from lessons.core.generators import generator
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.initialization.activations import LaneActivation
from lessons.initialization.draws import Layer
from lessons.initialization.jacobian import draw_input
from lessons.initialization.mean_field import gradient_factor
from lessons.initialization.propagation import DrawnNet, Propagation, PropagationSettings, down, draw_net
from lessons.initialization.schemes import Initializer
from tests.initialization.fixed_points import fixed_point
from tests.played import Played, played
from widgets.labs.initialization.distributions import SCHEMES, DistributionsView
from widgets.labs.initialization.edge import FINE, EdgeView, crossing, on_a_fine_grid
from widgets.labs.initialization.jacobian import JacobianView, hidden
from widgets.labs.initialization.variance import Predicted, VarianceView, prediction

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "04_initialization.ipynb"


def variance(run: Played, lane: str) -> np.ndarray:
    """Of each net: shape (seeds × nets, L + 1)."""
    square, mean = (run.of(lane, name).astype(float) for name in ("activation_square", "activation_mean"))
    return (square - mean**2).reshape(-1, square.shape[-1])


def gradient(run: Played, lane: str) -> np.ndarray:
    """Mean square gradient of each net: shape (seeds × nets, L)."""
    back = run.of(lane, "gradient_square").astype(float)
    return back.reshape(-1, back.shape[-1])


@pytest.mark.sentence("l4_too_small_too_large")
def test_small_weights_lose_everything_and_large_ones_the_gradient():
    """0.23 a layer is n σ² of σ = 0.03; the gradient's 49 layers agree within 5 % a layer with the signal's 50."""
    run = played(VarianceView, "too small, too large", seeds=3, steps=2)
    small, back = variance(run, "σ = 0.03")[:, 50], gradient(run, "σ = 0.03")[:, 0]
    assert (np.log10(small) > -32.6).all()
    assert (np.log10(small) < -31.4).all()
    assert back ** (1 / 49) == pytest.approx(small ** (1 / 50), rel=0.05)
    large = variance(run, "σ = 0.15")[:, 50]
    assert ((large > 0.5) & (large < 0.8)).all()
    exploded = np.log10(gradient(run, "σ = 0.15")[:, 0])
    assert ((exploded > 8.5) & (exploded < 9.7)).all()


@pytest.mark.claim(101)
@pytest.mark.sentence("l4_residual_gradients_return")
def test_gradients_come_back_through_residual_nets_at_any_gain():
    """Theory at infinite width: 2e-30, 1.19, 9e9, 3.00; the median of 21 nets of 256 units is within a fifth of it."""
    run = played(VarianceView, "residual nets", seeds=3)
    found = [np.median(run.of(lane, "gradient_square")[:, :, 0], 1) for lane in run.names]
    assert ((np.log10(found[0]) > -31) & (np.log10(found[0]) < -28.5)).all()
    assert found[1] == pytest.approx(1.2, rel=0.12)
    assert ((np.log10(found[2]) > 9.5) & (np.log10(found[2]) < 10.5)).all()
    assert found[3] == pytest.approx(3, rel=0.25)


@pytest.mark.sentence("l4_xavier_with_tanh")
def test_with_xavier_tanh_falls_like_one_over_the_layer_and_a_linear_net_keeps_its_variance():
    run = played(VarianceView, "Xavier with tanh", seeds=3, steps=2)
    tanh = np.median(variance(run, "tanh"), 0)
    assert tanh[10] == pytest.approx(0.052, rel=0.1)
    assert tanh[50] == pytest.approx(0.010, rel=0.3)
    assert np.median(variance(run, "linear")[:, 50]) == pytest.approx(1, rel=0.3)
    theory = prediction(Lanes(run.settings)).variance[0]
    assert (theory[10:26] / theory[20:52:2][: len(theory[10:26])] > 1.7).all()  # twice as deep, half as large
    assert (theory[10:26] / theory[20:52:2][: len(theory[10:26])] < 2.2).all()


@pytest.mark.sentence("l4_relu_fifty_layers")
def test_without_kaimings_two_fifty_relu_layers_leave_little():
    run = played(VarianceView, "ReLU needs a factor of 2", seeds=3, steps=2)
    assert np.log10(np.median(variance(run, "LeCun")[:, 50])) == pytest.approx(-15.4, abs=0.6)
    assert 0.2 < np.median(variance(run, "Kaiming")[:, 50]) < 1.5


@pytest.mark.sentence("l4_six_activations")
def test_under_kaimings_variance_a_linear_net_explodes_and_gelu_fades():
    run = played(VarianceView, "six activations", seeds=2, steps=2)
    assert np.median(variance(run, "linear")[:, 50]) > 1e14
    assert np.median(variance(run, "GELU")[:, 50]) < 1e-6


@pytest.mark.sentence("l4_narrow_nets")
def test_in_narrow_nets_the_mean_is_made_by_a_few():
    """Over ten runs the five largest of 101 carried 0.82 to 0.99."""
    run = played(VarianceView, "a narrow net")
    last = variance(run, "Kaiming, 16 units")[:, 50]
    medians = np.median(last.reshape(run.seeds, -1), 1)
    assert (medians < 1e-3).all()
    low, high = np.quantile(last, (0.1, 0.9))
    assert 3.5 < np.log10(high / low) < 4.7
    runs = np.sort(last.reshape(run.seeds, -1))
    assert runs.shape[1] == 101
    assert (runs[:, -5:].sum(1) > 0.5 * runs.sum(1)).all()


@pytest.mark.sentence("l4_logistic_loses_the_gradient")
def test_the_logistics_variance_settles_and_its_gradient_loses_a_factor_of_18_a_layer():
    """Over ten layers near the end, before float32 ends."""
    run = played(VarianceView, "the logistic is no tanh", seeds=3, steps=2)
    settled = variance(run, "logistic")
    assert np.median(settled[:, 20]) == pytest.approx(0.015, rel=0.15)
    assert np.median(settled[:, 50]) == pytest.approx(0.015, rel=0.15)
    back = gradient(run, "logistic")
    factor = np.median((back[:, -1] / back[:, -11]) ** 0.1)
    assert factor == pytest.approx(18, abs=1.5)
    assert factor > 16
    tanh = gradient(run, "tanh")
    assert (tanh[:, -21] > 1e3 * back[:, -21]).all()


def of_the_notebook():
    """The function that the notebook shows."""
    cells = ["".join(cell["source"]) for cell in json.loads(NOTEBOOK.read_text())["cells"]]
    (source,) = (text for text in cells if text.startswith("def my_weights"))
    names: dict = {}
    exec(source.split("\n\n\n")[0], names)
    return names["my_weights"]


@pytest.mark.sentence("l4_only_the_variance_is_left")
def test_weights_of_one_variance_give_one_curve_and_cauchys_another():
    """Medians of nine nets: within 10 % of theory at layer 10, within 30 % at layer 50, where single nets scatter."""
    lanes = [PropagationSettings(scheme=s, steps=2, seed=seed) for s in (*SCHEMES, "your own") for seed in range(3)]
    measured = list(Run(Propagation(), Lanes(lanes, own=of_the_notebook())))
    square, mean, back = (
        np.stack([m[name].double().numpy() for m in measured])
        for name in ("activation_square", "activation_mean", "gradient_square")
    )
    medians = np.median((square - mean**2).reshape(3, 5, 3, 51), (0, 2))
    expected = prediction(Lanes(lanes[:1])).variance[0]
    for lane in (0, 1, 2, 4):
        assert medians[lane, 10] == pytest.approx(expected[10], rel=0.1)
        assert medians[lane, 50] == pytest.approx(expected[50], rel=0.3)
    assert (medians[3, 1:] > 0.9).all()
    assert np.median(back.reshape(3, 5, 3, 50)[:, 3, :, 0]) > 1e20


@pytest.mark.sentence("l4_cauchy_overflows")
def test_with_relu_cauchys_weights_overflow_float32_within_ten_layers():
    run = played(DistributionsView, "with ReLU", seeds=2, steps=1)
    assert np.isinf(run.of("Cauchy", "activation_square")[..., 10]).all()
    assert np.isfinite(run.of("signs", "activation_square")).all()


@pytest.mark.sentence("l4_pytorchs_default_keeps_a_third")
def test_under_pytorchs_default_each_layer_keeps_a_third():
    run = played(DistributionsView, "PyTorch's default", seeds=3, steps=1)
    assert variance(run, "PyTorch's default")[:, 50] ** (1 / 50) == pytest.approx(1 / 3, rel=0.03)
    assert gradient(run, "PyTorch's default")[:, 0] ** (1 / 49) == pytest.approx(1 / 3, rel=0.03)


@pytest.mark.sentence("l4_pytorchs_biases_make_inputs_alike")
def test_with_pytorchs_biases_some_signal_is_left_and_is_the_same_for_every_input():
    """Six draws: 0.0019 to 0.0021, and a variance over the inputs of 3e-17, which is float32's rounding."""
    for seed in range(3):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            signal = torch.randn(32, 256)
            with torch.no_grad():
                for _ in range(50):
                    signal = torch.tanh(torch.nn.Linear(256, 256)(signal))
        assert 1e-3 < signal.square().mean() < 4e-3
        assert signal.var(0).mean() < 1e-12


def alike(activation: str, gain: float, biases: float, start: float) -> tuple[np.ndarray, np.ndarray]:
    """Correlation of two inputs after fifty layers, 256 wide, and their mean square, each of five seeds."""
    common = {"scheme": "LeCun", "activation": activation, "gain": gain, "bias_deviation": biases}
    lanes = Lanes([PropagationSettings(seed=seed, **common) for seed in range(5)])
    net = draw_net(lanes, Initializer(lanes), 0)
    first, other = torch.randn(2, 1, 256, generator=generator(0, "two inputs"))
    other = other - (other * first).sum() / first.square().sum() * first
    other = other * first.norm() / other.norm()
    pair = torch.cat([first, start * first + math.sqrt(1 - start**2) * other]).expand(5, 2, 256)
    last = down(DrawnNet(pair, net.weights, net.biases), LaneActivation([activation] * 5)).activations[-1].double()
    return torch.cosine_similarity(last[:, 0], last[:, 1], dim=1).numpy(), last.square().mean((1, 2)).numpy()


def chi(gain: float, biases: float) -> float:
    """Of tanh, at the fixed point."""
    weight, bias = (torch.tensor(each**2, dtype=torch.float64) for each in (gain, biases))
    return gradient_factor("tanh", fixed_point("tanh", weight, bias), weight).item()


@pytest.mark.sentence("l4_order_and_chaos")
def test_tanh_with_biases_has_order_and_chaos():
    assert chi(0.8, 0.3) < 0.9
    assert (alike("tanh", 0.8, 0.3, 0.0)[0] > 0.99).all()
    assert chi(2.5, 0.3) > 1.1
    assert (alike("tanh", 2.5, 0.3, 0.99)[0] < 0.7).all()


@pytest.mark.sentence("l4_no_biases_no_likeness")
def test_without_biases_a_small_gain_shrinks_two_inputs_and_does_not_make_them_alike():
    correlation, square = alike("tanh", 0.8, 0.0, 0.5)
    assert (square < 1e-6).all()
    assert (correlation < 0.95).all()  # 0.2 to 0.8: narrow nets scatter
    assert correlation.mean() < 0.8


@pytest.mark.sentence("l4_relu_closes_every_angle")
def test_relu_closes_the_angle_at_every_gain_alike():
    """Positive factors pass through ReLU: but for rounding the gain leaves every angle as it is."""
    ends = [alike("relu", gain, 0.0, 0.5)[0] for gain in (1.0, 1.4142, 3.0)]
    assert (np.array(ends) > 0.95).all()
    assert ends[1] == pytest.approx(ends[0], abs=1e-3)
    assert ends[2] == pytest.approx(ends[0], abs=1e-3)


def theory(preset: str, **changes: float) -> Predicted:
    """At the gains of `FINE`."""
    view = EdgeView()
    (values,) = next(each.lanes for each in view.presets if each.name == preset)
    return on_a_fine_grid(view.lanes([view.settings_type.checked({**values, **changes})], ["tanh"]))


def crosses(preset: str) -> float | None:
    return crossing(theory(preset).gradient[:, 0], FINE)


@pytest.mark.sentence("l4_tanh_crosses")
def test_tanh_crosses_a_little_above_one():
    """Two nets of each gain, 64 wide: over five seeds of eleven nets it was 1.16 to 1.18."""
    assert crosses("tanh") == pytest.approx(1.19, abs=0.005)
    back = theory("tanh").gradient[:, 0]
    assert back[0] < 1e-20
    assert back[-1] > 1e10
    run = played(EdgeView, "tanh", seeds=1, steps=1)
    measured = np.median(run["gradient_square"][0, :, :, 0], 0)
    assert crossing(measured) == pytest.approx(1.17, abs=0.07)


@pytest.mark.sentence("l4_small_inputs_cross_near_one")
def test_with_small_inputs_the_crossing_is_near_one():
    assert crosses("small inputs") == pytest.approx(1.01, abs=0.005)


@pytest.mark.sentence("l4_biases_move_the_crossing")
def test_biases_move_the_crossing_up():
    assert crosses("tanh with biases") > 1.35


@pytest.mark.sentence("l4_relu_crosses_at_root_two")
def test_relu_is_a_power_of_the_gain_through_root_two_at_any_input_scale():
    back = theory("ReLU").gradient[:, 0]
    assert crosses("ReLU") == pytest.approx(math.sqrt(2), abs=1e-3)
    assert np.log(back) == pytest.approx(49 * np.log(FINE**2 / 2), rel=1e-6, abs=1e-6)
    assert theory("ReLU", input_scale=0.1).gradient[:, 0] == pytest.approx(back, rel=1e-9)


@pytest.mark.sentence("l4_logistic_never_crosses")
def test_the_logistic_reaches_one_at_no_gain_of_the_range():
    assert crosses("the logistic") is None
    assert theory("the logistic").gradient[:, 0].max() < 1e-20


@pytest.mark.sentence("l4_ten_layers_forgive")
def test_ten_layers_are_flatter_and_cross_later():
    few, many = theory("ten layers").gradient[:, 0], theory("tanh").gradient[:, 0]
    assert crosses("ten layers") == pytest.approx(1.40, abs=0.005)
    assert np.log(few[-1] / few[0]) < 0.3 * np.log(many[-1] / many[0])


def ends(run: Played, lane: str) -> np.ndarray:
    """Singular values after the last layer, shape (seeds, n)."""
    return run.of(lane, "singular_values")[:, -1]


@pytest.mark.sentence("l4_orthogonal_keeps_directions")
def test_orthogonal_tanh_keeps_all_directions():
    values = ends(played(JacobianView, "orthogonal against Gaussian"), "orthogonal")
    assert values[0, [0, -1]] == pytest.approx([0.92, 0.64], abs=0.005)
    assert ((values > 0.5) & (values < 1)).all()


@pytest.mark.sentence("l4_gaussian_loses_directions")
def test_gaussian_layers_lose_most_directions_and_the_last_of_them_in_rounding():
    values = ends(played(JacobianView, "orthogonal against Gaussian"), "Xavier")
    assert values[0, 0] == pytest.approx(4.4, abs=0.05)
    assert 64 * 2.2e-16 * values[0, 0] == pytest.approx(6e-14, rel=0.1)
    assert (values[:, 31] < 0.01).all()
    lost = hidden(values).sum(1)
    assert ((lost >= 2) & (lost <= 6)).all()


@pytest.mark.sentence("l4_the_smallest_by_the_inverse")
def test_the_smallest_singular_value_is_the_largest_of_the_inverse():
    """1 / σ_max of the product of the layers' inverses, which float64 holds as well as σ_max of the product itself."""
    run = played(JacobianView, "orthogonal against Gaussian")
    lanes = Lanes([run.settings[1]])
    initializer, hidden, inverse = Initializer(lanes), draw_input(lanes)[0], torch.eye(64).double()
    for number in range(1, 21):
        weight = initializer.weights(Layer(number, 20, 64, 64))[0].double()
        hidden = torch.tanh(hidden @ weight)
        inverse = torch.linalg.solve(weight * (1 - hidden.square()), inverse)
    smallest = 1 / torch.linalg.svdvals(inverse)[0].item()
    assert math.log10(smallest) == pytest.approx(-31, abs=0.4)


@pytest.mark.sentence("l4_isometry_ends_with_larger_inputs")
def test_isometry_ends_with_larger_inputs():
    run = played(JacobianView, "larger inputs")
    small, one = ends(run, "inputs 0.1"), ends(run, "inputs 1")
    assert (small[:, 0] < 2 * small[:, -1]).all()
    assert (one[:, 0] > 100 * one[:, -1]).all()


@pytest.mark.sentence("l4_relu_loses_directions")
def test_relu_loses_more_than_a_third_of_the_directions_outright():
    run = played(JacobianView, "ReLU cannot")
    for lane in ("√2 · orthogonal, ReLU", "Kaiming, ReLU"):
        values = ends(run, lane)
        zeros = (values == 0).sum(1)
        assert zeros[0] == 38
        assert ((zeros > 28) & (zeros < 48)).all()
        left = np.where(values > 0, values, np.inf).min(1)
        assert (left < 1e-3 * values[:, 0]).all()
    orthogonal = ends(run, "√2 · orthogonal, ReLU")[0]
    assert orthogonal[0] == pytest.approx(5.5, abs=0.1)
    assert math.log10(orthogonal[25]) == pytest.approx(-6, abs=0.5)
    assert ends(run, "orthogonal, linear") == pytest.approx(1, abs=1e-4)


@pytest.mark.sentence("l4_logistic_is_not_isometric")
def test_the_logistic_is_no_isometry_at_either_gain():
    run = played(JacobianView, "nor the logistic", seeds=3)
    plain, mended = ends(run, "logistic"), ends(run, "logistic, gain 4")
    assert plain[:, 0] == pytest.approx(5e-13, rel=0.15)
    assert (plain < 0.25**20).all()
    assert (mended[:, 0] > 1e6 * plain[:, 0]).all()
    assert (mended[:, 31] < 0.01 * mended[:, 0]).all()


@pytest.mark.sentence("l4_a_hundred_layers_sink_together")
def test_through_a_hundred_orthogonal_tanh_layers_the_values_sink_together():
    run = played(JacobianView, "a hundred layers", seeds=2)
    values = run.of("orthogonal", "singular_values")
    assert (values[:, 100, 0] < values[:, 20, 0]).all()
    assert (values[:, 100, 0] < 6 * values[:, 100, -1]).all()
    assert hidden(ends(run, "Xavier"))[:, 32:].all()
