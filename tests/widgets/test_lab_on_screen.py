"""What the browser is sent while a lab runs."""

import asyncio

import pytest
from headless import (
    CASES,
    INSTANT,
    LABS,
    Browser,
    live,
    opened,
    opened_diverging,
    played,
    until,
)

from widgets.run.run_loop import State

KB = 1024


def matrix_bytes(content: dict) -> int:
    """What the matrices in a frame weigh; one that has not changed is not sent again."""
    return sum(
        8 * count for kind, _, _, count, *rest in filter(lambda op: op[0] == "replace", content["ops"]) if rest[1:]
    )


@pytest.mark.parametrize("name", LABS)
def test_the_browser_ends_with_the_whole_run_and_no_frame_is_large(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        browser = Browser(lab.stage.figure).hello().settle()
        lab.handle({"do": "reset"})
        lab.handle({"do": "speed", "value": 300 if name in INSTANT else 30})
        lab.handle({"do": "play"})
        while lab.state is State.RUNNING:
            browser.draw()
            assert browser.unacknowledged <= 2
            await asyncio.sleep(0.005)
        browser.settle()
        traces = sum(map(len, browser.traces))
        assert len(browser.frames()) > 1
        allowed = KB + KB * traces
        assert max(cost - matrix_bytes(content) for content, cost in browser.frames()) <= allowed
        drawn = [[{**trace} for trace in figure] for figure in browser.traces]
        browser.hello()
        await until(lambda: browser.waiting)  # whole figures are sent twice a second at most
        browser.settle()
        assert browser.traces == drawn, "a second display shows the same"
        for shown in CASES[name].drawn(lab):
            x, y = browser.points(shown.figure, shown.trace)
            assert len(x) > 0
            assert (x, y) == (pytest.approx(shown.x), pytest.approx(shown.y, nan_ok=True))

    live(scenario)


def test_a_lab_nobody_looks_at_sends_two_messages_and_trains_on() -> None:
    async def scenario() -> None:
        lab = opened("net")
        sent = lab.stage.figure.frames_sent
        browser = Browser(lab.stage.figure)
        await played(lab)
        assert sent + len(browser.messages) == 2
        assert len(lab.history) == 13
        assert browser.hello().settle().points(0, 0)[0] == list(range(13))

    live(scenario)


def test_a_blow_up_is_marked_and_the_mark_goes_with_the_next_run() -> None:
    async def scenario() -> None:
        lab = await opened_diverging("bowl")
        browser = Browser(lab.stage.figure).hello().settle()
        notes = browser.layouts[2]["annotations"]
        assert [note["text"] for note in notes] == [f"✕ {lab.panel.lanes[0]['status']}"]
        lab.handle({"do": "reset"})
        browser.settle()
        assert browser.layouts[2].get("annotations", []) == []
        assert not lab.stage.figure.figures_now()[2]["layout"].get("annotations")

    live(scenario)
