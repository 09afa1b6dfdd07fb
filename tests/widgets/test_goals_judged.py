"""Goals of a lab: who judges them, when, and what reaches none."""

import asyncio
import time

import numpy as np
import pytest
from goal_runs import Way, looks
from headless import LABS, VIEWS, live, opened, until

from lessons.core.history import History
from lessons.core.lanes import Lanes
from widgets.lab.lab import Lab
from widgets.labs.divergence.bowl import BowlView
from widgets.labs.divergence.net import NetView
from widgets.labs.divergence.parabola import ParabolaView
from widgets.labs.initialization.distributions import DistributionsView
from widgets.labs.optimizers.race import RaceView
from widgets.run.run_loop import State
from widgets.view.goals import Attempt, Goal
from widgets.view.view import LabView

LONGEST_TEXT, LONGEST_WHY = 90, 240
FIRST_LESSONS = ("optimizers", "schedules", "divergence")
FAR = {"condition_number": 100.0, "start": 40.0}


class Judged(NetView):
    """A view whose goals say when they are asked."""

    def __init__(self, *goals: Goal):
        super().__init__()
        self.goals = goals


def drawn(*points: float) -> dict[str, object]:
    return {"schedule": "drawn", **{f"point_{number}": point for number, point in enumerate(points)}}


def long_enough(run: Attempt) -> bool:
    return len(run.history) > 20


def net_with(*goals: Goal) -> Lab:
    return Lab(Judged(*goals), width=4, depth=1, train_size=20, steps=60, sharpness_every=50)


AT_20 = Goal("at_20", "Get to step 20.", long_enough, "There it is.")
END = Goal("end", "Come to the end.", lambda run: run.finished, "All runs end.")


def test_a_goal_is_reached_by_a_run_that_a_person_plays_and_stays_so() -> None:
    async def scenario() -> None:
        lab = net_with(AT_20, END)
        assert [goal["name"] for goal in lab.panel.goals] == ["at_20", "end"]
        assert lab.panel.reached == []
        lab.handle({"do": "play"})
        await until(lambda: lab.state is State.FINISHED)
        assert lab.panel.reached == ["at_20", "end"]
        lab.handle({"do": "reset"})
        await asyncio.sleep(0.05)
        assert lab.panel.reached == ["at_20", "end"]

    live(scenario)


def test_what_a_lab_does_by_itself_reaches_nothing_until_a_person_goes_on() -> None:
    async def scenario() -> None:
        lab = net_with(AT_20, END)
        lab.handle({"do": "open_link", "search": "?net=nothing"})
        lab.handle({"do": "go_to", "step": 30, "opening": True})
        await until(lambda: lab.state is State.PAUSED)
        assert lab.run.step == 30
        assert lab.panel.reached == []
        lab.handle({"do": "step"})
        assert lab.panel.reached == ["at_20"]

    live(scenario)


def test_a_run_of_other_lanes_that_is_due_is_not_judged_by_the_one_before() -> None:
    async def scenario() -> None:
        rates: list[list[float]] = []

        def note(run: Attempt) -> bool:
            rates.append([settings.learning_rate for settings in run.settings])
            return False

        lab = net_with(Goal("never", "Do what cannot be done.", note, "So it is."))
        lab.handle({"do": "step"})
        before = len(rates)
        lab.handle({"do": "preset", "index": 2})
        assert len(rates) == before
        await until(lambda: not lab.session.due)
        lab.handle({"do": "step"})
        assert rates[-1] == [settings.learning_rate for settings in lab.run.lanes.settings] == [0.25]

    live(scenario)


def test_a_goal_is_asked_now_and_then_and_not_again_once_it_was_reached() -> None:
    async def scenario() -> None:
        asked = {"open": 0, "reached": 0}

        def count(name: str, run: Attempt) -> bool:
            asked[name] += 1
            return name == "reached"

        goals = [Goal(name, "Count.", lambda run, name=name: count(name, run), "Counted.") for name in asked]
        lab = net_with(*goals)
        lab.handle({"do": "play"})
        await until(lambda: lab.state is State.FINISHED)
        assert asked["reached"] == 1
        measured = len(lab.history)
        assert 2 <= asked["open"] < measured / 2, "of 61 measurements"

    live(scenario)


