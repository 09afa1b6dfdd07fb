"""What lesson 1 says of its surfaces, its momentum and its saddle, held against the labs' own presets."""

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.optimizers.net_slice import net_slice
from lessons.optimizers.race import Race
from lessons.optimizers.settings import RaceSettings
from lessons.optimizers.spreads import ESCAPING
from lessons.optimizers.surfaces import Rosenbrock, Saddle, TwoMinima, loss_grid
from lessons.optimizers.theory import best_tuning, iterations
from tests.played import Played, played
from widgets.labs import optimizers
from widgets.labs.optimizers import questions
from widgets.labs.optimizers.condition import ConditionView
from widgets.labs.optimizers.gain import GainView
from widgets.labs.optimizers.race import RaceView, downhill, look_ahead, velocity
from widgets.labs.optimizers.saddle import SaddleView
from widgets.quiz.question import FAILS, HOLDS

NEAR = 0.05
NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks" / "01_optimizers.ipynb"


def arrivals(run: Played, place: tuple[float, float], names: tuple[str, ...] = ()) -> dict[str, int]:
    """The step from which on each lane is within 0.05 of a place; the run's length for those that never are."""
    found = {}
    for name in names or run.names:
        away = ~(np.linalg.norm(run.of(name, "theta")[0] - np.array(place), axis=1) <= NEAR)
        found[name] = int(np.flatnonzero(away)[-1]) + 1 if away.any() else 0
    return found


def asked(name: str) -> tuple[History, Any]:
    """The run of a question and what it says."""
    question = next(each for each in questions.ALL if each.name == name)
    lanes, history = question.lanes(), History()
    history.extend(list(Run(question.experiment, lanes)))
    return history, question.outcome(history, lanes)


@pytest.mark.sentence("l1_valley")
def test_tuned_momentum_wins_in_the_long_valley_and_descent_is_last():
    """Steps 34, 55, 87, and not within 200; nothing here is random."""
    run = played(RaceView, "a long valley", seeds=1)
    steps = arrivals(run, (0, 0))
    assert 25 < steps["heavy ball"] < 45 < steps["Nesterov"] < 65 < 75 < steps["Adam"] < 100
    assert steps["gradient descent"] > 200
    low = {name: int(np.argmax(run.of(name, "loss")[0] < 1e-5)) for name in run.names}
    assert low == {"gradient descent": 0, "heavy ball": 35, "Nesterov": 56, "Adam": 91}, "0: not within 200 steps"
    across = run.of("gradient descent", "theta")[0] @ np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])
    assert (across[1:31] * across[:30] < 0).all(), "it jumps from side to side"
    wider = run.of("heavy ball", "theta")[0] @ np.array([np.cos(np.pi / 6), np.sin(np.pi / 6)])
    assert np.abs(wider).max() > 1.5 * np.abs(across).max()
    loss = run["loss"][0, -1]
    assert loss[0] > 1e3 * loss[3] > 1e6 * max(loss[1], loss[2])
    turned = {name: degrees_turned(run.of(name, "theta")[0, :41]) for name in run.names}
    smoothest = turned.pop("Nesterov")
    assert min(turned.values()) > 2 * smoothest, "250 degrees against 670 and more"


def degrees_turned(path: np.ndarray) -> float:
    """By how much the direction of a path (T, 2) changes from step to step, in all."""
    steps = np.diff(path, axis=0)
    angles = np.degrees(np.arctan2(steps[:, 1], steps[:, 0]))
    return float(np.abs((np.diff(angles) + 180) % 360 - 180).sum())


@pytest.mark.sentence("l1_arrows")
@pytest.mark.parametrize("name", ["heavy ball", "moving average", "Nesterov"])
def test_both_arrows_together_are_the_next_step(name):
    lanes, history = Lanes([RaceSettings(optimizer=name, steps=20)]), History()
    history.extend(list(Run(Race(), lanes)))
    frame = SimpleNamespace(selected=0, lanes=lanes, history=history, last=lambda lane: 12)
    gradient, carried = (np.stack(arrow(frame), 1) for arrow in (downhill, velocity))
    gradient, carried = (arrow[1] - arrow[0] for arrow in (gradient, carried))
    assert min(np.linalg.norm(gradient), np.linalg.norm(carried)) > 1e-3
    ball = history["ball"][:, 0]
    np.testing.assert_allclose(ball[12] + gradient + carried, ball[13], atol=1e-12)


