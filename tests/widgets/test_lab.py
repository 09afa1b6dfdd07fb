"""A lab without a browser: how it opens, its transport, and changes of settings."""

import asyncio
import json
import math

import numpy as np
import pytest
from headless import (
    HOT,
    INSTANT,
    LABS,
    SWEEPS,
    at_rest,
    live,
    opened,
    played,
    same,
    snapshot,
    steps_of,
    until,
)

from lessons.core.run import Run
from widgets.run.run_loop import State

# ---- opening ----


def test_these_labs_run_at_once_and_these_are_sweeps() -> None:
    """They say so themselves, and the tests of all labs believe them."""
    assert {"bowl", "bowl_sweep", "firing", "gain", "parabola", "stretch", "tensor"} <= set(INSTANT)
    sweeps = """
        bowl_sweep classifier_seeds condition edge_of_chaos lottery luck minima net_seeds net_sweep
        noise_floor outlier_shift period_map recovery saddle schedule_seeds stable_rates structure
    """
    assert set(sweeps.split()) <= set(SWEEPS)


@pytest.mark.parametrize("name", LABS)
def test_opens_with_data(name: str) -> None:
    lab = opened(name)
    assert lab.state is (State.FINISHED if name in INSTANT else State.IDLE)
    assert len(lab.history) == (steps_of(lab) + 1 if name in INSTANT else 1)
    assert np.isfinite(lab.history["loss"][0]).all()
    assert lab.panel.refusal == {}
    assert lab.board.notice["text"] == ""
    assert lab.panel.transport["state"] == str(lab.state)
    assert lab.panel.transport["steps"] == steps_of(lab)
    assert "<table" in lab.readings.value


@pytest.mark.parametrize("name", LABS)
def test_the_panel_describes_every_setting_and_speaks_strict_json(name: str) -> None:
    lab = opened(name)
    assert [field["name"] for field in lab.panel.fields] == list(lab.view.controls)
    assert set(lab.view.controls) <= set(lab.view.settings_type.fields())
    assert len(lab.panel.presets) == len(lab.view.presets)
    shown = [lab.panel.get_state(key) for key in ("fields", "presets", "options", "lanes", "transport", "refusal")]
    json.dumps([shown, lab.board.notice], allow_nan=False)


@pytest.mark.parametrize("name", LABS)
def test_keywords_are_settings_of_all_lanes(name: str) -> None:
    lab = opened(name, steps=7)
    assert {lane["values"]["steps"] for lane in lab.panel.lanes} == {7}
    assert steps_of(lab) == 7


# ---- transport ----


