"""Claim 18: the doctor says when a lane blew up, since when it grew, along what, and how far it was over the limit."""

import itertools

import numpy as np
import pytest
import torch

from lessons.core.doctor import BLOW_UP_FACTOR, Vitals, diagnose, first_blow_up, observed
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.rules.stability import threshold
from lessons.core.run import Run
from lessons.divergence.bowl import Bowl
from lessons.divergence.net import Net
from lessons.divergence.settings import BowlSettings, NetSettings
from lessons.divergence.theory import growth_factor

pytestmark = pytest.mark.claim(18)

STEPS = 400
RULES = ["gradient descent", "heavy ball", "moving average", "Nesterov"]


def bowl_settings(**values) -> BowlSettings:
    return BowlSettings(**{"optimizer": "gradient descent", "momentum": 0.9, "steps": STEPS, **values})


def vitals(history: History, settings: BowlSettings) -> Vitals:
    """Of lane 0 of a bowl run."""
    return Vitals(
        loss=history["loss"][:, 0],
        sharpness=np.full(len(history), settings.sharpness),
        components=history["amplitude"][:, 0],
        directions=tuple(f"eigen-direction {i + 1}" for i in range(settings.dimension)),
        learning_rate=settings.learning_rate,
        limit_factor=threshold(settings.optimizer, 1.0, settings.momentum),
    )


def made_up(loss: list[float], components: list[list[float]], **values) -> Vitals:
    given = {
        "sharpness": np.full(len(loss), 2.0),
        "directions": ("first", "second"),
        "learning_rate": 1.5,
        "limit_factor": 2.0,
        **values,
    }
    return Vitals(loss=np.array(loss), components=np.array(components), **given)


def blow_up(history: History) -> int:
    return int(first_blow_up(history["loss"], history["loss"][0])[0])


@pytest.mark.parametrize(
    ("loss", "row"),
    [
        ([1.0, 0.5, 0.2, 0.1], 4),
        ([1.0, BLOW_UP_FACTOR, 1.0, 1.0], 4),
        ([1.0, 2 * BLOW_UP_FACTOR, 1.0, 1.0], 1),
        ([1.0, 0.5, np.inf, np.nan], 2),
        ([1.0, 0.5, 0.2, np.nan], 3),
        ([1.0, np.nan, 0.2, 0.1], 1),
        ([np.nan, np.nan, np.nan, np.nan], 0),
        ([0.0, 0.0, 0.0, 0.0], 4),
        ([0.0, 1e-3, 1e-3, 1e-3], 1),
    ],
)
def test_first_blow_up_is_the_first_row_not_finite_or_ten_thousand_times_the_start(loss, row):
    column = np.array(loss)[:, None]
    assert first_blow_up(column, column[0]).tolist() == [row]


def test_first_blow_up_looks_at_each_lane_by_itself():
    loss = np.array([[1.0, 1.0, 100.0], [1e5, 0.5, 1e5], [np.nan, 0.1, 1e7]])
    assert first_blow_up(loss, loss[0]).tolist() == [1, 3, 2]


def test_the_step_found_in_a_bowl_is_that_of_the_closed_form(history_of):
    rates, rows = (1.9, 2.05, 2.5, 4.0), 151
    settings = [bowl_settings(learning_rate=rate, angle=0.0, steps=rows - 1) for rate in rates]
    history = history_of(Bowl(), settings)
    values, start = np.array([1.0, 1 / 8]), np.array([-2.2, 1.4])
    expected = []
    for rate in rates:
        amplitudes = (1 - rate * values) ** np.arange(rows)[:, None] * start
        loss = (values * amplitudes**2).sum(1)
        expected.append(next((t for t in range(rows) if loss[t] > BLOW_UP_FACTOR * loss[0]), rows))
    assert first_blow_up(history["loss"], history["loss"][0]).tolist() == expected
    assert expected[0] == rows
    assert rows > expected[1] > expected[2] > expected[3] > 1


