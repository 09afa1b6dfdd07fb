"""What lesson 4 says of nets in training: equal units, schemes, sharpness. Five seeds, if not said."""

import numpy as np
import pytest

from lessons.core.curvature.hessian_spectrum import hessian_spectrum
from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.initialization.training import DeepNet, training_loss
from lessons.initialization.training_settings import DeepNetSettings
from tests.played import Played, played
from widgets.labs.initialization.schemes import DEEP_RELU, SchemesView
from widgets.labs.initialization.spectrum import NAMES, SpectrumView
from widgets.labs.initialization.symmetry import SymmetryView

GUESSING = 0.448  # the loss of the best outputs that do not look at the image, on these 200
LIMIT = 20.0  # 2 / η at η = 0.1


def last(run: Played, lane: str, quantity: str = "loss") -> np.ndarray:
    """At the end, of each seed."""
    return run.of(lane, quantity)[:, -1]


def first_over_last(run: Played, lane: str) -> np.ndarray:
    """The first layer's gradient at the start over the last one's, of each seed."""
    norms = run.of(lane, "gradient_norm")[:, 0].astype(float)
    return norms[:, 0] / norms[:, -1]


@pytest.mark.sentence("l4_zeros_a_constant_random")
def test_equal_units_stay_one_and_random_ones_differ_and_learn():
    """Over five seeds the constant's loss was 0.41, random weights' 0.14 to 0.15, Xavier's 0.05."""
    run = played(SymmetryView, "zeros, a constant, random weights")
    assert last(run, "zeros") == pytest.approx(GUESSING, abs=1e-3)
    assert last(run, "constant 0.05") == pytest.approx(0.41, abs=0.01)
    assert last(run, "Xavier") == pytest.approx(0.05, abs=0.015)
    units = run["distinct_units"][:, ::10].min(3)
    assert (units[..., :2] == 1).all()
    assert (units[..., 2:] == 32).all()


@pytest.mark.sentence("l4_constant_relu_learns_nothing")
def test_the_constant_relu_net_ends_where_zeros_do():
    run = played(SymmetryView, "with ReLU", seeds=1)
    assert last(run, "constant 0.05") == pytest.approx(last(run, "zeros"), abs=1e-3)


@pytest.mark.sentence("l4_small_weights_wait")
def test_small_weights_differ_at_once_and_wait():
    """Three seeds."""
    run = played(SymmetryView, "how small may the weights be?", seeds=3)
    assert (run["distinct_units"][:, 0] == 32).all()
    assert last(run, "σ = 0.001") == pytest.approx(GUESSING, abs=1e-3)
    assert last(run, "σ = 0.01") == pytest.approx(0.25, abs=0.06)
    assert last(run, "σ = 0.1") == pytest.approx(0.05, abs=0.012)


@pytest.mark.sentence("l4_two_equal_units_are_one")
def test_two_equal_units_get_as_far_as_32_and_two_different_ones_farther():
    run = played(SymmetryView, "two units in each layer")
    many = last(played(SymmetryView, "zeros, a constant, random weights"), "constant 0.05")
    assert last(run, "constant 0.05") == pytest.approx(many, abs=0.015)
    assert (last(run, "Xavier") < last(run, "constant 0.05") - 0.02).all()


@pytest.mark.sentence("l4_fifty_tanh_layers")
def test_through_fifty_tanh_layers_orthogonal_weights_are_ahead_from_the_first_steps_on():
    """The first 25 of 200 steps; at their end 0.28 to 0.31 against 0.39 to 0.43, and at step 200 0.1 against 0.3."""
    run = played(SchemesView, "fifty tanh layers", steps=25)
    orthogonal, others = run.of("orthogonal", "loss"), np.minimum(run.of("LeCun", "loss"), run.of("Xavier", "loss"))
    assert (orthogonal[:, 10] < 0.98 * others[:, 10]).all()
    assert (orthogonal[:, -1] < 0.85 * others[:, -1]).all()
    assert (others[:, -1] < GUESSING).all()
    small = run.of("σ = 0.01", "gradient_norm")
    small = small[:, ~np.isnan(small[0, :, 0])]  # where it was measured
    assert (small[:, 0] == 0).all()
    assert (small[:, :, :-6] < 1e-7 * small[:, :, -1:].max()).all()
    assert run.of("σ = 0.01", "loss").std(0).max() < 1e-4  # of a fall by 0.04: what learns is not random
    assert (last(run, "σ = 0.01") > GUESSING).all()


