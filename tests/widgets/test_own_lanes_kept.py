"""Lanes that a person made are kept while presets are looked at, and one button brings them back."""

import pytest
from headless import VIEWS, at_rest, factory, live, played, refusal
from test_planned_changes import LATER, PlannedView

from widgets.lab.lab import Lab
from widgets.run.run_loop import State

BACK = {"do": "back_to_own"}


def sign_descent(gradient, state, learning_rate, momentum):
    return -learning_rate * gradient.sign()


def choose(lab: Lab, *presets: int) -> None:
    for index in presets:
        lab.handle({"do": "preset", "index": index})


def lanes_of(lab: Lab) -> list[tuple]:
    return [(lane["name"], lane["colour"], lane["values"]) for lane in lab.panel.lanes]


def with_own_lanes(name: str) -> tuple[Lab, list[tuple]]:
    """A lab with another learning rate, a lane that was added and one that was renamed; and these lanes."""
    lab = factory(name)()
    lab.handle({"do": "set", "lane": 0, "field": "learning_rate", "value": 0.123})
    lab.handle({"do": "add_lane"})
    lab.handle({"do": "rename", "lane": 1, "name": "mine"})
    return lab, lanes_of(lab)


@pytest.mark.parametrize("name", ["bowl", "parabola", "net"])
def test_they_come_back_after_any_presets_with_names_colours_and_the_chosen_lane(name: str) -> None:
    async def scenario() -> None:
        lab, own = with_own_lanes(name)
        chosen = lab.panel.selected
        assert not lab.panel.has_own
        choose(lab, 1, 0, 2)
        assert lab.panel.has_own
        await at_rest(lab)
        lab.handle(BACK)
        assert (lanes_of(lab), lab.panel.selected) == (own, chosen)
        assert (lab.panel.has_own, lab.panel.preset, lab.panel.refusal) == (False, -1, {})
        await at_rest(lab)
        assert (lab.state, lab.run.step) == (State.IDLE, 0)
        assert list(lab.run.lanes.names) == [name for name, *_ in own]

    live(scenario)


def test_nothing_is_offered_to_who_has_made_none() -> None:
    async def scenario() -> None:
        lab = factory("bowl")()
        choose(lab, 1, 0)
        assert not lab.panel.has_own
        lab.handle(BACK)
        assert "no lanes of your own" in refusal(lab)
        assert lab.panel.preset == 0

    live(scenario)


def test_a_change_of_a_preset_makes_lanes_of_ones_own_which_are_kept_from_then_on() -> None:
    async def scenario() -> None:
        lab, first = with_own_lanes("bowl")
        choose(lab, 1)
        lab.handle({"do": "set", "lane": 0, "field": "learning_rate", "value": 0.456})
        assert not lab.panel.has_own
        second = lanes_of(lab)
        choose(lab, 0)
        assert lab.panel.has_own
        lab.handle(BACK)
        assert lanes_of(lab) == second != first

    live(scenario)


def test_the_lane_with_a_learners_own_rule_comes_back() -> None:
    async def scenario() -> None:
        lab = factory("bowl")(own=sign_descent)
        opening = lanes_of(lab)
        assert not lab.panel.has_own
        for index in range(len(VIEWS["bowl"].presets)):
            choose(lab, index)
            assert all(name != "yours" for name, *_ in lanes_of(lab))
            assert lab.panel.has_own
            lab.handle(BACK)
            assert lanes_of(lab) == opening
            assert not lab.panel.has_own

    live(scenario)


def test_speed_and_changes_of_a_preset_that_one_has_changed_come_back_too() -> None:
    async def scenario() -> None:
        lab = Lab(PlannedView())
        choose(lab, 1)
        lab.handle({"do": "set", "lane": 1, "field": "width", "value": 5})
        lab.handle({"do": "speed", "value": 321})
        own = lanes_of(lab)
        choose(lab, 0)
        await played(lab)
        assert not lab.run.changes
        lab.handle(BACK)
        assert lanes_of(lab) == own
        await at_rest(lab)
        assert lab.panel.transport["speed"] == 321
        await played(lab)
        assert list(lab.run.changes) == [LATER]

    live(scenario)


def test_what_a_preset_changes_by_itself_makes_no_lanes_of_ones_own() -> None:
    async def scenario() -> None:
        lab = Lab(PlannedView())
        choose(lab, 1)
        await played(lab)
        assert lab.panel.lanes[0]["values"]["learning_rate"] == LATER.value
        choose(lab, 0)
        assert not lab.panel.has_own

    live(scenario)
