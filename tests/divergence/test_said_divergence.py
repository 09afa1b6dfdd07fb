"""What lesson 3 says of the parabola, the bowl and its sweeps; all in float64, with nothing random."""

import json
from pathlib import Path

import numpy as np
import pytest

from lessons.core.doctor import first_blow_up
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.rules.stability import threshold
from lessons.core.run import Run
from lessons.divergence.bowl import Bowl
from lessons.divergence.settings import BowlSettings
from tests.played import Played, played
from widgets.labs.divergence.bowl import BowlView
from widgets.labs.divergence.parabola import ParabolaView
from widgets.labs.divergence.sweeps import BowlSweepView

DECADES = 1e10


def positions(preset: str) -> np.ndarray:
    """Of the parabola's only lane, (T,)."""
    return played(ParabolaView, preset)["position"][0, :, 0]


@pytest.mark.sentence("l3_monotone")
def test_below_the_optimal_rate_it_creeps_down_one_side():
    x = positions("monotone")
    assert (x < 0).all()
    assert (np.diff(x) > 0).all()


@pytest.mark.sentence("l3_one_step")
@pytest.mark.parametrize("start", [-2.0, -0.37, 3.1])
@pytest.mark.parametrize("curvature", [0.1, 1.0, 3.0, 10.0])
def test_at_the_optimal_rate_one_step_arrives_whatever_the_start(start, curvature):
    x = played(ParabolaView, "one step", start=start, curvature=curvature)["position"][0, :, 0]
    assert abs(x[1]) < 1e-15 * abs(start)


@pytest.mark.sentence("l3_oscillating")
def test_between_one_and_two_each_step_jumps_across_and_gets_closer():
    x = positions("oscillating")
    assert (x[1:] * x[:-1] < 0).all()
    assert (np.diff(np.abs(x)) < 0).all()


@pytest.mark.sentence("l3_for_ever")
def test_at_two_it_swings_between_two_points():
    x = played(ParabolaView, "for ever", steps=2000)["position"][0, :, 0]
    np.testing.assert_array_equal(x, -2.0 * (-1.0) ** np.arange(2001))


@pytest.mark.sentence("l3_diverging")
def test_above_two_each_step_lands_farther_out():
    x = positions("diverging")
    assert (x[1:] * x[:-1] < 0).all()
    assert (np.diff(np.abs(x)) > 0).all()


@pytest.mark.sentence("l3_closed_form")
@pytest.mark.parametrize("ratio", [0.3, 1.6, 1.9, 2.1])
def test_the_dots_lie_on_the_closed_form(ratio):
    x = played(ParabolaView, ratio=ratio)["position"][0, :, 0]
    np.testing.assert_allclose(np.abs(x), 2 * np.abs(1 - ratio) ** np.arange(len(x)), rtol=1e-9)


@pytest.mark.sentence("l3_near")
def test_near_the_limit_it_crosses_the_valley_at_each_step_and_creeps_along_it():
    steep, flat = played(BowlView, "near the limit")["amplitude"][0, :, 0].T
    assert (steep[1:] * steep[:-1] < 0).all()
    assert (flat > 0).all()
    assert (flat[1:] > 0.95 * flat[:-1]).all(), "less than a twentieth of the way a step"
    assert abs(steep[-1] / steep[0]) < 0.01 * abs(flat[-1] / flat[0])


@pytest.mark.sentence("l3_past")
def test_past_the_limit_one_direction_diverges_while_the_other_goes_on_shrinking():
    lab = played(BowlView, "past the limit")
    end = int(first_blow_up(lab["loss"][0], lab["loss"][0, 0])[0])
    steep, flat = np.abs(lab["amplitude"][0, : end + 1, 0].T)
    assert end < 100
    assert (np.diff(steep) > 0).all()
    assert (np.diff(flat) < 0).all()
    assert flat[-1] > 1e-6, "its bar is still in the figure"


@pytest.mark.sentence("l3_turn")
def test_whichever_way_the_bowl_is_turned_one_lane_converges_and_the_other_diverges():
    paths = []
    for angle in range(-90, 91, 5):
        lab = played(BowlView, "turn the bowl", angle=float(angle))
        loss = lab["loss"][0]
        assert first_blow_up(loss, loss[0])[0] == len(loss)
        assert loss[-1, 0] < 1e-2 * loss[0, 0]
        assert first_blow_up(loss, loss[0])[1] < len(loss)
        paths.append(lab["theta"][0, 1, 0])
    assert np.ptp(paths, axis=0).min() > 0.3, "the paths change in both coordinates"


