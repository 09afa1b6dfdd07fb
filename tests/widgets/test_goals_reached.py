"""All goals of all labs: the opening reaches none of them, and each can be reached from there."""

from dataclasses import replace

import pytest
from goal_runs import Way, looks, seeds_of
from goal_ways import WAYS
from headless import LABS, VIEWS

WITH_GOALS = [name for name in LABS if VIEWS[name].goals]
# What takes some ten seconds is played with one seed.
LONG = ("periods", "circle", "lottery")
OPENINGS = [
    (name, arguments)
    for name in WITH_GOALS
    for arguments in (seeds_of(name, Way())[:1] if name in LONG else seeds_of(name, Way()))
]

pytestmark = [pytest.mark.slow, pytest.mark.chaotic]


def test_every_goal_says_how_it_is_reached() -> None:
    assert set(WAYS) == {(name, goal.name) for name in WITH_GOALS for goal in VIEWS[name].goals}


@pytest.mark.parametrize(("name", "arguments"), OPENINGS)
def test_what_a_lab_opens_with_reaches_no_goal_at_any_step(name: str, arguments: dict[str, int]) -> None:
    goals = VIEWS[name].goals
    for run in looks(name, Way(), **arguments):
        assert [goal.name for goal in goals if goal.reached(run)] == []


@pytest.mark.parametrize(("name", "goal"), WAYS)
def test_a_goal_is_reached_from_the_opening_with_each_seed(name: str, goal: str) -> None:
    (asked,) = (each for each in VIEWS[name].goals if each.name == goal)
    way = WAYS[name, goal]
    for arguments in seeds_of(name, way):
        *_, run = looks(name, way, **arguments)
        assert asked.reached(run), f"{name}: {goal}, {arguments}"


@pytest.mark.parametrize("name", WITH_GOALS)
def test_goals_may_be_asked_of_every_preset_early_and_where_it_ends_early(name: str) -> None:
    for preset in VIEWS[name].presets:
        run = next(looks(name, Way(preset=preset.name)))
        for goal in VIEWS[name].goals:
            for early in (run, replace(run, finished=True), replace(run, ends=[0] * len(run.lanes), finished=True)):
                assert goal.reached(early) in (True, False)