@pytest.mark.parametrize("name", LABS)
def test_play_pause_step_reset(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        lab.handle({"do": "reset"})
        assert (lab.state, len(lab.history)) == (State.IDLE, 1)
        first = snapshot(lab)
        for step in (1, 2):
            lab.handle({"do": "step"})
            assert (lab.state, lab.run.step, len(lab.history)) == (State.PAUSED, step, step + 1)
            assert lab.panel.transport["step"] == step, "each step is shown at once"
        lab.handle({"do": "speed", "value": 10})
        lab.handle({"do": "play"})
        await until(lambda: lab.run.step > 2)
        assert lab.panel.transport["state"] == "running"
        lab.handle({"do": "pause"})
        rows = len(lab.history)
        await asyncio.sleep(0.12)
        assert (lab.state, len(lab.history)) == (State.PAUSED, rows)
        await played(lab)
        assert (lab.state, len(lab.history)) == (State.FINISHED, steps_of(lab) + 1)
        assert lab.panel.transport["step"] == steps_of(lab)
        whole = snapshot(lab)
        lab.handle({"do": "reset"})
        assert (lab.state, len(lab.history)) == (State.IDLE, 1)
        assert same(first, snapshot(lab), 1), "the same weights"
        await played(lab)
        assert same(whole, snapshot(lab), steps_of(lab) + 1)
        await played(lab)
        assert same(whole, snapshot(lab), steps_of(lab) + 1), "play on a finished run starts again"
        assert lab.panel.refusal == {}

    live(scenario)


@pytest.mark.parametrize("name", LABS)
def test_a_new_seed_gives_other_weights(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        await played(lab)
        first, before = snapshot(lab), {lane["values"].get("seed") for lane in lab.panel.lanes}
        behind = lab.panel.lanes[0]["values"].get("other_seeds", 0)
        lab.handle({"do": "new_seed"})
        await at_rest(lab)
        if name == "race":
            assert lab.panel.refusal["text"] == "With these settings nothing is random."
        elif "seed" in lab.view.controls:
            assert {lane["values"]["seed"] for lane in lab.panel.lanes} == {min(before) + lab.view.seeds + behind}
            await played(lab)
            assert not np.isclose(snapshot(lab)["loss"][-1], first["loss"][-1], rtol=1e-12).all()
        else:
            assert lab.panel.refusal["text"] == "Nothing in this lab is random."
            assert same(first, snapshot(lab), len(lab.history))

    live(scenario)


def test_the_last_seed_has_no_next() -> None:
    async def scenario() -> None:
        lab = opened("net", seed=2**31 - 1)
        lab.handle({"do": "new_seed"})
        assert ", not 2147483648." in lab.panel.refusal["text"]

    live(scenario)


def test_stop_below_pauses_when_every_lane_is_below() -> None:
    async def scenario() -> None:
        lab = opened("parabola", ratio=0.5)
        lab.handle({"do": "reset"})
        lab.handle({"do": "speed", "value": 20})  # at most two steps at a time
        lab.handle({"do": "stop_below", "value": 1e-3})
        lab.handle({"do": "play"})
        await until(lambda: lab.state is not State.RUNNING)
        loss = lab.history["loss"][:, 0]
        assert lab.state is State.PAUSED
        assert loss[-1] < 1e-3
        assert loss[-3] > 1e-3, "at once"
        assert lab.panel.transport["stop_below"] == 1e-3
        lab.handle({"do": "stop_below", "value": None})
        await played(lab)
        assert lab.run.step == 40

    live(scenario)


def test_stop_below_does_not_wait_for_lanes_that_diverged() -> None:
    async def scenario() -> None:
        lab = opened("parabola", steps=200)
        lab.handle({"do": "add_lane"})
        await at_rest(lab)
        lab.handle({"do": "set", "lane": 0, "field": "ratio", "value": 0.9})
        lab.handle({"do": "set", "lane": 1, "field": "ratio", "value": 3.0})
        await at_rest(lab)
        lab.handle({"do": "reset"})
        lab.handle({"do": "speed", "value": 200})
        lab.handle({"do": "stop_below", "value": 1e-30})
        lab.handle({"do": "play"})
        await until(lambda: lab.state is not State.RUNNING)
        assert lab.state is State.PAUSED
        assert lab.history["loss"][-1, 0] < 1e-30

    live(scenario)


def test_the_speed_is_shown_and_kept() -> None:
    async def scenario() -> None:
        lab = opened("parabola")
        for value in (50, 2.5, "fastest"):
            lab.handle({"do": "speed", "value": value})
            assert lab.panel.transport["speed"] == value
        for value in (0, "slow", math.nan):
            lab.handle({"do": "speed", "value": value})
            assert "from 1 to 10000" in lab.panel.refusal["text"]
            assert lab.panel.transport["speed"] == "fastest"

    live(scenario)


# ---- changes ----


@pytest.mark.parametrize("name", HOT)
def test_a_hot_change_while_it_runs_is_recorded_and_changes_what_follows(name: str) -> None:
    field, value = HOT[name]

    async def scenario() -> None:
        lab = opened(name)
        await played(lab)
        unchanged = snapshot(lab)
        lab.handle({"do": "reset"})
        lab.handle({"do": "speed", "value": 4})  # so that it waits between two steps on a busy machine, too
        lab.handle({"do": "play"})
        await until(lambda: lab.run.step >= 3 and not lab.run.partway)
        run, step = lab.run, lab.run.step
        lab.change(field, value)
        lab.handle({"do": "speed", "value": "fastest"})
        await played(lab)
        assert lab.run is run
        [change] = run.record.changes
        assert (change.step, change.lane, change.field, change.value) == (step, 0, field, value)
        assert lab.panel.lanes[0]["values"][field] == value
        changed = snapshot(lab)
        assert same(unchanged, changed, step + 1)
        assert (changed["loss"][step + 1, 0] != unchanged["loss"][step + 1, 0]).all()
        others = slice(1, None)
        assert (changed["loss"][:, others] == unchanged["loss"][:, others]).all(), "the other lanes go on as before"
        replayed = list(Run.replay(lab.view.experiment, run.record))
        assert all((m["loss"].numpy() == row).all() for m, row in zip(replayed, changed["loss"], strict=True))

    live(scenario)


@pytest.mark.parametrize("name", HOT)
def test_a_hot_change_while_paused_is_recorded_too(name: str) -> None:
    field, value = HOT[name]

    async def scenario() -> None:
        lab = opened(name)
        lab.handle({"do": "reset"})
        for _ in range(4):
            lab.handle({"do": "step"})
        lab.change(field, value)
        lab.handle({"do": "step"})
        assert [(c.step, c.value) for c in lab.run.record.changes] == [(4, value)]
        assert len(lab.history) == 6

    live(scenario)


@pytest.mark.parametrize("name", LABS)
@pytest.mark.parametrize("playing", [True, False])
def test_any_other_change_starts_the_run_again(name: str, playing: bool) -> None:
    async def scenario() -> None:
        lab = opened(name, steps=2000 if name in INSTANT else 200)
        lab.handle({"do": "reset"})
        lab.handle({"do": "speed", "value": 30})
        lab.handle({"do": "play"} if playing else {"do": "step"})
        await until(lambda: lab.run.step >= 1)
        run = lab.run
        lab.change("steps", 11)
        await until(lambda: lab.run is not run, 1.0)
        assert steps_of(lab) == 11
        if playing:
            assert lab.state is State.RUNNING, "what played goes on playing"
        elif name in INSTANT:
            assert (lab.state, len(lab.history)) == (State.FINISHED, 12)
        else:
            assert (lab.state, len(lab.history)) == (State.IDLE, 1), "what was held stays held"
        await played(lab)
        assert len(lab.history) == 12

    live(scenario)


@pytest.mark.parametrize("name", HOT)
def test_every_change_starts_again_if_so_chosen(name: str) -> None:
    field, value = HOT[name]

    async def scenario() -> None:
        lab = opened(name)
        lab.handle({"do": "restart_on_change", "value": True})
        assert lab.panel.transport["restart"] is True
        lab.handle({"do": "reset"})
        for _ in range(3):
            lab.handle({"do": "step"})
        run = lab.run
        lab.change(field, value)
        await until(lambda: lab.run is not run, 1.0)
        assert not lab.run.record.changes
        assert lab.run.record.settings[0][field] == value

    live(scenario)


@pytest.mark.parametrize("name", LABS)
def test_a_drag_is_one_restart_and_the_value_that_holds_is_none(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        begun: list[Run] = []
        load = lab.loop.load
        lab.loop.load = lambda run: (begun.append(run), load(run))
        held = lab.panel.lanes[0]["values"]["steps"]
        lab.change("steps", held)
        await at_rest(lab)
        assert not begun
        for steps in range(3, 10):
            lab.change("steps", steps)
        await at_rest(lab)
        assert len(begun) == 1
        assert steps_of(lab) == 9

    live(scenario)


def test_a_change_of_a_live_lab_that_nobody_holds_plays() -> None:
    async def scenario() -> None:
        lab = opened("net")
        lab.change("init_scale", 0.7)
        await at_rest(lab)
        assert lab.state is State.FINISHED
        lab.handle({"do": "pause"})
        lab.change("init_scale", 0.8)
        await at_rest(lab)
        assert (lab.state, len(lab.history)) == (State.IDLE, 1)

    live(scenario)


def test_a_drag_from_a_finished_run_ends_in_a_run_with_the_last_value_alone() -> None:
    """The first value starts the run again; those that follow at once do too, and are no changes in flight."""

    async def scenario() -> None:
        lab = opened("net", steps=400)
        lab.loop.finish()
        for rate in (0.11, 0.12, 0.13):
            lab.change("learning_rate", rate)
            await asyncio.sleep(0.06)
        await until(lambda: lab.state is State.RUNNING and lab.run.step > 3)
        assert lab.run.record.changes == ()
        assert lab.run.record.settings[0]["learning_rate"] == 0.13
        lab.loop.cancel()

    live(scenario)