@pytest.mark.sentence("l4_size_does_not_explain_it")
def test_orthogonal_weights_are_ahead_also_where_xaviers_first_gradient_is_larger():
    """Over sixteen seeds it began at 0.22 to 0.29 and at 0.05 to 0.36. Of seeds 6 to 11 three have the larger one."""
    run = played(SchemesView, "fifty tanh layers", seeds=6, seed=6, steps=25)
    orthogonal, xavier = (run.of(lane, "gradient_norm")[:, 0, 0] for lane in ("orthogonal", "Xavier"))
    assert ((orthogonal > 0.18) & (orthogonal < 0.33)).all()
    assert ((xavier > 0.04) & (xavier < 0.45)).all()
    larger = xavier > 1.1 * orthogonal
    assert larger.any()
    assert not larger.all()
    assert (last(run, "orthogonal")[larger] < 0.85 * last(run, "Xavier")[larger]).all()


@pytest.mark.claim(102)
@pytest.mark.sentence("l4_directions_kept")
def test_orthogonal_weights_keep_many_directions_and_random_ones_one_or_two():
    """Over twelve seeds 12.1 to 14.2, and 1.07 to 2.06."""
    run = played(SchemesView, "fifty tanh layers", seeds=6, seed=6, steps=25)
    kept = {lane: run.of(lane, "directions_kept")[:, 0] for lane in run.names}
    assert ((kept["orthogonal"] > 11.4) & (kept["orthogonal"] < 15)).all()
    assert (kept["LeCun"] < 2.7).all()
    assert (kept["Xavier"] < 2.7).all()


@pytest.mark.sentence("l4_isometry_is_not_all")
def test_at_one_gain_more_directions_are_ahead_and_a_larger_gain_is_ahead_of_more_directions():
    """Four seeds: losses end at 0.41 to 0.45, 0.016 to 0.030 and 0.096 to 0.116; accuracy at 0.62 to 0.73 and 0.85 to
    0.90.
    """
    run = played(SchemesView, "isometry is not all", seeds=3)
    few, some, many = (run.of(lane, "directions_kept")[:, 0] for lane in run.names)
    slow, fast, middle = (last(run, lane) for lane in run.names)
    assert (few < 1.6).all()
    assert ((some > 1.9) & (some < 3.5)).all()
    assert ((many / some > 3.8) & (many / some < 7)).all()
    assert (fast < 0.4 * slow).all()
    assert (fast < 0.6 * middle).all()
    of_fast, of_many = (last(run, lane, "test_accuracy") for lane in run.names[1:])
    assert (of_fast < 0.78).all()
    assert (of_many > 0.8).all()
    first = [run.of(lane, "gradient_norm")[:, 0, 0] for lane in run.names]
    assert (first[2] < 0.6 * first[1]).all()


@pytest.mark.sentence("l4_three_layers_forgive")
def test_in_three_tanh_layers_all_schemes_learn():
    """Three seeds. Over five, losses ended at 0.038 to 0.083, and 90 to 93 % of the test images were right."""
    run = played(SchemesView, "three tanh layers", seeds=3)
    for lane in run.names:
        assert (last(run, lane) < 0.12).all()
        assert (last(run, lane, "test_accuracy") > 0.85).all()


