"""A lane's name stays as long as what it says of the settings holds, and no longer."""

import asyncio
from typing import Any

import pytest
from headless import LABS, SWEEPS, VIEWS, factory, live, opened, until

from lessons.divergence.settings import BowlSettings, NetSettings
from lessons.periodic.settings import PeriodicSettings
from widgets.lab.lane_list import LaneList
from widgets.lab.lane_names import said
from widgets.run.run_loop import State
from widgets.view.controls import Preset

NAMED = [
    (name, index)
    for name in LABS
    for index, preset in enumerate(VIEWS[name].presets)
    if preset.names and name not in SWEEPS
]


def of_preset(name: str, index: int) -> LaneList:
    view = VIEWS[name]()
    return LaneList.of(view.settings_type, view.presets[index], idle=view.idle)


def shown(lab: Any) -> list[str]:
    """The names in the panel; the table, the figures and the record of the run have the same."""
    names = [lane["name"] for lane in lab.panel.lanes]
    assert list(lab.run.record.names) == names
    assert lab.stage.covered or all(f">{name}<" in lab.readings.value for name in names)
    return names


# ---- what a name says ----


@pytest.mark.parametrize(("name", "index"), NAMED)
def test_every_name_of_a_preset_says_something_and_holds(name: str, index: int) -> None:
    lanes = of_preset(name, index)
    assert lanes.names == list(VIEWS[name].presets[index].names)
    assert all(lanes.says)


@pytest.mark.parametrize(("name", "index"), NAMED)
def test_a_name_goes_with_what_it_says_and_comes_back_with_it(name: str, index: int) -> None:
    lanes = of_preset(name, index)
    fields = lanes.settings[0].fields()
    for lane, says in enumerate(lanes.says):
        for field, value in says.items():
            declared = fields[field]
            others = {"choice": declared.choices, "flag": (True, False)}.get(
                declared.kind, (declared.low, declared.high)
            )
            other = next(each for each in others if each != value)
            changed = lanes.with_value(lane, field, other)
            assert fields[field].shared or changed.names[lane] != lanes.names[lane]
            assert changed.with_value(lane, field, value).names == lanes.names


@pytest.mark.parametrize(("name", "index"), NAMED)
def test_a_name_stays_when_what_it_does_not_speak_of_changes(name: str, index: int) -> None:
    lanes = of_preset(name, index)
    for field, value in (("seed", 77), ("steps", 7), ("data_seed", 77)):
        if field in lanes.settings[0].fields() and not any(field in says for says in lanes.says):
            for lane in range(len(lanes)):
                lanes = lanes.with_value(lane, field, value)
    assert lanes.names == list(VIEWS[name].presets[index].names)


RATES = ({"learning_rate": 0.1}, {"learning_rate": 0.2})


@pytest.mark.parametrize(
    ("names", "lanes", "says"),
    [
        (("η = 0.1", "η = 0.2"), RATES, RATES),
        (("slow", "fast"), RATES, RATES),
        (("mine", "lane 2"), RATES, (RATES[0], {})),
        (
            ("gradient descent", "heavy ball, β = 0.5"),
            ({"learning_rate": 0.3}, {"optimizer": "heavy ball", "momentum": 0.5, "learning_rate": 0.1}),
            ({"optimizer": "gradient descent"}, {"optimizer": "heavy ball", "momentum": 0.5}),
        ),
        (("η = 0.1",), RATES[:1], RATES[:1]),
        (("mine",), RATES[:1], ({},)),
        (("heavy ball",), ({"optimizer": "heavy ball", "steps": 7},), ({"optimizer": "heavy ball"},)),
    ],
)
def test_a_name_says_choices_and_the_numbers_that_stand_in_it(names: Any, lanes: Any, says: Any) -> None:
    assert said(names, [BowlSettings.checked(lane) for lane in lanes]) == list(says)