@pytest.mark.parametrize(("name", "rings"), [("Nesterov", True), ("heavy ball", False), ("gradient descent", False)])
def test_a_ring_is_where_nesterov_asks_for_its_gradient_at_the_tip_of_the_velocity(name, rings):
    lanes, history = Lanes([RaceSettings(optimizer=name, steps=20)]), History()
    history.extend(list(Run(Race(), lanes)))
    frame = SimpleNamespace(selected=0, lanes=lanes, history=history, last=lambda lane: 3)
    ring = np.stack(look_ahead(frame), -1)
    assert bool(len(ring)) is rings
    if rings:
        np.testing.assert_allclose(ring[:-1].mean(0), np.stack(velocity(frame), -1)[1], atol=1e-9)


@pytest.mark.sentence("l1_too_much_momentum")
def test_too_much_momentum_loses_to_none_and_the_right_one_wins():
    """Steps 44, 68 and 16; the curvatures are 1 and 1/20, and with beta = 0.9 heavy ball crosses the minimum."""
    run = played(RaceView, "too much momentum", seeds=1)
    plain, much, right = arrivals(run, (0, 0)).values()
    assert 2 * right < plain < 0.8 * much
    along = run.of("heavy ball, β = 0.9", "theta")[0] @ np.array([-0.5, np.sqrt(0.75)])
    assert along.min() < -0.1 * along[0]
    best = best_tuning("heavy ball", torch.tensor([100.0, 20.0])).momentum
    assert best.tolist() == pytest.approx([0.67, 0.40], abs=0.005)


@pytest.mark.sentence("l1_all_twelve")
def test_newton_arrives_at_once_and_lbfgs_soon():
    steps = arrivals(played(RaceView, "all twelve", seeds=1), (0, 0))
    assert steps["Newton"] == 1
    assert steps["L-BFGS"] <= 8
    assert sorted(steps, key=steps.__getitem__)[:2] == ["Newton", "L-BFGS"]
    assert min(value for name, value in steps.items() if name not in ("Newton", "L-BFGS")) > 25


@pytest.mark.sentence("l1_quickprop")
def test_along_the_axes_quickprop_jumps_to_the_minimum_and_turned_it_does_not():
    """To a millionth: 14, 2 and 1 steps along the axes; turned by 30 degrees 14, 15 and 1."""
    along, turned = (played(RaceView, "along the axes", seeds=1, angle=angle) for angle in (0.0, 30.0))
    steps = {}
    for angle, run in {0: along, 30: turned}.items():
        for name in run.names:
            near = np.linalg.norm(run.of(name, "theta")[0], axis=1) < 1e-6
            steps[name, angle] = int(np.argmax(near)) if near.any() else len(near)
    assert (steps["Newton", 0], steps["Quickprop", 0]) == (1, 2)
    assert steps["Newton", 30] == 1
    assert 12 <= steps["Quickprop", 30] <= 18
    assert 12 <= steps["gradient descent", 0] <= 16
    assert abs(steps["gradient descent", 30] - steps["gradient descent", 0]) <= 1


@pytest.mark.sentence("l1_rosenbrock")
def test_who_knows_the_curvature_is_first_on_rosenbrock():
    run = played(RaceView, "Rosenbrock's banana", seeds=1)
    steps = arrivals(run, (1, 1))
    assert steps["Newton"] == 5
    assert run.of("Newton", "theta")[0, 2, 1] < -2 < Rosenbrock.window.low[1]
    rates = {lane.optimizer: lane.learning_rate for lane in run.settings}
    assert rates["Nesterov"] == rates["heavy ball"] / 2
    assert 20 < steps["L-BFGS"] < 45
    assert 350 < steps["heavy ball"] < steps["Adam"] < 500
    assert min(steps["gradient descent"], steps["Nesterov"]) > 500


@pytest.mark.sentence("l1_beale")
def test_on_beale_heavy_ball_is_first_and_newton_ends_at_the_saddle():
    """Steps 77, 113 and 146; gradient descent and RMSProp are not there after 300."""
    run = played(RaceView, "Beale", seeds=1)
    steps = arrivals(run, (3.0, 0.5))
    assert 1.2 * steps["heavy ball"] < steps["Nesterov"] < 0.9 * steps["Adam"] < 150
    assert min(steps["gradient descent"], steps["RMSProp"]) > 300
    np.testing.assert_allclose(run.of("Newton", "theta")[0, -1], (0, 1), atol=1e-6)