@pytest.mark.sentence("l4_ten_relu_layers")
def test_in_ten_relu_layers_the_factor_of_two_decides():
    run = played(SchemesView, "ten ReLU layers")
    begins = [run.of(lane, "gradient_norm")[:, 0, 0] for lane in ("Kaiming fan-in", "LeCun", "Kaiming fan-out")]
    assert (begins[0] > 150 * begins[1]).all()
    assert (begins[2] > 2 * begins[0]).all()
    assert (last(run, "Kaiming fan-in") < np.minimum(last(run, "LeCun"), last(run, "Xavier")) - 0.05).all()
    diverged = np.isnan(last(run, "Kaiming fan-out"))
    assert diverged.any()
    assert not diverged.all()


@pytest.mark.sentence("l4_fifty_relu_layers")
def test_through_fifty_relu_layers_the_gradient_gets_and_the_loss_hardly_falls():
    """100 steps of the preset's 200, three seeds; where a lane diverges, its loss is no number, and no cure either.

    Through 50 layers √2 makes 3·10⁷; measured, with the outputs that it also makes: 10⁷ to 10¹⁰ over eight seeds.
    """
    run = played(SchemesView, "fifty ReLU layers", seeds=3, steps=100)
    for lane in ("Kaiming", "LeCun"):
        assert ((first_over_last(run, lane) > 0.3) & (first_over_last(run, lane) < 4)).all()
    begins = [run.of(lane, "gradient_norm")[:, 0].astype(float) for lane in ("Kaiming", "LeCun")]
    assert (begins[0] > 3e6 * begins[1]).all(), "in each layer"
    assert last(run, "LeCun") == pytest.approx(GUESSING, abs=2e-3)
    assert (last(run, "Kaiming") > 0.38).all()
    assert not (last(run, "√2 · orthogonal") < 0.35).any()


@pytest.mark.chaotic
@pytest.mark.sentence("l4_adam_gets_going")
def test_adam_gets_half_of_lecun_going_where_gradient_descent_stands_still():
    """250 steps of the preset's 600, two seeds: 0.39 with Adam; at step 600 it was 0.06 to 0.23 over five."""
    run = played(SchemesView, "Adam makes up for some of it", seeds=2, steps=250)
    assert last(run, "half of LeCun, gradient descent") == pytest.approx(GUESSING, abs=1e-3)
    half, good = last(run, "half of LeCun, Adam"), last(run, "orthogonal, Adam")
    assert (half < GUESSING - 0.02).all()
    assert (good < 0.05 * half).all()


@pytest.mark.sentence("l4_lecun_stops_at_fifteen")
def test_lecuns_relu_net_learns_with_five_layers_and_not_with_fifteen():
    ends = {}
    for depth in (5, 15):
        common = {**DEEP_RELU, "other_seeds": 0, "depth": depth, "scheme": "LeCun"}
        *_, end = Run(DeepNet(), Lanes([DeepNetSettings(**common, seed=seed) for seed in range(5)]))
        ends[depth] = end["loss"].numpy()
    assert (ends[5] < GUESSING - 0.04).all()
    assert ends[15] == pytest.approx(GUESSING, abs=0.008)


@pytest.mark.chaotic
@pytest.mark.sentence("l4_four_starts_one_end")
def test_four_starts_end_near_the_limit():
    """They ended at 14.9 to 20.5."""
    sharpness = played(SpectrumView, "four starts")["sharpness"]
    assert sharpness[0, 0] == pytest.approx([3.3, 27, 49, 17], rel=0.03)
    assert (sharpness[:, 0].max(1) > 10 * sharpness[:, 0].min(1)).all()
    assert ((sharpness[:, -1] > 2 / 3 * LIMIT) & (sharpness[:, -1] < 4 / 3 * LIMIT)).all()
    assert np.median(sharpness[:, -1]) == pytest.approx(LIMIT, rel=0.2)


