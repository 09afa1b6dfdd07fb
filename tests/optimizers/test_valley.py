"""Claims 92 and 93: Adam is at its best along the axes, and neither Adam nor Newton's method notices a hundredfold
loss; gradient descent notices the factor, and not the turn."""

import numpy as np
import pytest

from lessons.core.history import History
from lessons.optimizers.race import Race
from lessons.optimizers.settings import RaceSettings, ValleySettings
from lessons.optimizers.valley import Valley
from tests.played import Played, played
from widgets.labs.optimizers.valley import ARRIVED, ValleyView
from widgets.labs.optimizers.valley_questions import HundredfoldLoss

ADAPTIVE = {"Adam": 0.1, "RMSProp": 0.03, "AdaGrad": 1.0}


def own(history_of, lanes: list[ValleySettings]) -> np.ndarray:
    """Paths in the valley's coordinates, (T, K, 2)."""
    return history_of(Valley(), lanes)["own"]


@pytest.mark.claim(92)
@pytest.mark.parametrize("optimizer", ["gradient descent", "heavy ball", "Nesterov", "Newton"])
def test_who_scales_no_coordinate_does_not_notice_the_turn(history_of, optimizer):
    """Up to rounding along the path."""
    common = {"optimizer": optimizer, "learning_rate": 0.3, "momentum": 0.5, "steps": 60}
    paths = own(history_of, [ValleySettings(angle=angle, **common) for angle in (0.0, 17.0, 45.0, 90.0)])
    np.testing.assert_allclose(paths[:, 1:], np.repeat(paths[:, :1], 3, 1), rtol=0, atol=1e-9)


@pytest.mark.claim(92)
@pytest.mark.parametrize("optimizer", ADAPTIVE)
def test_along_the_axes_who_scales_coordinates_does_not_notice_the_condition_number(history_of, optimizer):
    """Each coordinate by itself is a parabola of another factor, which is divided out but for epsilon."""
    common = {"optimizer": optimizer, "learning_rate": ADAPTIVE[optimizer], "steps": 100}
    paths = [own(history_of, [ValleySettings(condition_number=kappa, **common)]) for kappa in (1.0, 100.0)]
    np.testing.assert_allclose(*paths, rtol=0, atol=1e-4)


@pytest.mark.claim(93)
@pytest.mark.parametrize("optimizer", [*ADAPTIVE, "Newton"])
def test_who_divides_by_what_carries_the_factor_does_not_notice_it(history_of, optimizer):
    common = {"optimizer": optimizer, "learning_rate": ADAPTIVE.get(optimizer, 0.1), "angle": 30.0, "steps": 100}
    paths = own(history_of, [ValleySettings(loss_scale=factor, **common) for factor in (1.0, 100.0)])
    np.testing.assert_allclose(paths[:, 0], paths[:, 1], rtol=0, atol=1e-4)


@pytest.mark.claim(93)
@pytest.mark.parametrize("optimizer", ["gradient descent", "heavy ball", "Nesterov"])
def test_for_others_a_hundredfold_loss_is_a_hundredfold_learning_rate(history_of, optimizer):
    common = {"optimizer": optimizer, "angle": 30.0, "steps": 100}
    lanes = [
        ValleySettings(learning_rate=0.1, **common),
        ValleySettings(learning_rate=0.001, loss_scale=100.0, **common),
    ]
    paths = own(history_of, lanes)
    np.testing.assert_allclose(paths[:, 0], paths[:, 1], rtol=0, atol=1e-12)


def test_without_turn_and_factor_it_is_the_race(history_of):
    common = {"optimizer": "heavy ball", "condition_number": 20.0, "steps": 40}
    race = history_of(Race(), [RaceSettings(angle=0.0, start_x=2.0, start_y=2.0, **common)])
    valley = history_of(Valley(), [ValleySettings(**common)])
    np.testing.assert_allclose(valley["theta"], race["theta"], rtol=0, atol=1e-14)
    np.testing.assert_allclose(valley["share"], race["loss"] / race["loss"][0], rtol=1e-12)


# ---- what is said ----


def arrivals(run: Played) -> dict[str, int]:
    """From which step on each lane's share is at most 1e-4."""
    above = ~(run["share"][0] <= ARRIVED)
    return {name: int(np.flatnonzero(above[:, lane])[-1]) + 1 for lane, name in enumerate(run.names)}


@pytest.mark.sentence("l1_turned")
def test_adam_takes_six_times_as_long_in_the_turned_valley_and_descent_the_same():
    """Steps 78 and 480; gradient descent 120 and 120."""
    steps = arrivals(played(ValleyView, "the valley turned", seeds=1))
    assert 70 < steps["Adam"] < 86
    assert 5.5 < steps["Adam, 45°"] / steps["Adam"] < 6.7
    assert steps["gradient descent"] == steps["gradient descent, 45°"] == 120


@pytest.mark.sentence("l1_hundredfold")
def test_a_hundredfold_loss_throws_descent_out_and_leaves_adam_and_newton_where_they_were():
    run = played(ValleyView, "the loss times 100", seeds=1)
    for name in ("Adam", "Newton"):
        np.testing.assert_allclose(run.of(name, "own"), run.of(f"{name}, × 100", "own"), rtol=0, atol=1e-4)
    assert run.of("gradient descent, × 100", "share")[0, 3] > 1e4
    assert run.of("gradient descent", "share")[0, -1] < 0.02


@pytest.mark.sentence("l1_q_hundredfold")
def test_adam_and_newton_take_the_same_path():
    question, history = HundredfoldLoss(), History()
    run = question.run()
    history.extend(list(run))
    assert question.outcome(history, run.lanes).truth == 1
