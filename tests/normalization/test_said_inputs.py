"""What lesson 5 says of prepared inputs, of the cells that are averaged, and of running statistics."""

import numpy as np
import pytest

from lessons.core.history import History
from lessons.core.run import Run
from lessons.normalization.conditioning import Conditioning, Quadratic, predicted_iterations
from lessons.normalization.conditioning_settings import ConditioningSettings
from tests.played import played
from widgets.labs.normalization.checked_formula import FormulaOfBatchNorm
from widgets.labs.normalization.conditioning import ConditioningView
from widgets.labs.normalization.questions import RunningMean
from widgets.labs.normalization.tensor import TensorView


def kappas_and_steps(preset: str) -> dict[str, tuple[float, float]]:
    """Of each lane kappa and the steps to a millionth, over all seeds the same to a step: it is the data's moments."""
    play = played(ConditioningView, preset)
    kappa, steps = play["condition_number"][:, -1], play["iterations"][:, -1]
    assert np.ptp(kappa, axis=0).max() < 1e-6 * kappa.max()
    assert np.ptp(steps, axis=0).max() <= 1
    return {name: (float(kappa[0, k]), float(steps[0, k])) for k, name in enumerate(play.names)}


@pytest.mark.sentence("l5_two_inputs")
def test_two_correlated_inputs():
    found = kappas_and_steps("two correlated inputs")
    assert found["raw"] == (pytest.approx(28.8, abs=0.05), pytest.approx(92, abs=1))
    assert found["centred"] == found["raw"]
    assert found["standardised"] == (pytest.approx(9), pytest.approx(29, abs=1))
    assert found["whitened"] == (pytest.approx(1, abs=0.001), 1)
    assert found["deconvolved"] == (pytest.approx(1.17, abs=0.01), 3), "five iterations do not quite arrive"


@pytest.mark.sentence("l5_mean_of_three")
def test_a_mean_of_three_is_nearly_parallel_to_the_bias():
    found = kappas_and_steps("a mean of three")
    assert found["raw"][0] == pytest.approx(1140, rel=0.005)
    assert found["centred"][0] == pytest.approx(28.8, abs=0.05)


@pytest.mark.sentence("l5_same_input_twice")
def test_nearly_the_same_input_twice():
    found = kappas_and_steps("nearly the same input twice")
    assert found["standardised"] == (pytest.approx(99), pytest.approx(304, abs=10))
    assert found["whitened"][0] == pytest.approx(1, abs=0.01)


@pytest.mark.sentence("l5_too_fast")
def test_five_percent_too_fast_is_too_much_for_the_raw_inputs_alone():
    """Limits of the relative rate, 1 + 1 / kappa: 1.035 raw, 1.11 standardised, 2 whitened."""
    play = played(ConditioningView, "5 % too fast")
    limit = 1 + 1 / play["condition_number"][:, -1]
    np.testing.assert_allclose(limit[:, :2], [[1.035, 1.111]] * len(limit), atol=1e-3)
    last = play["excess"][:, -1]
    assert (last[:, 0] > 10).all()
    assert (last[:, 1:] < 1e-6).all()


@pytest.mark.sentence("l5_digits")
def test_the_digits():
    play = played(ConditioningView, "the digits")
    kappa = dict(zip(play.names, play["condition_number"][0, -1], strict=True))
    steps = dict(zip(play.names, play["iterations"][0, -1], strict=True))
    assert 3e5 < kappa["raw"] < 5e5
    assert kappa["standardised"] == pytest.approx(190, rel=0.03)
    assert kappa["whitened"] == pytest.approx(1.36, rel=0.03)
    assert kappa["5 iterations"] == pytest.approx(830, rel=0.03)
    assert kappa["15 iterations"] == pytest.approx(1.36, rel=0.03)
    assert steps["standardised"] == pytest.approx(550, abs=10)
    assert steps["whitened"] == pytest.approx(4, abs=1)
    assert play.of("raw", "excess")[0, -1] > 1e-3, "after 600 steps far from a millionth"


