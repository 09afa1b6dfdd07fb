"""What a lesson, a person or a hostile client may not do: refused with a sentence, and nothing changes."""

import asyncio
import math
import re
from typing import Any

import pytest
from headless import CASES, INSTANT, LABS, VIEWS, factory, live, numeric, opened, refusal, same, snapshot, steps_of

from lessons.core.settings import SettingField
from widgets.lab.lane_list import LaneList
from widgets.run.run_loop import State

NOT_NUMBERS: tuple[Any, ...] = (
    *(math.nan, math.inf, -math.inf, "one", "", "x" * 10_000, "<b>", "\ud800", None, True, [], [1.0], {}, {"a": 1}, 1j),
    *(10**400, -(10**400), 10**5000, b"1"),
)


def wrong_values(field: SettingField) -> list[Any]:
    """Values that a setting must refuse."""
    if field.kind == "flag":
        return [0, 1, "true", None, [], {}, math.nan, "x" * 10_000]
    if field.kind == "choice":
        return [field.choices[0].upper() + "!", "", 0, None, True, [field.choices[0]], math.nan, "x" * 10_000, "\ud800"]
    beyond = 1 if field.kind == "integer" else 1e-3 * max(1.0, abs(field.low), abs(field.high))
    outside = [field.low - beyond, field.high + beyond, -1e308, 1e308]
    return [*NOT_NUMBERS, *outside, *([field.default + 0.5, float(field.low)] if field.kind == "integer" else [])]