def test_an_attempt_has_what_was_measured_of_a_lane_up_to_where_it_diverged() -> None:
    lab = opened("net", learning_rate=50.0, sharpness_every=5, steps=40)
    lab.loop.forward(40)
    trial = lab.session.trial
    run = Attempt(trial.history, trial.run.lanes, trial.ends, trial.run.changes, trial.steps, finished=True)
    end = trial.ends[0]
    assert end is not None
    assert 0 not in run.left
    assert len(run.of(0, "loss")) == end
    assert len(run.of(0, "sharpness")) == (end + 4) // 5
    assert np.isfinite(run.of(0, "loss")).all()
    assert run.newest("sharpness").shape == (len(run.lanes),)


@pytest.mark.parametrize("name", LABS)
def test_goals_are_short_told_apart_and_judged_from_the_first_measurement_on(name: str) -> None:
    view = VIEWS[name]()
    names = [goal.name for goal in view.goals]
    assert len(set(names)) == len(names) <= 3
    for goal in view.goals:
        assert goal.name.isidentifier()
        assert len(goal.text) <= LONGEST_TEXT
        assert goal.text[0].isupper()
        assert goal.text.endswith(".")
        assert len(goal.why) <= LONGEST_WHY
        assert goal.why.endswith((".", "½."))
    lab = opened(name, steps=1) if "steps" in view.controls else opened(name)
    for steps in (0, 1):
        lab.loop.forward(steps)
        trial = lab.session.trial
        for finished in (False, True):
            run = Attempt(trial.history, trial.run.lanes, trial.ends, trial.run.changes, trial.steps, finished)
            assert not any(goal.reached(run) for goal in view.goals)


def test_every_topic_has_goals_in_its_first_labs() -> None:
    with_goals = [name for name in LABS if VIEWS[name].goals]
    assert len(with_goals) >= 18
    assert sum(len(VIEWS[name].goals) for name in with_goals) >= 36
    topics = {VIEWS[name].__module__.split(".")[2] for name in with_goals}
    assert len(topics) == 7


def test_every_lab_of_the_first_three_lessons_has_two_goals_or_more() -> None:
    first = [name for name in LABS if VIEWS[name].__module__.split(".")[2] in FIRST_LESSONS]
    assert len(first) >= 22
    assert [name for name in first if len(VIEWS[name].goals) < 2] == []


def test_judging_takes_no_time_that_anybody_notices() -> None:
    """Of a parabola's run to its end; a goal may take milliseconds at most. Twenty times what it takes here."""
    history, view = History(), ParabolaView()
    lanes = Lanes([view.settings_type.checked({"ratio": 1.6, "steps": 2000})])
    history.extend(list(view.experiment.run(lanes)))
    run = Attempt(history, lanes, [None], (), 2000, finished=True)
    before = time.thread_time()
    for goal in view.goals:
        goal.reached(run)
    assert time.thread_time() - before < 0.005


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lab", "goal", "way"),
    [
        ("race", "too_much", Way(preset="too much momentum")),
        ("noisy_quadratic", "beats_steps", Way((drawn(1, 1, 1, 0.7, 0.3, 0.15, 0.08, 0.05, 0.03), {}))),
        ("noisy_quadratic", "too_early", Way((FAR, FAR | drawn(1, *8 * [0.001])))),
        ("scheduled_net", "too_short", Way({"schedule": "warmup + cosine", "warmup_share": 0.02})),
    ],
)
def test_what_a_goals_words_cover_reaches_it(lab: str, goal: str, way: Way) -> None:
    *_, run = looks(lab, way)
    (asked,) = (each for each in VIEWS[lab].goals if each.name == goal)
    assert asked.reached(run)


@pytest.mark.parametrize("view", [RaceView, BowlView])
def test_beside_a_function_of_the_learners_a_lab_has_no_goals_about_other_rules(view: type[LabView]) -> None:
    assert view(lambda gradient, *_: -gradient).goals == ()
    assert view().goals


def test_beside_a_scheme_of_the_learners_the_goals_about_the_other_schemes_stay() -> None:
    assert DistributionsView(lambda normal, *_: normal).goals == DistributionsView().goals != ()


def test_each_lab_of_lessons_4_to_7_has_two_goals_or_three() -> None:
    lessons = ("initialization", "normalization", "periodic", "teacher_student")
    counts = {name: len(VIEWS[name].goals) for name in LABS if VIEWS[name].__module__.split(".")[2] in lessons}
    assert {name for name, count in counts.items() if count not in (2, 3)} == set()