@pytest.mark.sentence("l3_four_rules")
def test_at_one_learning_rate_two_rules_converge_and_two_diverge():
    lab = played(BowlView, "momentum moves the limit")
    for rule, converges in {"gradient descent": 0, "heavy ball": 1, "moving average": 1, "Nesterov": 0}.items():
        loss = lab.of(rule, "loss")[0]
        assert loss[-1] < 1e-2 * loss[0] if converges else loss[-1] > DECADES * loss[0]
    assert [threshold(rule, 1.0, 0.9) for rule in ("Nesterov", "heavy ball")] == pytest.approx([1.36, 3.8], abs=5e-3)


@pytest.mark.sentence("l3_twenty")
def test_in_twenty_dimensions_the_sharpest_and_the_flattest_directions_are_slow():
    """Left after 300 steps: a part in 430, in 400; of the eleven beside the sharpest less than a part in 1e18."""
    along = np.abs(played(BowlView, "twenty dimensions")["amplitude"][0, :, 0])
    left = along[-1] / along[0]
    assert left[[0, -1]] == pytest.approx(0.0024, rel=0.1)
    assert left[1:12].max() < 1e-12
    assert (np.diff(left[12:]) > 0).all()


# ---- sweeps ----


def swept(preset: str) -> tuple[np.ndarray, np.ndarray, Played]:
    """Rates (K,) and losses (T, K) of a sweep on the bowl."""
    sweep = played(BowlSweepView, preset)
    return np.array([each.learning_rate for each in sweep.settings]), sweep["loss"][0], sweep


def grows_from(rates: np.ndarray, loss: np.ndarray) -> tuple[float, float]:
    """The largest rate whose loss fell, and the next one; all beyond it grew."""
    grown = ~(loss[-1] <= loss[0])
    first = int(grown.argmax())
    assert grown[first:].all()
    return rates[first - 1], rates[first]


LIMITS = {"gradient descent": 2.0, "heavy ball": 3.8, "moving average": 38.0, "Nesterov": 3.8 / 2.8}


@pytest.mark.sentence("l3_sweep_limit", "l3_sweep_heavy", "l3_sweep_average", "l3_sweep_nesterov")
@pytest.mark.parametrize("preset", LIMITS)
def test_the_loss_falls_up_to_the_limit_by_the_theory_and_grows_beyond_it(preset):
    """As exactly as 64 rates can tell."""
    rates, loss, _ = swept(preset)
    below, above = grows_from(rates, loss)
    assert below < LIMITS[preset] < above
    assert (LIMITS[preset] < 2) == (preset == "Nesterov")


@pytest.mark.sentence("l3_sweep_emerges")
def test_the_first_steps_hardly_tell_the_two_sides_of_the_limit_and_later_ones_do():
    rates, loss, _ = swept("gradient descent")
    sides = np.searchsorted(rates, 2.0) + np.array([-1, 0])
    early, late = loss[3, sides], loss[100, sides]
    assert early[1] / early[0] == pytest.approx(2.5, abs=0.05)
    assert np.log10(late[1] / late[0]) == pytest.approx(15, abs=0.2)


@pytest.mark.sentence("l3_sweep_limit", "l3_best_rate")
def test_the_best_rate_is_the_one_that_balances_and_two_dots_further_the_loss_grows():
    rates, loss, _ = swept("gradient descent")
    best = int(np.argmin(loss[-1]))
    assert abs(np.log(rates[best] / (2 / (1 + 1 / 8)))) < np.log(rates[1] / rates[0])
    assert (np.diff(loss[-1, : best + 1]) < 0).all(), "up to it each larger rate ends lower"
    assert (loss[-1, best + 2 :] > loss[0, 0]).all()
    assert loss[-1, best + 1] < loss[0, 0]


@pytest.mark.sentence("l3_plateau")
@pytest.mark.parametrize(("preset", "span"), [("heavy ball", (0.022, 3.7)), ("moving average", (0.22, 37.0))])
def test_momentum_has_a_plateau_where_each_step_shrinks_the_distance_by_the_root_of_beta(preset, span):
    """The distance oscillates: the factor is that of the median, and no lane is far from it.

    Oscillations and their start, of which t² beta^t is the largest, are worth a factor of some 1.03 over 100 steps.
    """
    rates, loss, _ = swept(preset)
    assert np.log(span[1] / span[0]) > 0.6 * np.log(rates[-1] / rates[0]), "it is most of the range"
    factors = (loss[100] / loss[0]) ** (0.5 / 100)
    inside = (rates > span[0]) & (rates < span[1])
    assert np.median(factors[inside]) == pytest.approx(0.9**0.5, abs=0.01)
    assert np.abs(factors[inside] - 0.9**0.5).max() < 0.05