@pytest.mark.sentence("l1_race_saddle")
def test_all_but_newton_leave_the_saddle():
    run = played(RaceView, "a saddle point", seeds=1)
    ends = dict(zip(run.names, run["theta"][0, -1], strict=True))
    np.testing.assert_allclose(ends.pop("Newton"), Saddle().saddles[0], atol=1e-9)
    assert all(abs(place[1]) > 0.95 for place in ends.values())
    nearest = np.linalg.norm(run["theta"][0, :, :4], axis=2).min(0)
    assert (nearest[:3] < 0.1).all()
    assert run.names[3] == "Adam"
    assert nearest[3] > 0.8
    near = (np.linalg.norm(run["theta"][0, :, :3], axis=2) < 0.2).sum(0)
    assert near[0] > 25, "36 steps against 3 and 6"
    assert (near[1:] < 12).all()


@pytest.mark.sentence("l1_two_minima")
def test_heavy_ball_in_both_forms_and_nesterov_cross_the_ridge():
    run = played(RaceView, "two minima")
    crossed = {"heavy ball", "moving average", "Nesterov"}
    deep, _ = TwoMinima().minima
    for name in run.names:
        there = run.of(name, "theta")[:, -1, 0]
        assert (abs(there - deep[0]) < 0.1).all() if name in crossed else (there > 0.8).all(), name


@pytest.mark.sentence("l1_net_slice")
def test_the_slice_of_a_net_is_short_and_not_convex():
    surface = net_slice()
    steps = arrivals(played(RaceView, "a slice of a real net", seeds=1), surface.minima[0])
    assert 2 * steps["gradient descent"] < steps["heavy ball"]
    first, second, _ = loss_grid(surface, points=15)
    places = torch.cartesian_prod(first, second)
    assert np.linalg.eigvalsh(surface.hessian(places).numpy())[:, 0].min() < -0.01


@pytest.mark.sentence("l1_same_path")
def test_both_conventions_take_one_path_at_rates_ten_apart():
    run = played(RaceView, "one path, two conventions", seeds=1)
    assert np.abs(np.diff(run["theta"][0], axis=1)).max() < 1e-12
    history, outcome = asked("two_momenta")
    assert outcome.truth == (HOLDS, FAILS).index(HOLDS)
    assert np.abs(history["theta"][:, 1] - history["theta"][:, 2]).max() < 1e-12
    assert np.abs(history["theta"][:, 0] - history["theta"][:, 1]).max() > 0.1


@pytest.mark.sentence("l1_gain")
def test_gains_are_those_of_the_geometric_series():
    run = played(GainView, "constant and alternating")["gain"][0, -1]
    assert run.tolist() == pytest.approx([10, 1 / 1.9], rel=0.01)
    _, outcome = asked("alternating_gain")
    assert outcome.truth == pytest.approx(1 / 1.9, rel=0.01)
    average = played(GainView, "both conventions").of("moving average", "gain")
    assert average.max() <= 1 + 1e-12


@pytest.mark.sentence("l1_steep_question")
def test_five_times_as_steep_a_slope_that_reverses_makes_shorter_steps_than_one_that_stays():
    _, outcome = asked("steep_or_steady")
    assert outcome.truth == (HOLDS, FAILS).index(FAILS)
    assert "have length 10 at η = 1, across it 2.63," in outcome.sentence


@pytest.mark.sentence("l1_more_momentum")
def test_a_hundredfold_gain_takes_hundreds_of_steps():
    gain = played(GainView, "more momentum").of("constant", "gain")[0]
    assert gain[-1] == pytest.approx(100, rel=0.03)
    assert 55 < gain[100] < 70, "two thirds of it"


@pytest.mark.sentence("l1_condition")
def test_slopes_and_the_gap_over_the_textbook_rate():
    history = played(ConditionView)
    kappas = np.geomspace(3.0, 1000.0, 13)
    descent, momentum = history["iterations"][0, -1].reshape(2, 13)
    slope = np.polyfit(np.log(kappas[4:]), np.log(np.stack([descent, momentum])[:, 4:]).T, 1)[0]
    assert slope.tolist() == pytest.approx([1.0, 0.53], abs=0.03)
    textbook = [iterations(float(best_tuning("heavy ball", torch.tensor(kappa)).rate)) for kappa in kappas]
    over = momentum / textbook
    assert over[[0, -1]].tolist() == pytest.approx([1.18, 1.44], abs=0.03)
    assert (np.diff(over) > -0.02).all(), "it grows"
    _, outcome = asked("condition_number_costs")
    assert outcome.truth == (HOLDS, FAILS).index(HOLDS)


