"""What a lab does for a class: opens another's run, trains the runs of many, says in numbers how its own goes."""

import asyncio
import json
from urllib.parse import urlencode

import numpy as np
import pytest
from headless import VIEWS, live, opened, until

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.core.settings import SettingError
from widgets.lab.gathered import gathered
from widgets.lab.lab import Lab
from widgets.run.run_loop import State
from widgets.view.controls import MOST_LANES

NET = VIEWS["net"]()
SMALL = {"width": 4, "train_size": 40, "steps": 12}


def search(name: str, changes=(), step: int = 0, **settings) -> str:
    """A link's query."""
    held = {"names": ["lane 1"], "lanes": [settings], "step": step, "changes": [list(each) for each in changes]}
    return urlencode({name: json.dumps(held)})


def heard(lab: Lab) -> list[dict]:
    """What the lab tells its page, from now on."""
    told: list[dict] = []
    lab.panel.send = lambda content, _buffers=None: told.append(content)
    return told


def test_each_setting_is_a_lane_once_and_says_how_many_learners_had_it() -> None:
    rates = (0.1, 0.2, 0.1, 0.4, 0.1, 0.2)
    found = gathered(NET, [search("net", learning_rate=rate) for rate in rates])
    assert [each.learning_rate for each in found.settings] == [0.1, 0.2, 0.4]
    assert found.counts == [3, 2, 1]
    assert found.unusable == 0
    assert found.names == ["η 0.1 (3 learners)", "η 0.2 (2 learners)", "η 0.4"]


def test_what_all_lanes_must_agree_in_is_for_all_as_most_have_it() -> None:
    widths = (4, 8, 8)
    found = gathered(
        NET,
        [search("net", learning_rate=0.1 * (k + 1), width=width) for k, width in enumerate(widths)],
    )
    assert {each.width for each in found.settings} == {8}
    NET.lanes(found.settings, found.names)  # they go together


def test_a_change_in_flight_counts_if_the_run_came_that_far() -> None:
    changes = [(3, 0, "learning_rate", 0.3), (9, 0, "learning_rate", 0.5)]
    found = gathered(NET, [search("net", changes, step=5, learning_rate=0.1)])
    assert [each.learning_rate for each in found.settings] == [0.3]


def test_what_no_lab_wrote_is_counted_and_left_out() -> None:
    runs = [search("net", learning_rate=0.1), search("bowl"), "net=%7B", "", search("net", learning_rate=1e9)]
    assert gathered(NET, runs).unusable == 4
    with pytest.raises(SettingError, match="None of the runs"):
        gathered(NET, runs[1:])
    with pytest.raises(SettingError, match="makes its lanes itself"):
        gathered(VIEWS["net_sweep"](), [search("net_sweep")])


def test_as_many_as_a_lab_has_colours_for_are_its_lanes_and_play() -> None:
    async def scenario() -> None:
        lab = opened("net", **SMALL)
        told = heard(lab)
        lab.handle({"do": "gather", "searches": [search("net", learning_rate=rate, **SMALL) for rate in (0.1, 0.2)]})
        await until(lambda: lab.state is State.FINISHED)
        assert lab.lanes.names == ["η 0.1", "η 0.2"]
        assert [each for each in told if each["type"] == "gathered"] == [
            {"type": "gathered", "learners": 2, "unusable": 0}
        ]
        assert not lab.panel.reached  # a class's run ticks no goal of the one who leads it

    live(scenario)


def test_more_than_that_are_lanes_of_one_run_beside_the_lab_with_the_same_numbers() -> None:
    rates = [0.01 * (k + 1) for k in range(MOST_LANES + 4)]

    async def scenario() -> list[dict]:
        lab = opened("net", **SMALL)
        names, told = lab.lanes.names, heard(lab)
        lab.handle({"do": "gather", "searches": [search("net", learning_rate=rate, **SMALL) for rate in rates]})
        await until(lambda: told and told[-1]["type"] == "class_run" and told[-1]["x"][-1] == SMALL["steps"])
        assert lab.lanes.names == names  # the lab's own lanes are as they were
        return told

    last = live(scenario)[-1]
    view = NET
    settings = [view.settings_type.checked({"learning_rate": rate, **SMALL}) for rate in rates]
    run = Run(view.experiment, Lanes(settings, [str(rate) for rate in rates]))
    history = History()
    history.extend(list(run))
    loss = history["loss"]
    assert last["x"] == list(range(SMALL["steps"] + 1))
    np.testing.assert_allclose(np.array(last["loss"], dtype=float).T, loss, rtol=1e-3)  # told with four digits
    assert last["setting"]["label"] == "learning rate"
    assert last["setting"]["values"] == pytest.approx(rates)
    assert (last["steps"], last["unusable"], last["failed"]) == (SMALL["steps"], 0, False)


def test_a_lane_that_diverged_has_no_loss_from_there_on() -> None:
    ratios = [0.5 + 0.1 * k for k in range(MOST_LANES)] + [3.5]

    async def scenario() -> dict:
        lab = opened("parabola")
        told = heard(lab)
        lab.handle({"do": "gather", "searches": [search("parabola", ratio=ratio, steps=400) for ratio in ratios]})
        await until(lambda: told and told[-1]["type"] == "class_run" and told[-1]["x"][-1] == 400)
        return told[-1]

    last = live(scenario)
    assert [end is not None for end in last["ends"]] == [ratio > 2 for ratio in ratios]
    assert last["loss"][-1][-1] is None
    assert last["loss"][0][-1] is not None


def test_a_run_is_opened_in_place_of_what_a_person_had_and_nonsense_is_a_sentence() -> None:
    async def scenario() -> None:
        lab = opened("net", **SMALL)
        lab.handle({"do": "set", "lane": 0, "field": "learning_rate", "value": 0.2})
        lab.handle({"do": "open_run", "search": f"?{search('net', step=4, learning_rate=0.05, **SMALL)}"})
        await until(lambda: len(lab.history) == 5)
        assert lab.lanes.settings[0].learning_rate == 0.05
        lab.handle({"do": "open_run", "search": f"?{search('bowl')}"})
        assert lab.panel.refusal["text"] == "The link holds nothing for this lab."
        assert lab.lanes.settings[0].learning_rate == 0.05

    live(scenario)


def test_a_glimpse_says_how_the_run_goes_and_changes_nothing() -> None:
    async def scenario() -> None:
        lab = opened("net", **SMALL)
        told = heard(lab)
        lab.handle({"do": "play"})
        await until(lambda: lab.state is State.FINISHED)
        before = lab.lanes, lab.panel.refusal
        lab.handle({"do": "glimpse"})
        await asyncio.sleep(0.05)
        glimpse = told[-1]
        assert glimpse["loss"] == pytest.approx(lab.history["loss"][:, 0].tolist(), rel=1e-3)
        assert (glimpse["step"], glimpse["steps"]) == (SMALL["steps"], SMALL["steps"])
        assert (lab.lanes, lab.panel.refusal) == before
        lab.handle({"do": "open_run", "search": f"?{glimpse['query']}"})
        assert lab.panel.refusal == {}

    live(scenario)
