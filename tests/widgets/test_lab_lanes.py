"""Lanes of a lab: added, removed, named and chosen, in any order and hurry."""

import asyncio
from typing import Any

import numpy as np
import pytest
from headless import (
    HOT,
    INSTANT,
    LABS,
    ONE_RUN,
    SWEEPS,
    VIEWS,
    Browser,
    at_rest,
    factory,
    failures,
    live,
    numeric,
    opened,
    panel_agrees,
    played,
    refusal,
    same,
    snapshot,
    steps_of,
)

from widgets.lab.lab import Lab
from widgets.run.run_loop import State
from widgets.view.controls import MOST_LANES

# ---- lanes ----


@pytest.mark.parametrize("name", ONE_RUN)
def test_lanes_up_to_twelve_and_down_to_one(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        at_first = len(lab.run.lanes)
        for count in range(at_first + 1, MOST_LANES + 1):
            lab.handle({"do": "add_lane"})
            assert (len(lab.panel.lanes), lab.panel.selected) == (count, count - 1)
        lab.handle({"do": "add_lane"})
        assert "at most 12" in refusal(lab)
        await at_rest(lab)
        await played(lab)
        assert (len(lab.run.lanes), lab.state) == (MOST_LANES, State.FINISHED)
        assert lab.history["loss"].shape == (steps_of(lab) + 1, MOST_LANES)
        assert panel_agrees(lab)
        colours = [lane["colour"] for lane in lab.panel.lanes]
        lab.handle({"do": "rename", "lane": MOST_LANES - 1, "name": "<i>mine</i>"})
        assert "&lt;i&gt;mine" in lab.readings.value
        for _ in range(MOST_LANES - 1):
            lab.handle({"do": "remove_lane", "lane": 0})
        lab.handle({"do": "remove_lane", "lane": 0})
        assert "last lane stays" in refusal(lab)
        await at_rest(lab)
        assert [(lane["name"], lane["colour"]) for lane in lab.panel.lanes] == [("<i>mine</i>", colours[-1])]
        assert len(lab.run.lanes) == 1
        assert lab.state is not State.FAILED

    live(scenario)


@pytest.mark.parametrize("name", [name for name in SWEEPS if not VIEWS[name].compare])
def test_a_sweep_has_one_set_of_controls(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        lab.handle({"do": "add_lane"})
        assert "one set of controls" in refusal(lab)
        assert len(lab.panel.lanes) == 1
        assert lab.panel.options["compare"] is False

    live(scenario)


def test_clouds_of_seeds_are_compared_in_one_figure() -> None:
    async def scenario() -> None:
        lab = opened("classifier_seeds")
        browser = Browser(lab.stage.figure).hello().settle()
        await played(lab)
        browser.settle()
        one, other = (lab.history["train_loss"].astype(float)[:, 20 * k : 20 * k + 20] for k in range(2))
        for trace, values in ((2, one), (5, other)):
            assert browser.points(0, trace)[1] == np.quantile(values, 0.5, axis=1, method="nearest").tolist()
        names = [lane["name"] for lane in lab.panel.lanes]
        assert [trace["name"] for trace in browser.traces[0]][2::3] == [f"{n}, median of 20 seeds" for n in names]
        lab.handle({"do": "add_lane"})
        await at_rest(lab)
        assert len(lab.run.lanes) == 60
        lab.handle({"do": "add_lane"})
        assert "at most 3 of them" in refusal(lab)
        lab.handle({"do": "fork", "lane": 0, "step": 2})
        assert "no lane that could go on" in refusal(lab)
        assert len(lab.panel.lanes) == 3

    live(scenario)


def test_a_new_name_leaves_the_run_alone() -> None:
    async def scenario() -> None:
        lab = opened("net")
        browser = Browser(lab.stage.figure).hello().settle()
        lab.handle({"do": "step"})
        lab.handle({"do": "step"})
        run, before = lab.run, snapshot(lab)
        lab.handle({"do": "rename", "lane": 1, "name": "mine"})
        browser.settle()
        assert lab.run is run
        assert same(before, snapshot(lab), 3)
        assert browser.traces[0][1]["name"] == "mine"
        assert browser.points(0, 1) == ([0, 1, 2], before["loss"][:, 1].astype(float).tolist())

    live(scenario)


def test_a_choice_of_lane_is_only_a_choice() -> None:
    async def scenario() -> None:
        lab = opened("bowl")
        lab.handle({"do": "preset", "index": 3})
        await at_rest(lab)
        run, before = lab.run, [settings.learning_rate for settings in lab.run.lanes.settings]
        lab.handle({"do": "select", "lane": 2})
        await at_rest(lab)
        assert lab.panel.selected == 2
        assert lab.run is run
        lab.change("learning_rate", 0.5)
        await at_rest(lab)
        assert [s.learning_rate for s in lab.run.lanes.settings] == [*before[:2], 0.5, *before[3:]]

    live(scenario)


HURRIED: dict[str, tuple[dict[str, Any], ...]] = {
    "add, select": ({"do": "add_lane"}, {"do": "select", "lane": 1}),
    "add, rename": ({"do": "add_lane"}, {"do": "rename", "lane": 1, "name": "x"}),
    "add, rewind": ({"do": "add_lane"}, {"do": "rewind"}),
    "remove, speed": ({"do": "remove_lane", "lane": 0}, {"do": "speed", "value": 20}),
    "remove, rename": ({"do": "remove_lane", "lane": 0}, {"do": "rename", "lane": 0, "name": "x"}),
    "remove, select": ({"do": "remove_lane", "lane": 2}, {"do": "select", "lane": 1}),
    "remove, rewind": ({"do": "remove_lane", "lane": 0}, {"do": "rewind"}),
    "preset, speed": ({"do": "preset", "index": 0}, {"do": "speed", "value": 20}),
    "preset, rewind": ({"do": "preset", "index": 0}, {"do": "rewind"}),
    "steps, rewind": ({"do": "set", "lane": 0, "field": "steps", "value": 9}, {"do": "rewind"}),
    "steps, select": ({"do": "set", "lane": 0, "field": "steps", "value": 9}, {"do": "select", "lane": 1}),
}


@pytest.mark.parametrize(
    ("name", "case"),
    [(name, case) for name in ("bowl", "net") for case in HURRIED if name == "bowl" or "preset" not in case],
)
def test_commands_on_the_heels_of_one_that_starts_again(name: str, case: str) -> None:
    """A restart comes 20 ms after the change; what is asked meanwhile must not mix old lanes with new ones."""

    async def scenario() -> None:
        lab = opened(name)
        while len(lab.panel.lanes) < 3:
            lab.handle({"do": "add_lane"})
        for lane, rate in enumerate((3.0, 0.1, 3.5)):  # two of three diverge
            lab.change(HOT[name][0], rate, lane)
        await at_rest(lab)
        await played(lab)
        browser, failed = Browser(lab.stage.figure).hello().settle(), failures(lab)
        for command in HURRIED[case]:
            lab.handle(command)
        browser.settle()
        lab.handle({"do": "speed", "value": "fastest"})
        await at_rest(lab)
        browser.settle()
        assert not failed, failed[0]
        assert panel_agrees(lab)

    live(scenario)


# ---- which preset is on ----


def on(lab: Lab) -> tuple[int, str]:
    """Which preset the panel marks, and which the table names that there is when somebody has played."""
    if lab.stage.covered:
        lab.handle({"do": "step"})
    table = lab.readings.value
    return lab.panel.preset, table.partition("<caption>Preset: ")[2].partition("</caption>")[0]


@pytest.mark.parametrize("name", LABS)
def test_a_lab_opens_with_its_first_preset_on(name: str) -> None:
    lab = factory(name)()
    assert lab.panel.preset == 0
    assert lab.panel.presets[0]["sentence"] == lab.view.presets[0].sentence


def test_a_preset_is_on_until_a_setting_is_changed() -> None:
    async def scenario() -> None:
        lab = factory("bowl")()
        names = [preset.name for preset in lab.view.presets]
        assert on(lab) == (0, names[0])
        four = names.index("momentum moves the limit")
        lab.handle({"do": "preset", "index": four})
        await at_rest(lab)
        assert on(lab) == (four, names[four])
        for command in ({"do": "select", "lane": 2}, {"do": "rename", "lane": 1, "name": "mine"}, {"do": "reset"}):
            lab.handle(command)
            await at_rest(lab)
            assert on(lab) == (four, names[four])
        for lane, value in ((1, 0.4), (2, 0.4)):
            lab.change("momentum", value, lane)
            await at_rest(lab)
            assert on(lab) == (-1, "")
        lab.change("momentum", 0.9, 1)
        assert lab.panel.preset == -1
        lab.change("momentum", 0.9, 2)
        await at_rest(lab)
        assert on(lab) == (four, names[four]), "all is as it was"
        lab.handle({"do": "add_lane"})
        await at_rest(lab)
        assert on(lab) == (-1, "")

    live(scenario)


def test_of_two_presets_with_the_same_lanes_the_one_that_was_loaded_is_on() -> None:
    lab = factory("periods")()
    first, second = lab.view.presets[:2]
    assert first.lanes == second.lanes
    for index in (1, 0):
        lab.handle({"do": "preset", "index": index})
        assert lab.panel.preset == index


def test_a_setting_given_in_python_and_lanes_of_ones_own_are_no_preset() -> None:
    assert factory("bowl")(learning_rate=0.123).panel.preset == -1
    assert factory("bowl")(lanes=[{"learning_rate": 0.123}]).panel.preset == -1
    assert factory("bowl")(lanes=[*factory("bowl")().view.presets[0].lanes]).panel.preset == 0


# ---- anything, in any order ----


def any_command(source: np.random.Generator, lab: Lab) -> dict[str, Any]:
    """A command that is well formed, and mostly allowed."""
    lane = int(source.integers(0, len(lab.panel.lanes) + 1))
    field = numeric(lab)[int(source.integers(len(numeric(lab))))]
    small = {"width": 5, "depth": 1, "train_size": 25, "dimension": 4, "steps": int(source.integers(5, 40))}
    value = small.get(field.name, source.uniform(field.slider_low, field.slider_high))
    return [
        *({"do": name} for name in ("play", "play", "pause", "step", "reset", "new_seed", "add_lane", "rewind")),
        *[{"do": "set", "lane": lane, "field": field.name, "value": value}] * 5,
        {"do": "speed", "value": float(source.uniform(1, 500))},
        {"do": "speed", "value": "fastest"},
        {"do": "stop_below", "value": None if source.random() < 0.5 else 1e-3},
        {"do": "restart_on_change", "value": bool(source.random() < 0.3)},
        {"do": "select", "lane": lane},
        *[{"do": "remove_lane", "lane": lane}] * 2,
        {"do": "rename", "lane": lane, "name": "x"},
        {"do": "preset", "index": int(source.integers(0, 7 if lab.view.instant else 1))},
    ][int(source.integers(21))]


@pytest.mark.parametrize(
    ("name", "seed"), [(name, seed) for name in LABS for seed in range(3 if name in ONE_RUN else 1)]
)
def test_commands_in_any_order_never_break_a_lab(name: str, seed: int) -> None:
    source, done = np.random.default_rng(seed), []

    async def scenario() -> None:
        lab = opened(name)
        browser, failed = Browser(lab.stage.figure).hello(), failures(lab)
        for _ in range(40):
            done.append(any_command(source, lab))
            lab.handle(done[-1])
            if done[-1]["do"] == "preset" and name not in INSTANT:
                for field in ("width", "train_size", "steps"):
                    lab.change(field, {"width": 4, "train_size": 20, "steps": 12}[field])
            assert not failed, (done[-4:], failed[0])
            if source.random() < 0.4:
                await asyncio.sleep(float(source.choice([0, 0.005, 0.03])))
                browser.draw()
        await asyncio.sleep(0.03)
        lab.handle({"do": "pause"})
        assert not failed, (done[-4:], failed[0])
        assert lab.panel.transport["state"] == str(lab.state)
        if name not in SWEEPS:
            assert panel_agrees(lab), done[-6:]
        browser.settle()

    live(scenario)