def test_a_name_that_speaks_of_what_has_no_effect_any_more_does_not_hold() -> None:
    lanes = LaneList.of(
        NetSettings,
        Preset("", "", ({"momentum": 0.5}, {"momentum": 0.9}), ("β = 0.5", "β = 0.9")),
        {"optimizer": "heavy ball"},
        VIEWS["net"]().idle,
    )
    assert lanes.says == [{}, {}], "under gradient descent β has no effect: the names are as given"
    lanes = LaneList.of(
        NetSettings,
        Preset(
            "",
            "",
            tuple({"optimizer": "heavy ball", "momentum": beta} for beta in (0.5, 0.9)),
            ("β = 0.5", "β = 0.9"),
        ),
        idle=VIEWS["net"]().idle,
    )
    assert lanes.names == ["β = 0.5", "β = 0.9"]
    assert lanes.with_value(1, "optimizer", "gradient descent").names == ["β = 0.5", "gradient descent"]


# ---- a name follows what is typed ----


def preset(name: str, called: str) -> LaneList:
    view = VIEWS[name]()
    (chosen,) = (each for each in view.presets if each.name == called)
    return LaneList.of(view.settings_type, chosen, idle=view.idle, methods=view.methods)


HEAVY = Preset(
    "", "", ({}, {"optimizer": "heavy ball"}, {"optimizer": "Nesterov"}), ("gradient descent", "heavy ball", "Nesterov")
)
BALLS = Preset(
    "",
    "",
    ({"optimizer": "heavy ball", "momentum": 0.5}, {"optimizer": "heavy ball", "learning_rate": 0.05}),
    ("heavy ball, β = 0.5", "heavy ball, slow"),
)


@pytest.mark.parametrize(
    ("lanes", "lane", "typed", "name"),
    [
        (HEAVY, 1, {"momentum": 0.4}, "heavy ball, β = 0.4"),
        (HEAVY, 1, {"learning_rate": 0.02, "momentum": 0.4}, "heavy ball, η = 0.02, β = 0.4"),
        (HEAVY, 1, {"learning_rate": 0.02, "momentum": 0.4, "init_scale": 0.7}, "heavy ball, changed"),
        (HEAVY, 1, {"optimizer": "moving average"}, "moving average"),
        (HEAVY, 1, {"optimizer": "Nesterov"}, "lane 2"),
        (HEAVY, 1, {"optimizer": "Nesterov", "momentum": 0.4}, "Nesterov, β = 0.4"),
        (HEAVY, 0, {"momentum": 0.4}, "gradient descent"),
        (BALLS, 0, {"momentum": 0.6}, "heavy ball, β = 0.6"),
        (BALLS, 0, {"optimizer": "gradient descent"}, "gradient descent"),
        (BALLS, 1, {"learning_rate": 0.3}, "heavy ball, η = 0.3, β = 0.9"),
    ],
)
def test_a_name_keeps_its_method_and_says_what_differs(lanes: Preset, lane: int, typed: dict, name: str) -> None:
    now = before = LaneList.of(NetSettings, lanes, idle=VIEWS["net"]().idle)
    for field, value in typed.items():
        now = now.with_value(lane, field, value)
    assert set(now.names[lane].split(", ")) == set(name.split(", "))
    assert [n for k, n in enumerate(now.names) if k != lane] == [n for k, n in enumerate(before.names) if k != lane]
    for field in typed:
        now = now.with_value(lane, field, getattr(before.settings[lane], field))
    assert now.names == before.names


@pytest.mark.parametrize(
    ("lab", "called", "lane", "field", "value", "name"),
    [
        ("variance", "too small, too large", 1, "deviation", 5.0, "σ = 5"),
        ("variance", "too small, too large", 1, "scheme", "LeCun", "LeCun"),
        ("jacobian", "larger inputs", 2, "input_scale", 2.0, "inputs 2"),
        ("net", "edge of stability", 0, "learning_rate", 0.15, "lane 1"),
    ],
)
def test_a_number_in_a_name_is_the_one_that_is_typed(
    lab: str, called: str, lane: int, field: str, value: Any, name: str
) -> None:
    lanes = preset(lab, called)
    changed = lanes.with_value(lane, field, value)
    assert changed.names[lane] == name
    assert changed.with_value(lane, field, getattr(lanes.settings[lane], field)).names == lanes.names


