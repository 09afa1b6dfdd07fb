"""A preset that changes something in flight: the lab follows it as it follows a hand, until one takes over."""

import numpy as np
import pytest
from headless import VIEWS, live, played, until

from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.core.run import Run
from lessons.divergence.net import Net
from lessons.divergence.settings import NetSettings
from widgets.lab.lab import Lab
from widgets.labs.divergence.net import NetView
from widgets.run.run_loop import State
from widgets.view.controls import Preset

SMALL = {"learning_rate": 0.2, "width": 4, "train_size": 20, "steps": 20}
LATER = Change(step=12, lane=0, field="learning_rate", value=0.3)
LABELLED = ("η now", "kept")


class PlannedView(NetView):
    name = ""
    presets = (
        Preset("plain", "Nothing changes.", (SMALL,)),
        Preset("planned", "η rises by itself.", (SMALL, {**SMALL, "learning_rate": 0.1}), LABELLED, changes=(LATER,)),
    )


def opened() -> Lab:
    lab = Lab(PlannedView())
    lab.handle({"do": "preset", "index": 1})
    return lab


def rates(lab: Lab) -> list[float]:
    return [lane["values"]["learning_rate"] for lane in lab.panel.lanes]


def by_hand() -> np.ndarray:
    """The losses of the same run with the change scheduled."""
    lanes = Lanes([NetSettings(**SMALL), NetSettings(**{**SMALL, "learning_rate": 0.1})])
    return np.stack([measured["loss"].numpy() for measured in Run(Net(), lanes, scheduled=[LATER])])


def test_it_is_made_at_its_step_and_the_panel_follows() -> None:
    async def scenario() -> None:
        lab = opened()
        await until(lambda: lab.state is State.IDLE and lab.run.step == 0)
        assert rates(lab) == [0.2, 0.1]
        assert lab.panel.preset == 1
        await played(lab)
        assert rates(lab) == [0.3, 0.1]
        assert lab.panel.preset == 1
        assert list(lab.run.changes) == [LATER]
        np.testing.assert_array_equal(lab.history["loss"], by_hand())

    live(scenario)


def test_reset_begins_with_the_first_value_and_it_is_changed_again() -> None:
    async def scenario() -> None:
        lab = opened()
        for _ in range(2):
            await played(lab)
            assert rates(lab) == [0.3, 0.1]
            lab.handle({"do": "reset"})
            await until(lambda: lab.state is State.IDLE and lab.run.step == 0)
            assert rates(lab) == [0.2, 0.1]

    live(scenario)


@pytest.mark.parametrize("step", [5, 12, 13, 18])
def test_who_goes_back_or_ahead_finds_it_where_it_was(step: int) -> None:
    async def scenario() -> None:
        for before in (False, True):  # whether it has been played before
            lab = opened()
            if before:
                await played(lab)
            lab.handle({"do": "go_to", "step": step})
            await until(lambda lab=lab: lab.run.step == step and lab.state is State.PAUSED)
            assert rates(lab) == [0.3 if step > 12 else 0.2, 0.1]
            lab.handle({"do": "play"})
            await until(lambda lab=lab: lab.state is State.FINISHED)
            assert rates(lab) == [0.3, 0.1]
            np.testing.assert_array_equal(lab.history["loss"], by_hand())

    live(scenario)


def test_a_hand_takes_over() -> None:
    async def scenario() -> None:
        lab = opened()
        lab.handle({"do": "go_to", "step": 5})
        await until(lambda: lab.run.step == 5)
        lab.handle({"do": "set", "lane": 0, "field": "learning_rate", "value": 0.15})
        lab.handle({"do": "play"})
        await until(lambda: lab.state is State.FINISHED)
        assert rates(lab) == [0.15, 0.1]
        assert [change.value for change in lab.run.changes] == [0.15]
        lab.handle({"do": "reset"})
        await played(lab)
        assert rates(lab) == [0.15, 0.1]
        assert not lab.run.changes

    live(scenario)


def test_another_seed_leaves_it_and_another_lane_does_not() -> None:
    async def scenario() -> None:
        lab = opened()
        await played(lab)
        lab.handle({"do": "new_seed"})
        await until(lambda: lab.run.step >= 0 and lab.lanes.settings[0].seed == 1)
        await played(lab)
        assert list(lab.run.changes) == [LATER]
        lab.handle({"do": "add_lane"})
        await played(lab)
        assert not lab.run.changes

    live(scenario)


def test_another_preset_knows_nothing_of_it() -> None:
    async def scenario() -> None:
        lab = opened()
        await played(lab)
        lab.handle({"do": "preset", "index": 0})
        await played(lab)
        assert rates(lab) == [0.2]
        assert not lab.run.changes

    live(scenario)


def test_no_lab_opens_with_one_and_its_changes_are_allowed() -> None:
    planned = 0
    for view in VIEWS.values():
        first, *others = view().presets or (Preset("", ""),)
        assert not first.changes, view.name
        for preset in others:
            if preset.changes:
                assert not view.spread
                lanes = view().lanes(
                    [view().settings_type.checked(lane) for lane in preset.lanes], preset.names or ["a"]
                )
                for change in preset.changes:
                    assert change.step < lanes.shared.steps
                    lanes.change(change.lane, change.field, change.value)
                planned += 1
    assert planned
