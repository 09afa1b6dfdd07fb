"""Before somebody plays, nothing is shown that would answer the question beside a lab."""

import asyncio

import pytest
from headless import LABS, Browser, at_rest, live, opened, played

from widgets.figure.covered import WORDS
from widgets.run.run_loop import State

every_lab = pytest.mark.parametrize("name", LABS)
COVERED = tuple(name for name in LABS if opened(name).view.covered)


def counts(lab, browser: Browser) -> dict[str, int]:
    """How many numbers each figure shows that has none at first."""
    figures = lab.view.figures(lab.lanes.names, lab.lanes.colours)
    return {
        name: sum(len(trace.get(key, ())) for trace in traces for key in ("x", "y", "z") if trace.get(key) is not None)
        for name, traces in zip(figures, browser.traces, strict=True)
    }


@every_lab
def test_a_lab_and_each_of_its_presets_wait_at_their_start(name) -> None:
    async def scenario() -> None:
        lab = opened(name)
        assert (lab.state, lab.run.step) == (State.IDLE, 0)
        for index in range(len(lab.view.presets)):
            lab.handle({"do": "preset", "index": index})
            await asyncio.sleep(0.06)
            assert (lab.state, lab.run.step) == (State.IDLE, 0), lab.view.presets[index].name
        lab.loop.cancel()

    live(scenario)


@pytest.mark.parametrize("name", COVERED)
def test_a_covered_figure_is_empty_until_somebody_plays_and_again_after_reset(name) -> None:
    async def scenario() -> None:
        lab = opened(name)
        browser = Browser(lab.stage.figure).hello().settle()
        covered = set(lab.view.covered)
        assert covered <= set(counts(lab, browser))
        empty = {each: count for each, count in counts(lab, browser).items() if each in covered}
        layouts = [figure["layout"] for figure in lab.stage.figure.figures_now()]
        words = [(layout.get("annotations") or [{}])[0].get("text") for layout in layouts]
        assert words.count(WORDS) == len(covered)
        assert lab.readings.value == ""
        await played(lab)
        browser.settle()
        shown = counts(lab, browser)
        assert all(shown[each] > empty[each] for each in covered)
        assert lab.readings.value
        lab.handle({"do": "reset"})
        browser.settle()
        assert {each: counts(lab, browser)[each] for each in covered} == empty
        assert lab.readings.value == ""
        lab.loop.cancel()

    live(scenario)


def test_the_other_figures_of_a_lab_show_where_it_starts() -> None:
    async def scenario() -> None:
        lab = opened("bowl")
        shown = counts(lab, Browser(lab.stage.figure).hello().settle())
        assert shown["bars"] == 0
        assert shown["plane"] > 100, "level lines and the start"
        assert shown["loss"] == 2, "one point"
        lab.loop.cancel()

    live(scenario)


def test_who_moves_a_setting_wants_to_see_what_it_does() -> None:
    async def scenario() -> None:
        lab = opened("parabola")
        lab.change("ratio", 0.5)
        await at_rest(lab)
        assert lab.state is State.FINISHED
        lab.handle({"do": "preset", "index": 1})
        await at_rest(lab)
        assert lab.state is State.IDLE

    live(scenario)


@pytest.mark.parametrize("preset_last", [True, False])
def test_of_a_change_and_a_preset_at_once_the_last_one_decides(preset_last: bool) -> None:
    async def scenario() -> None:
        lab = opened("race")
        change = {"do": "set", "lane": 0, "field": "learning_rate", "value": 0.5}
        commands = [change, {"do": "preset", "index": 0}]
        for command in commands if preset_last else reversed(commands):
            lab.handle(command)
        await asyncio.sleep(0.06)
        assert lab.state is (State.IDLE if preset_last else State.RUNNING)
        lab.loop.cancel()

    live(scenario)


def test_in_a_script_where_nothing_plays_a_run_of_milliseconds_is_there_at_once() -> None:
    assert opened("parabola").state is State.FINISHED