def test_words_around_a_number_go_when_they_do_not_hold() -> None:
    lanes = LaneList.of(
        PeriodicSettings,
        Preset(
            "",
            "",
            ({"initial_norm": 5.0, "fixed_norm": True}, {"initial_norm": 2.0}),
            ("held at 5", "free from 2"),
        ),
    )
    assert lanes.with_value(0, "initial_norm", 7.0).names == ["held at 7", "free from 2"]
    freed = lanes.with_value(1, "initial_norm", 3.0).with_value(0, "fixed_norm", False).names
    assert freed[1] == "free from 3"
    assert "held" not in freed[0]
    assert "5" in freed[0]


def test_a_copy_is_named_by_what_is_changed_in_it() -> None:
    copied = LaneList.of(NetSettings, HEAVY, idle=VIEWS["net"]().idle).select(1).add()
    assert copied.names[-1] == "lane 4"
    assert copied.with_value(3, "momentum", 0.4).names[-1] == "heavy ball, β = 0.4"
    assert copied.with_value(3, "optimizer", "moving average").names[-1] == "moving average"


@pytest.mark.parametrize(("name", "index"), NAMED)
def test_names_stay_short_and_unique_whatever_is_typed(name: str, index: int) -> None:
    lanes = of_preset(name, index)
    for field in VIEWS[name]().controls:
        declared = lanes.settings[0].fields()[field]
        others = {"choice": declared.choices[-1:], "flag": (True,)}.get(declared.kind, (declared.high,))
        for lane in range(len(lanes)):
            lanes = lanes.with_value(lane, field, others[0])
            assert len(set(lanes.names)) == len(lanes)
            assert max(map(len, lanes.names)) <= 40


def test_what_all_lanes_have_in_common_is_not_said() -> None:
    lanes = LaneList.of(BowlSettings, HEAVY)
    for lane in range(3):
        lanes = lanes.with_value(lane, "learning_rate", 0.3)
    assert lanes.names == list(HEAVY.names)


# ---- in a lab ----


def test_go_to_a_step_brings_back_the_name_that_held_there() -> None:
    async def scenario() -> None:
        lab = opened("net", steps=60)
        assert shown(lab) == ["η = 0.1", "η = 0.15", "η = 0.2"]
        lab.handle({"do": "go_to", "step": 10})
        await until(lambda: lab.state is State.PAUSED and lab.run.step == 10)
        lab.change("learning_rate", 0.4, lane=0)
        assert shown(lab) == ["η = 0.4", "η = 0.15", "η = 0.2"]
        for step, names in ((5, ["η = 0.1", "η = 0.15", "η = 0.2"]), (20, ["η = 0.1", "η = 0.15", "η = 0.2"])):
            lab.handle({"do": "go_to", "step": step})
            await until(lambda step=step: lab.state is State.PAUSED and lab.run.step == step)
            assert shown(lab) == names, "the change was made later, and is gone"

    live(scenario)


def test_going_on_from_a_change_keeps_the_name_away() -> None:
    """Seen as: after "go to step" a lane named "η = 0.1" kept that name at η = 0.4."""

    async def scenario() -> None:
        lab = opened("net", steps=60)
        lab.handle({"do": "go_to", "step": 10})
        await until(lambda: lab.state is State.PAUSED and lab.run.step == 10)
        lab.change("learning_rate", 0.4, lane=0)
        lab.handle({"do": "go_to", "step": 30})
        await until(lambda: lab.state is State.PAUSED and lab.run.step == 30)
        assert lab.run.lanes.settings[0].learning_rate == 0.4
        assert shown(lab) == ["η = 0.4", "η = 0.15", "η = 0.2"]
        lab.handle({"do": "fork", "lane": 1, "step": 30})
        await until(lambda: lab.state is State.PAUSED and lab.run.step == 30)
        assert shown(lab) == ["η = 0.4", "η = 0.15", "η = 0.2", "lane 4"]

    live(scenario)