@pytest.mark.parametrize("angle", [0.0, 30.0, 77.0])
@pytest.mark.parametrize("dimension", [2, 6])
@pytest.mark.parametrize("factor", [1.02, 1.3, 5.0])
def test_gradient_descent_is_diagnosed_with_the_numbers_of_the_theory(history_of, angle, dimension, factor):
    settings = bowl_settings(learning_rate=factor * 2 / 3, sharpness=3.0, angle=angle, dimension=dimension)
    history = history_of(Bowl(), [settings])
    step = blow_up(history)
    diagnosis = diagnose(vitals(history, settings), step)
    assert (diagnosis.step, diagnosis.onset) == (step, history["loss"][:step, 0].argmin())
    assert (diagnosis.learning_rate, diagnosis.sharpness) == (settings.learning_rate, 3.0)
    assert diagnosis.limit == pytest.approx(2 / 3)
    assert diagnosis.direction == "eigen-direction 1"
    assert diagnosis.growth == pytest.approx(abs(1 - settings.learning_rate * 3), rel=1e-9)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("factor", [1.05, 1.3, 5.0])
@pytest.mark.parametrize("angle", [0.0, 30.0])
def test_every_rule_is_diagnosed_with_its_own_limit(history_of, rule, factor, angle):
    """With momentum the growth settles after some steps, hence the wider bound."""
    limit = threshold(rule, 1.0, 0.9)
    settings = bowl_settings(optimizer=rule, learning_rate=factor * limit, angle=angle, dimension=4)
    history = history_of(Bowl(), [settings])
    diagnosis = diagnose(vitals(history, settings), blow_up(history))
    product, beta = torch.tensor(settings.learning_rate, dtype=torch.float64), torch.tensor(0.9, dtype=torch.float64)
    assert diagnosis.direction == "eigen-direction 1"
    assert diagnosis.limit == pytest.approx(limit)
    assert diagnosis.growth == pytest.approx(growth_factor(rule, product, beta).item(), rel=0.15)
    assert diagnosis.growth > 1


def test_the_onset_is_the_lowest_loss_before_the_growth(history_of):
    """The flat directions fall at first: the loss has its minimum in the middle."""
    settings = bowl_settings(learning_rate=2.04, angle=0.0, start_x=1e-3, start_y=3.0)
    history = history_of(Bowl(), [settings])
    diagnosis = diagnose(vitals(history, settings), blow_up(history))
    values, start = np.array([1.0, 1 / 8]), np.array([1e-3, 3.0])
    amplitudes = (1 - 2.04 * values) ** np.arange(STEPS + 1)[:, None] * start
    expected = (values * amplitudes**2).sum(1)[: diagnosis.step].argmin()
    assert diagnosis.onset == expected
    assert 5 < expected < diagnosis.step - 50


def test_the_sharpness_is_the_one_that_was_measured_last_before_the_growth():
    losses, sharpness = [4.0, 3.0, 2.0, 9.0, 1e9], np.array([1.0, 5.0, np.nan, np.nan, 7.0])
    diagnosis = diagnose(made_up(losses, [[1.0, 1.0]] * 5, sharpness=sharpness), 4)
    assert (diagnosis.onset, diagnosis.sharpness, diagnosis.limit) == (2, 5.0, 0.4)


@pytest.mark.parametrize("lost", [np.nan, np.inf])
def test_a_loss_that_is_lost_at_once_is_still_diagnosed(lost):
    case = made_up([1.0, lost, lost], [[1.0, 1.0], [lost, lost], [lost, lost]])
    diagnosis = diagnose(case, 1)
    assert (diagnosis.step, diagnosis.onset, diagnosis.sharpness, diagnosis.limit) == (1, 0, 2.0, 1.0)
    assert "Diverged at step 1." in diagnosis.sentence
    assert "nan" not in diagnosis.sentence


def test_the_growth_is_taken_from_the_finite_entries():
    components = [[1.0, 1.0], [3.0, -2.0], [9.0, 4.0], [np.inf, -8.0], [np.nan, np.inf]]
    diagnosis = diagnose(made_up([1.0, 10.0, 100.0, np.inf, np.nan], components), 4)
    assert (diagnosis.direction, diagnosis.onset) == ("first", 0)
    assert diagnosis.growth == pytest.approx(3.0)


def test_a_component_that_is_zero_is_passed_over():
    diagnosis = diagnose(made_up([1.0, 2.0, 1e9], [[0.0, 1.0], [0.0, -3.0], [0.0, 9.0]]), 2)
    assert (diagnosis.direction, diagnosis.growth) == ("second", pytest.approx(3.0))


def test_a_step_of_a_hundredfold_overshoot_is_diagnosed_at_the_first_update(history_of):
    settings = bowl_settings(learning_rate=500.0, sharpness=20.0)
    history = history_of(Bowl(), [settings])
    diagnosis = diagnose(vitals(history, settings), blow_up(history))
    assert (diagnosis.step, diagnosis.onset) == (1, 0)
    assert diagnosis.growth == pytest.approx(500 * 20 - 1)
    assert not np.isfinite(history["loss"][-1, 0])