def escapes(preset: str | int = 0, **changes: float) -> dict[str, np.ndarray]:
    """Steps until each method has left, from 1e-12 to 1e-2."""
    times = played(SaddleView, preset, **changes)["escape_time"][0, -1].reshape(len(ESCAPING), -1)
    return dict(zip(ESCAPING, times, strict=True))


@pytest.mark.sentence("l1_saddle")
def test_escape_grows_as_the_logarithm_and_newton_needs_damping():
    found = escapes()
    for method, decade in (("gradient descent", np.log(10) / np.log(1.1)), ("heavy ball", 8.4)):
        np.testing.assert_allclose(-np.diff(found[method]), decade, atol=1.1)
    assert 10 <= found["Adam"].min() <= found["Adam"].max() <= 14, "it hardly cares"
    assert (found["Newton"] == 400).all()
    assert (escapes(damping=0.9)["Newton"] == 400).all()
    assert (escapes(damping=1.2)["Newton"] < 400).all()
    assert (escapes(damping=0.45, learning_rate=1.0)["Newton"] == 400).all()
    assert (escapes(damping=0.6, learning_rate=1.0)["Newton"] < 100).all()


@pytest.mark.sentence("l1_damped_newton")
def test_a_damped_newton_leaves_as_descent_does():
    found = escapes("a damped Newton")
    assert np.abs(found["Newton"] - found["gradient descent"]).max() <= 1


@pytest.mark.sentence("l1_small_step")
def test_a_smaller_step_costs_descent_in_proportion_and_heavy_ball_less():
    before, after = escapes(), escapes("a small step")
    ratio = {method: (after[method] / before[method])[:8] for method in ESCAPING}
    assert (abs(ratio["gradient descent"] - 0.1 / 0.03) < 0.25).all()
    assert (ratio["heavy ball"] < 2.3).all()


@pytest.mark.sentence("l1_leaves_saddle")
def test_it_leaves_from_however_near():
    history, outcome = asked("stuck_at_saddle")
    times = history["escape_time"][-1]
    assert outcome.truth == (HOLDS, FAILS).index(HOLDS)
    assert times[3] < 300
    assert abs(times[3] - times[2] - (times[2] - times[1])) <= 1
    assert times[4] == len(history) - 1


@pytest.mark.sentence("l1_newton_question")
def test_newton_ends_at_the_saddle_and_descent_at_a_minimum():
    history, outcome = asked("newton_finds_minima")
    assert outcome.truth == (HOLDS, FAILS).index(FAILS)
    assert history["loss"][-1].tolist() == pytest.approx([0.25, 0], abs=1e-6)


@pytest.mark.sentence("l1_own_rule")
def test_sign_momentum_dances_about_the_minimum():
    """The rule is read from the notebook; late in the run the distance is 1.0 eta on average and 2.4 at most."""
    cells = json.loads(NOTEBOOK.read_text())["cells"]
    source = next("".join(c["source"]) for c in cells if "def my_rule" in "".join(c["source"]))
    space: dict[str, Any] = {}
    exec(source.split("\n\n\noptimizers.race")[0], space)
    eta = 0.06
    lanes = Lanes([RaceSettings(optimizer="your own", learning_rate=eta)], own=space["my_rule"])
    path = torch.stack([m["theta"][0] for m in Race().run(lanes)]).numpy()
    np.testing.assert_allclose(np.abs(np.diff(path, axis=0)), eta, rtol=1e-9)
    distance = np.linalg.norm(path[100:], axis=1) / eta
    assert 0.5 < distance.mean() < 2
    assert distance.max() < 4


@pytest.mark.sentence("l1_doctor")
@pytest.mark.parametrize(
    ("optimizer", "rate", "limit", "fold"),
    [("gradient descent", 2.2, 2, 1.1), ("heavy ball", 4.5, 3.8, 1.18), ("Nesterov", 2, 1.357, 1.47)],
)
def test_the_doctor_names_what_grew_and_the_limit(optimizer, rate, limit, fold):
    lab = optimizers.race(lanes=[{"optimizer": optimizer, "learning_rate": rate}])
    lab.handle({"do": "go_to", "step": 200})
    said = lab.board.notice["text"]
    assert " grew " in said
    assert f"the limit was {limit}, and η = {rate} is {fold} times that" in said