def names(lab: Any) -> list[str]:
    return [lane["name"] for lane in lab.panel.lanes]


def legend(lab: Any) -> list[str]:
    """The names in the figures, as a saved picture has them."""
    return [lane["name"] for lane in lab.stage.figure.figures_now()[0]["layout"]["meta"]["lanes"]]


@pytest.mark.parametrize(("name", "field", "word"), [("bowl", "learning_rate", "η"), ("net", "init_scale", "s")])
def test_figures_are_named_anew_when_a_slider_rests_and_not_at_each_value(name: str, field: str, word: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        while len(lab.panel.lanes) < 3:
            lab.handle({"do": "add_lane"})
        await asyncio.sleep(0.05)
        before, made = legend(lab), []
        lab.stage.figure.reset, reset = lambda figures: (made.append(1), reset(figures)), lab.stage.figure.reset
        for value in (0.7, 0.8, 0.9, 1.1):
            lab.change(field, value, lane=1)
            assert names(lab)[1].endswith(f"{word} = {value:g}")
            await asyncio.sleep(0.03)
        assert (legend(lab), made) == (before, [])
        await until(lambda: made == [1])
        assert legend(lab) == names(lab)

    live(scenario)


def test_a_link_a_table_and_a_fork_have_the_name_that_is_shown() -> None:
    async def scenario() -> None:
        lab = opened("net", steps=30)
        lab.handle({"do": "go_to", "step": 10})
        await until(lambda: lab.state is State.PAUSED and lab.run.step == 10)
        lab.change("optimizer", "heavy ball", lane=1)
        lab.change("momentum", 0.4, lane=1)
        await asyncio.sleep(0.05)
        name = "heavy ball, η = 0.15, β = 0.4"
        lab.handle({"do": "pause"})
        assert set(shown(lab)[1].split(", ")) == set(name.split(", "))
        sent: list[dict[str, Any]] = []
        lab.panel.send = lambda content, buffers=None: sent.append(content)
        lab.handle({"do": "share"})
        (link,) = (f"?{each['query']}" for each in sent if each["type"] == "shared")
        again = factory("net")(link=link)
        assert [lane["name"] for lane in again.panel.lanes] == shown(lab)
        assert [lane["colour"] for lane in again.panel.lanes] == [lane["colour"] for lane in lab.panel.lanes]

    live(scenario)


@pytest.mark.parametrize("name", ["normalized_net", "net", "conditioning"])
def test_a_new_seed_leaves_the_names(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        await until(lambda: not lab.session.player.prepares)
        before = shown(lab)
        lab.handle({"do": "new_seed"})
        await asyncio.sleep(0.05)
        await until(lambda: not lab.session.player.prepares)
        assert shown(lab) == before
        assert before == list(lab.view.presets[0].names)

    live(scenario)


def test_a_setting_given_in_python_leaves_no_name_that_lies() -> None:
    assert shown(opened("net", learning_rate=0.4)) == ["lane 1", "lane 2", "lane 3"]
    assert shown(opened("net", width=4)) == ["η = 0.1", "η = 0.15", "η = 0.2"]


def test_a_plain_name_is_never_another_lanes() -> None:
    lanes = of_preset("net", 0).with_value(0, "learning_rate", 0.4).with_value(0, "learning_rate", 0.1)
    assert lanes.names == ["η = 0.1", "η = 0.15", "η = 0.2"]
    added = lanes.add()
    assert added.with_value(0, "learning_rate", 0.4).names == ["η = 0.4", "η = 0.15", "η = 0.2", "lane 4"]