@pytest.mark.parametrize("how", ["change", "handle"])
@pytest.mark.parametrize("name", LABS)
def test_a_value_that_is_not_allowed_never_reaches_the_run(name: str, how: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        lab.handle({"do": "reset"})
        lab.handle({"do": "step"})
        run, before, panel, rows = lab.run, snapshot(lab), lab.panel.lanes, len(lab.history)
        settings = list(run.lanes.settings)
        fields = lab.view.settings_type.fields()
        for field in (fields[control] for control in lab.view.controls):
            for value in wrong_values(field):
                lab.panel.refusal = {}
                if how == "change":
                    lab.change(field.name, value)
                else:
                    lab.handle({"do": "set", "lane": 0, "field": field.name, "value": value})
                said = refusal(lab)
                assert field.title in said, (field.name, value)
                assert field.allowed in said, (field.name, value)
                assert lab.panel.refusal["field"] == field.name
        await asyncio.sleep(0.04)
        assert lab.run is run
        assert run.lanes.settings == settings
        assert lab.panel.lanes == panel
        assert len(lab.history) == rows
        assert same(before, snapshot(lab), rows)
        lab.handle({"do": "step"})
        assert lab.panel.refusal == {}, "gone after what is allowed"

    live(scenario)


HOSTILE: tuple[tuple[Any, str], ...] = (
    ({"do": "set", "lane": 0, "field": "colour", "value": 1}, "no setting named 'colour'"),
    ({"do": "set", "lane": 0, "field": "x" * 10_000, "value": 1}, "no setting named"),
    ({"do": "set", "lane": 0, "field": "__class__", "value": 1}, "no setting named '__class__'"),
    ({"do": "set", "lane": 0, "field": "model_config", "value": {}}, "no setting named 'model_config'"),
    ({"do": "set", "lane": 99, "field": "steps", "value": 5}, "There is no lane 100"),
    ({"do": "set", "lane": -1, "field": "steps", "value": 5}, "There is no lane 0"),
    ({"do": "set", "lane": 10**4000, "field": "steps", "value": 5}, ""),
    ({"do": "set", "lane": 10**5000, "field": "steps", "value": 5}, ""),
    ({"do": "set", "lane": 0.0, "field": "steps", "value": 5}, "did not understand"),
    ({"do": "set", "lane": 0, "field": ["steps"], "value": 5}, "did not understand"),
    ({"do": "set", "lane": 0, "field": "steps", "value": 5, "more": 1}, "did not understand"),
    ({"do": "select", "lane": 99}, "There is no lane 100"),
    ({"do": "select", "lane": 10**5000}, ""),
    ({"do": "remove_lane", "lane": 99}, "lane"),
    ({"do": "rename", "lane": 99, "name": "x"}, "There is no lane 100"),
    ({"do": "rename", "lane": 0, "name": "x" * 41}, "at most 40"),
    ({"do": "preset", "index": 99}, "no such preset"),
    ({"do": "preset", "index": -1}, "no such preset"),
    ({"do": "preset", "index": 10**5000}, "no such preset"),
    ({"do": "rewind"}, "nothing to rewind"),
    ({"do": "stop_below", "value": -1}, "above 0"),
    ({"do": "device", "value": "tpu"}, "cpu or cuda"),
    ({"do": "eval", "value": "1+1"}, "did not understand"),
    ("play", "did not understand"),
    (None, "did not understand"),
    ([{"do": "play"}], "did not understand"),
)


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_a_hostile_command_changes_nothing(number: int) -> None:
    content, words = HOSTILE[number]

    async def scenario() -> None:
        lab = opened("parabola")
        run, rows, shown = lab.run, len(lab.history), (lab.panel.lanes, lab.panel.selected, lab.panel.transport)
        lab.handle(content)
        assert words in refusal(lab)
        await asyncio.sleep(0.03)
        assert (lab.run, len(lab.history)) == (run, rows)
        assert (lab.panel.lanes, lab.panel.selected, lab.panel.transport) == shown

    live(scenario)


@pytest.mark.parametrize("name", LABS)
def test_a_keyword_that_is_not_allowed_opens_the_preset_and_says_so(name: str) -> None:
    fields = VIEWS[name]().settings_type.fields()
    declared = next(fields[shown] for shown in VIEWS[name]().controls if fields[shown].kind == "number")
    bad = [{declared.name: declared.high * 2}, {declared.name: math.nan}, {declared.name: "1"}]
    preset = LaneList.of(VIEWS[name]().settings_type, VIEWS[name].presets[0])
    for changes in bad if name in INSTANT else bad[:1]:
        lab = opened(name, **changes)
        said = refusal(lab)
        assert declared.title in said
        assert declared.allowed in said
        assert lab.state is not State.FAILED
        assert [lane["values"] for lane in lab.panel.lanes] == [s.model_dump() for s in preset.settings]


def test_a_misspelt_setting_is_an_error_where_it_is_called_and_names_the_nearest() -> None:
    said = "There is no setting named 'learning_rat'; did you mean 'learning_rate'"
    with pytest.raises(TypeError, match=re.escape(said)):
        opened("net", learning_rat=0.3)
    with pytest.raises(TypeError, match=re.escape(said)):
        factory("net")(lanes=[{"name": "a", "learning_rat": 0.3}])
    with pytest.raises(TypeError, match=re.escape(said)):
        opened("bowl").change("learning_rat", 0.3)
    with pytest.raises(TypeError, match="no setting named 'colour'"):
        opened("bowl_sweep", colour=1)


def test_what_is_typed_into_the_box_of_a_setting_is_read_or_refused_and_the_box_shows_what_holds() -> None:
    lab, sent = opened("bowl"), []
    lab.panel.send = lambda content, buffers=None: sent.append(content)
    for typed, rate in (
        ("0,05", 0.05),
        ("10⁻³", 0.001),
        ("−0.5", None),
        ("2,000", None),
        ("1.99996", 1.99996),
        ("", None),
    ):
        held = lab.panel.lanes[0]["values"]["learning_rate"]
        lab.handle({"do": "set", "lane": 0, "field": "learning_rate", "value": typed})
        assert lab.panel.lanes[0]["values"]["learning_rate"] == (held if rate is None else rate)
        assert ("text" in lab.panel.refusal) == (rate is None)
        assert sent.pop() == {"type": "refresh", "box": "learning_rate"}
    lab.handle({"do": "set", "lane": 0, "field": "steps", "value": "2,000"})
    assert lab.panel.lanes[0]["values"]["steps"] == 2000


def test_a_limit_that_was_set_stays_when_what_is_typed_then_is_no_number() -> None:
    lab, sent = opened("bowl"), []
    lab.panel.send = lambda content, buffers=None: sent.append(content)
    lab.handle({"do": "stop_below", "value": "0,05"})
    assert lab.panel.transport["stop_below"] == 0.05
    for typed in ("abc", "2,000", "−1"):
        lab.handle({"do": "stop_below", "value": typed})
        assert "The loss to stop below" in refusal(lab)
        assert lab.panel.refusal["field"] == sent[-1]["box"] == "stop_below"
        assert lab.panel.transport["stop_below"] == 0.05
    lab.handle({"do": "stop_below", "value": ""})
    assert lab.panel.transport["stop_below"] is None


def test_an_empty_step_is_not_step_0() -> None:
    lab = opened("bowl")
    rows = len(lab.history)
    lab.handle({"do": "go_to", "step": ""})
    assert "the box is empty" in refusal(lab)
    assert lab.panel.refusal["field"] == "go_to"
    assert len(lab.history) == rows
    lab.handle({"do": "go_to", "step": " 3 "})
    assert lab.run.step == 3


@pytest.mark.parametrize("name", ["bowl_sweep", "net_sweep", "noise_floor"])
def test_a_sweep_needs_its_ends_in_order(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        run = lab.run
        for field, value in (("lowest", 5.0), ("highest", 1e-5)):
            lab.change(field, value)
            assert "lowest learning rate" in refusal(lab)
            assert "highest" in refusal(lab)
        await asyncio.sleep(0.03)
        assert lab.run is run

    live(scenario)


@pytest.mark.parametrize("name", LABS)
def test_what_a_control_says_is_allowed_is_allowed(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        for field in numeric(lab):
            if field.name == "lowest":
                continue  # its upper end lies above `highest`
            for bound in (field.low, field.high, field.slider_low, field.slider_high):
                held = lab.panel.lanes[0]["values"]["lowest"] if field.name == "highest" else -math.inf
                if bound > held:
                    lab.change(field.name, int(bound) if field.kind == "integer" else bound)
                    assert lab.panel.refusal == {}, (field.name, bound)
            lab.change(field.name, CASES[name].small.get(field.name, field.default))
        lab.handle({"do": "reset"})  # only asked, never run: these are nets of any size
        assert steps_of(lab) == CASES[name].small.get("steps", 40)

    live(scenario)


@pytest.mark.parametrize("name", ["parabola", "net_sweep"])
def test_state_that_a_client_writes_is_dropped(name: str) -> None:
    lab = opened(name)
    lies = {"lanes": [], "fields": [], "transport": {"step": -1}, "notice": {"kind": "x"}, "label": "<b>", "_esm": ""}
    for widget in (lab.panel, lab.board, lab.stage.figure):
        before = widget.get_state()
        widget.set_state(lies)
        assert widget.get_state() == before


def test_messages_of_panel_and_board_are_commands_and_nothing_else() -> None:
    lab = opened("parabola")
    lab.panel._receive(lab.panel, {"do": "reset"}, [])
    lab.board._receive(lab.board, {"do": "step"}, [])
    assert (lab.state, lab.run.step) == (State.PAUSED, 1)
    for widget in (lab.panel, lab.board):
        widget._receive(widget, {"method": "update", "state": {"lanes": []}}, [])
        assert "did not understand" in refusal(lab)