@pytest.mark.sentence("l3_too_much_momentum")
def test_in_this_bowl_gradient_descent_at_its_best_ends_far_below_the_heavy_ball_at_its_best():
    assert swept("heavy ball")[1][-1].min() > DECADES * swept("gradient descent")[1][-1].min()


# ---- sign descent, as the notebook has it ----


def sign_descent(angle: float, starts: list[tuple[float, float]], halved: int = -1) -> History:
    """One run of the notebook's rule for each start, in one history of lanes."""
    parts = []
    for x, y in starts:
        lanes = Lanes([_sign_settings(angle, x, y)], own=_notebooks_rule())
        run, rows = Run(Bowl(), lanes), []
        for measured in run:
            rows.append({name: measured[name].numpy() for name in ("theta", "amplitude", "loss")})
            if run.step == halved:
                run.change(0, "learning_rate", 0.1)
        parts.append({name: np.stack([row[name] for row in rows]) for name in rows[0]})
    return {name: np.concatenate([part[name] for part in parts], axis=1) for name in parts[0]}


def _sign_settings(angle: float, x: float, y: float) -> BowlSettings:
    return BowlSettings(optimizer="your own", learning_rate=0.2, angle=angle, start_x=x, start_y=y)


def _notebooks_rule():
    cells = json.loads((Path(__file__).parents[2] / "notebooks" / "03_divergence.ipynb").read_text())["cells"]
    (source,) = ["".join(cell["source"]) for cell in cells if "def my_rule" in "".join(cell["source"])]
    assert "start_x=-2.25,\n    start_y=1.45," in source
    names: dict = {}
    exec(source.split("divergence.bowl(")[0], names)
    return names["my_rule"]


@pytest.mark.sentence("l3_sign")
def test_sign_descent_ends_in_jumps_across_the_valley_some_three_rates_from_the_minimum():
    run = sign_descent(30.0, [(-2.25, 1.45)])
    late, along = run["theta"][-20:, 0], run["amplitude"][-20:, 0, 0]
    np.testing.assert_allclose(late[2:], late[:-2], atol=1e-12, err_msg="two points in turn")
    assert (np.abs(np.diff(late, axis=0)) > 0.199).all(), "both signs flip together"
    assert (along[1:] * along[:-1] < 0).all(), "from one side of the valley to the other"
    distance = np.linalg.norm(late, axis=1) / 0.2
    np.testing.assert_allclose(np.sort(distance[-2:]), [3.18, 3.48], atol=0.01)
    assert run["loss"][-2:].min() > 0.03


@pytest.mark.sentence("l3_sign_starts")
def test_from_every_start_it_ends_in_jumps_across_the_valley_and_mostly_nearer():
    """Of 400 starts half end with the nearer point within 1.7 learning rates of the minimum, nine in ten within 3.4."""
    draw = np.random.default_rng(0).uniform(-3, 3, (12, 2))
    run = sign_descent(30.0, [tuple(row) for row in draw.tolist()])
    late, along = run["theta"][-20:], run["amplitude"][-20:, :, 0]
    np.testing.assert_allclose(late[2:], late[:-2], atol=1e-12)
    assert (np.abs(np.diff(late, axis=0)) > 0.199).all()
    assert (along[1:] * along[:-1] < 0).all()
    assert np.median(np.linalg.norm(late, axis=2).max(0) / 0.2) < 2.5


@pytest.mark.sentence("l3_sign_axes")
def test_on_the_axes_sign_descent_stays_within_the_learning_rate():
    draw = np.random.default_rng(0).uniform(-3, 3, (12, 2))
    run = sign_descent(0.0, [(-2.25, 1.45), *(tuple(row) for row in draw.tolist())])
    assert np.abs(run["theta"][-20:]).max() <= 0.2 * (1 + 1e-9)


@pytest.mark.sentence("l3_sign_halved")
def test_half_the_learning_rate_lets_sign_descent_fall_again():
    loss = sign_descent(30.0, [(-2.25, 1.45)], halved=50)["loss"][:, 0]
    assert loss[90:].max() < 0.4 * loss[30:50].min()