@pytest.mark.sentence("l5_units")
def test_centimetres_instead_of_metres_make_kappa_up_to_ten_thousand_times_as_large():
    """Exactly so without correlation, from one unit for both; less with some."""
    own = [{"correlation": rho, "scale": scale} for rho in (0.0, 0.8) for scale in (1.0, 100.0)]
    metres, centimetres, *leaning = (Quadratic.of(ConditioningSettings(**each)).condition_number for each in own)
    assert (metres, centimetres) == pytest.approx((1.0, 10000.0))
    assert 2000 < leaning[1] / leaning[0] < 10000


def test_the_number_of_steps_is_at_most_the_whole_number_that_the_table_shows():
    for preset in ("two correlated inputs", "a mean of three", "nearly the same input twice", "the digits"):
        play = played(ConditioningView, preset)
        kappa, steps, excess = (play[name][:, -1] for name in ("condition_number", "iterations", "excess"))
        bound = np.ceil([[predicted_iterations(each) for each in row] for row in kappa])
        assert (steps <= bound)[excess <= 1e-6].all()


def test_the_data_are_one_for_all_lanes():
    fields = ConditioningSettings.fields()
    world = ("data", "correlation", "scale", "offset", "train_size", "seed")
    assert all(fields[name].shared for name in world)
    assert Conditioning.settings_type is ConditioningSettings


# ---- the tensor ----


@pytest.mark.sentence("l5_cells")
def test_which_cells_are_lit_and_whose_outputs_move():
    shown = TensorView()
    for chosen, cells, moved in (
        (shown.presets[0], [36, 36, 9, 18, 36], [4, 1, 0, 1, 1]),
        (shown.presets[1], [36, 18, 9], [1, 1, 0]),
    ):
        settings = [shown.settings_type.checked(lane) for lane in chosen.lanes]
        lanes = shown.lanes(settings, chosen.names)
        *_, last = shown.experiment.run(lanes)
        averaged, effect = last.snapshots["averaged"](), last.snapshots["effect"]()
        assert averaged.sum((1, 2, 3, 4)).tolist() == cells
        # Less than 1e-4 is what epsilon leaves of a factor that is divided out.
        assert (effect.amax((2, 3, 4)) > 1e-4).sum(1).tolist() == moved


@pytest.mark.sentence("l5_cells")
def test_how_many_cells_are_averaged():
    """N = 3 samples, C = 4 channels, H W = 10 positions, G = 2 groups: N H W, C H W, H W, C H W / G, C H W."""
    shape = {"samples": 3, "channels": 4, "height": 2, "width": 5, "groups": 2}
    shown = TensorView()
    settings = [shown.settings_type.checked({**lane, **shape}) for lane in shown.presets[0].lanes]
    *_, last = shown.experiment.run(shown.lanes(settings, shown.presets[0].names))
    assert last.snapshots["averaged"]().sum((1, 2, 3, 4)).tolist() == [30, 40, 10, 20, 40]


@pytest.mark.sentence("l5_running")
def test_the_running_mean_closes_a_tenth_of_what_is_missing_with_each_batch():
    question = RunningMean()
    lanes, history = question.lanes(), History()
    history.extend(list(Run(question.experiment, lanes)))
    values = history["running_mean"][:, 0, 0]
    expected = 2 * (1 - 0.9 ** np.arange(1, 41))
    np.testing.assert_allclose(values, expected, atol=0.25)  # 72 values of standard deviation 2 a batch
    assert question.outcome(history, lanes).truth[1][10] == pytest.approx(values[9]), "the tenth batch"


@pytest.mark.sentence("l5_formula")
def test_one_of_four_formulas_gives_the_outputs_of_torch():
    question = FormulaOfBatchNorm()
    lanes, history = question.lanes(), History()
    history.extend(list(Run(question.experiment, lanes)))
    outcome = question.outcome(history, lanes)
    assert question.answer.options[outcome.truth] == "(x − μ) / √(σ² + ε), with a μ and σ² for each channel"
    assert {each.answer for each in outcome.misreadings} == {0, 1, 2}