@pytest.mark.chaotic
@pytest.mark.sentence("l4_the_flat_start_is_slowest")
def test_the_flat_start_is_the_slowest():
    """Means of the last 20 losses: 0.034 to 0.042 against 0.019 at most. Gradients: 8 to 40 times smaller."""
    run = played(SpectrumView, "four starts")
    loss = run["loss"][:, -20:].mean(1)
    assert (loss[:, 0] > 1.4 * loss[:, 1:].max(1)).all()
    begins = np.linalg.norm(run["gradient_norm"][:, 0].astype(float), axis=2)
    assert (begins[:, 1:].min(1) > 4 * begins[:, 0]).all()


@pytest.mark.sentence("l4_negative_curvature_goes")
def test_negative_curvature_goes_in_training():
    """Three seeds, 200 of 600 steps. Measured: from -6 to -28 but for the flat start, and then above -0.2."""
    (preset,) = (each for each in SpectrumView().presets if each.name == "four starts")
    shown = [
        {**lane, "seed": seed, "steps": 200, "follow_sharpness": False} for lane in preset.lanes for seed in range(3)
    ]
    lanes = Lanes([DeepNetSettings(**lane) for lane in shown])
    *_, end = Run(DeepNet(), lanes)
    loss = training_loss(lanes, digits_split(100))
    start, now = (
        hessian_spectrum(loss.hessian_at, theta, lanes.seed).extremes[0].numpy().reshape(4, 3)
        for theta in (end.state.first_theta, end.state.theta)
    )
    assert (start[1:] < -3).all()
    assert (now > -1).all()
    assert (now > 0.15 * start).all()


@pytest.mark.sentence("l4_sharp_starts_come_down")
def test_sharp_starts_come_down_to_the_limit_in_some_twenty_steps():
    run = played(SpectrumView, "the first forty steps", seeds=3)
    for lane in ("LeCun", "Kaiming"):
        assert (run.of(lane, "sharpness")[:, 0] > 1.05 * LIMIT).all()
        assert (run.of(lane, "sharpness")[:, :26].min(1) < 1.02 * LIMIT).all()


@pytest.mark.chaotic
@pytest.mark.sentence("l4_learning_rate_sets_the_end")
def test_the_learning_rate_sets_where_the_sharpness_ends():
    """Means of the last 100 steps, three seeds; with 0.1 it had come to 15 to 20 at step 600."""
    run = played(SpectrumView, "three learning rates, one start", seeds=3)
    sharpness = run["sharpness"][:, 500::20].mean(1)
    assert sharpness[:, 2] == pytest.approx(10, rel=0.15)
    assert sharpness[:, 1] == pytest.approx(13.3, rel=0.15)
    assert ((sharpness[:, 0] > 12.5) & (sharpness[:, 0] < 20)).all()
    flat = run.of("η = 0.1", "sharpness")
    assert (flat[:, -1] > flat[:, 400]).all()


@pytest.mark.sentence("l4_a_step_only_some_survive")
def test_a_long_step_is_survived_by_the_flat_start_and_by_orthogonal_weights():
    """At step 200 the flat start was at 0.040 to 0.056, orthogonal weights at 0.015 to 0.019."""
    run = played(SpectrumView, "a step that only some starts survive", follow_sharpness=False)
    flat, _, _, orthogonal = (run.of(name, "loss") for name in NAMES)
    assert (flat[:, 1] < flat[:, 0]).all()
    assert (orthogonal[:, 1] > orthogonal[:, 0]).all()
    assert (orthogonal[:, -20:].mean(1) < 0.6 * flat[:, -20:].mean(1)).all()
    for name in ("LeCun", "Kaiming"):
        assert not np.isfinite(last(run, name)).any()
    start = played(SpectrumView, "the first forty steps", seeds=3).of("orthogonal", "sharpness")[:, 0]
    assert start / (2 / 0.3) == pytest.approx(2.6, abs=0.4)