def test_the_sentence_holds_the_numbers(history_of):
    settings = bowl_settings(learning_rate=2.5, sharpness=1.0)
    history = history_of(Bowl(), [settings])
    diagnosis = diagnose(vitals(history, settings), blow_up(history))
    assert diagnosis.sentence == (
        f"Diverged at step {blow_up(history)}. The loss grew from step 0 on: λₘₐₓ was 1, so the limit was 2, "
        "and η = 2.5 is 1.25 times that. The eigen-direction 1 grew 1.5-fold a step."
    )


def test_without_a_closed_form_the_sentence_names_no_limit():
    diagnosis = diagnose(made_up([1.0, 9.0, 1e9], [[1.0, 1.0], [2.0, 3.0], [4.0, 9.0]], limit_factor=None), 2)
    assert diagnosis.limit is None
    assert "limit" not in diagnosis.sentence
    assert "λₘₐₓ was 2." in diagnosis.sentence


def test_a_net_that_is_lost_is_diagnosed_from_its_updates(history_of):
    settings = NetSettings(learning_rate=0.5, activation="tanh", depth=1, width=64, init_scale=1.0, steps=30)
    history = history_of(Net(), [settings.with_value("sharpness_every", 1)])
    share, length = history["along_top"][:, 0], history["update_norm"][:, 0]
    with np.errstate(invalid="ignore"):
        components = length[:, None] * np.stack([share, np.sqrt(np.clip(1 - share**2, 0, None))], 1)
    case = Vitals(
        loss=history["loss"][:, 0],
        sharpness=history["sharpness"][:, 0],
        components=components,
        directions=("top", "rest"),
        learning_rate=0.5,
        limit_factor=2.0,
    )
    diagnosis = diagnose(case, blow_up(history))
    assert 0 < diagnosis.step <= 30
    assert diagnosis.limit == pytest.approx(2 / history["sharpness"][diagnosis.onset, 0])
    assert diagnosis.learning_rate > diagnosis.limit
    assert "nan" not in diagnosis.sentence


def rewound(run: Run, experiment: Bowl, step: int) -> tuple[Run, list]:
    """The same run replayed up to `step`."""
    again = Run.replay(experiment, run.record.until(step))
    return again, list(itertools.islice(again, step + 1))


def test_twenty_steps_back_and_half_the_learning_rate_cure_the_bowl():
    experiment = Bowl()
    run = Run(experiment, Lanes([bowl_settings(learning_rate=1.5, angle=25.0)]))
    losses = []
    for measurement in run:
        losses.append(measurement["loss"].item())
        if run.step == 10:
            run.change(0, "learning_rate", 2.4)
        if losses[-1] > BLOW_UP_FACTOR * losses[0]:
            break
    blown = run.step
    assert blown > 40
    again, past = rewound(run, experiment, blown - 20)
    assert [m["loss"].item() for m in past] == losses[: blown - 19]
    again.change(0, "learning_rate", 1.2)
    future = [m["loss"].item() for m in again]
    assert future[-1] < 1e-12 * losses[0]
    assert max(future) <= past[-1]["loss"].item()
    assert [(c.step, c.value) for c in again.record.changes] == [(10, 2.4), (blown - 20, 1.2)]


def test_twenty_steps_back_without_the_cure_it_blows_up_again_at_the_same_step():
    experiment = Bowl()
    run = Run(experiment, Lanes([bowl_settings(learning_rate=2.2)]))
    losses = [measurement["loss"].item() for measurement in run]
    blown = next(t for t, loss in enumerate(losses) if loss > BLOW_UP_FACTOR * losses[0])
    again, _ = rewound(run, experiment, blown - 20)
    assert [m["loss"].item() for m in again] == losses[blown - 19 :]


@pytest.mark.parametrize(
    ("loss", "step", "said"),
    [
        ([2.0, 1.0, 5e4], 2, "Diverged at step 2: the loss went from 1 to 5e+04."),
        ([2.0, np.inf], 1, "Diverged at step 1: the loss went from 2 beyond all numbers."),
        ([np.nan], 0, "Diverged at step 0: the loss went beyond all numbers."),
    ],
)
def test_where_nothing_explains_a_blow_up_what_was_seen_is_said(loss, step, said):
    assert observed(np.array(loss), step) == said
