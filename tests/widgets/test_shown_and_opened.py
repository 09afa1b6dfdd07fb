"""What a lab shows at first: three settings at most, and a run that has begun; the first change begins another one."""

import pytest
from headless import LABS, VIEWS, live, opened, until

from widgets.lab.panel_state import panel_state, transport
from widgets.run.run_loop import State
from widgets.view.controls import controls

MOST_SHOWN = 3


@pytest.mark.parametrize("name", sorted(VIEWS))
def test_at_most_three_settings_are_shown_and_all_others_are_in_the_fold(name: str) -> None:
    view = VIEWS[name]()
    described = controls(view.settings_type, view.shown, view.more)
    assert [each["name"] for each in described if not each["folded"]] == list(view.shown)
    assert 1 <= len(view.shown) <= MOST_SHOWN
    assert len(set(view.controls)) == len(view.controls)


def test_a_lab_that_has_opened_begins_again_at_the_first_change_and_plays() -> None:
    async def scenario() -> None:
        lab = opened("race")
        lab.handle({"do": "speed", "value": "fastest"})
        lab.handle({"do": "go_to", "step": 5, "opening": True})
        await until(lambda: lab.state is State.PAUSED)
        assert lab.run.step == 5
        lab.change("learning_rate", 0.5)
        await until(lambda: lab.state is State.FINISHED)
        assert lab.run.record.changes == ()
        assert lab.run.lanes.learning_rate[0].item() == 0.5

    live(scenario)


def test_play_during_the_opening_goes_to_the_end() -> None:
    async def scenario() -> None:
        lab = opened("race", steps=200)
        lab.handle({"do": "go_to", "step": 150, "opening": True})
        assert lab.state is State.RUNNING
        lab.handle({"do": "pause"})
        assert lab.run.step < 150
        lab.handle({"do": "speed", "value": "fastest"})
        lab.handle({"do": "play"})
        await until(lambda: lab.state is State.FINISHED)

    live(scenario)


@pytest.mark.parametrize("opening", [True, False])
def test_a_run_that_was_paused_on_its_way_to_a_step_is_no_longer_bound_to_wait_there(opening: bool) -> None:
    async def scenario() -> None:
        lab = opened("race", steps=200)
        lab.handle({"do": "speed", "value": 1.0})
        lab.handle({"do": "go_to", "step": 3, "opening": opening})
        lab.handle({"do": "pause"})
        assert lab.state is State.PAUSED
        for _ in range(5):
            lab.handle({"do": "step"})
        assert lab.run.step >= 5
        lab.handle({"do": "reset"})
        lab.handle({"do": "go_to", "step": 150, "opening": opening})
        lab.handle({"do": "pause"})
        lab.handle({"do": "speed", "value": "fastest"})
        lab.handle({"do": "play"})
        await until(lambda: lab.state is State.FINISHED)

    live(scenario)


def test_the_time_left_is_the_time_to_where_the_run_waits() -> None:
    async def scenario() -> None:
        lab = opened("race", steps=200)
        lab.handle({"do": "speed", "value": 5.0})
        lab.handle({"do": "go_to", "step": 50, "opening": True})
        await until(lambda: lab.run.step >= 2 and transport(lab.session.player)["rate"] > 0)
        said = transport(lab.session.player)
        assert said["left"] == pytest.approx((50 - said["step"]) / said["rate"], rel=0.02, abs=0.06)  # rounded to 0.1

    live(scenario)


def test_after_a_step_by_hand_a_change_belongs_to_the_run() -> None:
    async def scenario() -> None:
        lab = opened("race")
        lab.handle({"do": "speed", "value": "fastest"})
        lab.handle({"do": "go_to", "step": 5, "opening": True})
        await until(lambda: lab.state is State.PAUSED)
        lab.handle({"do": "step"})
        lab.change("learning_rate", 0.5)
        assert lab.run.step == 6
        assert [change.step for change in lab.run.record.changes] == [6]

    live(scenario)


@pytest.mark.parametrize("name", LABS)
def test_a_lab_that_asks_for_a_prediction_or_waits_for_play_does_not_open_by_itself(name: str) -> None:
    view = VIEWS[name]()
    assert panel_state(view)["options"]["opens"] == (view.opens and not view.covered and not view.waits)
