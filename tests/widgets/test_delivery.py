"""Connections that take frames and acknowledgements with them, and clients that ask for too much."""

import asyncio
from typing import Any

import pytest
from headless import Browser, live, opened, until

from widgets.browser.spaced import Spaced
from widgets.figure import delivery, live_figure
from widgets.figure.delivery import MOST_PROBE_SECONDS
from widgets.figure.live_figure import LiveFigure
from widgets.figure.plots import line, plot
from widgets.lab import control_panel
from widgets.run.run_loop import State


class Page(Browser):
    """A browser that keeps count of what has come, as delivery.js does, on a line that may lose things."""

    def __init__(self, figure: LiveFigure):
        super().__init__(figure)
        self.lost = self.hidden = False
        self.got = 0

    def _arrive(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        if self.lost:
            return
        if content["type"] == "probe":
            self.messages.append((content, []))
            self.say({"type": "seen", "got": self.got, "drawn": self.drawn})
            return
        super()._arrive(content, buffers)
        if content["type"] == "state":
            self.waiting = self.waiting[-1:]
            self.got = content["n"]
        elif content.get("n") == self.got + 1:
            self.got = content["n"]
        elif content["type"] == "frame":
            self.waiting.pop()
            self.say({"type": "seen", "got": self.got, "drawn": self.drawn})
        if not self.hidden:
            asyncio.get_running_loop().call_soon(self.draw)

    def say(self, content: Any) -> None:
        """Tell the kernel something, if it arrives."""
        if not self.lost:
            super().say(content)

    def points(self, figure: int, trace: int) -> tuple[list[Any], list[Any]]:
        """What a trace shows; nothing before the first state."""
        return super().points(figure, trace) if self.traces else ([], [])

    def count(self, kind: str) -> int:
        """Messages of a kind that arrived."""
        return sum(content["type"] == kind for content, _ in self.messages)


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ask after what is overdue in tenths of the seconds that are right for people."""
    monkeypatch.setattr(delivery, "FIRST_PROBE_SECONDS", 0.1)
    monkeypatch.setattr(delivery, "MOST_PROBE_SECONDS", 0.4)
    monkeypatch.setattr(live_figure, "STATE_SECONDS", 0.05)


def grown(figure: LiveFigure, start: int, stop: int) -> None:
    """Extend and flush, a point a frame."""
    for k in range(start, stop):
        figure.extend("figure", 0, [k], [k])
        figure.flush()


def one_line() -> LiveFigure:
    return LiveFigure(plot("figure", "A", "x", "y", [line("one", "#111")]))


@pytest.mark.parametrize("lost", ["frames", "acknowledgements"])
@pytest.mark.parametrize("then", ["waits", "clear", "reset"])
def test_a_figure_draws_on_after_a_connection_took_its_messages_with_it(lost: str, then: str) -> None:
    async def scenario() -> tuple[list[float], list[float]]:
        figure = one_line()
        page = Page(figure)
        page.hello()
        await until(lambda: page.drawn == 1)
        if lost == "acknowledgements":
            page.hidden = True
            grown(figure, 0, 2)
            page.lost = True
            page.draw()
        page.lost, page.hidden = True, False
        grown(figure, 0 if lost == "frames" else 2, 50)
        if then == "clear":
            figure.clear()
        elif then == "reset":
            figure.reset(plot("figure", "A", "x", "y", [line("one", "#111")]))
        grown(figure, 50, 52)
        await asyncio.sleep(0.3)  # probes are lost, too
        page.lost = False
        await until(lambda: page.points(0, 0)[0][-1:] == [51])
        grown(figure, 52, 53)
        await until(lambda: page.points(0, 0)[0][-1:] == [52])
        assert figure.ready
        return page.points(0, 0)

    x, y = live(scenario)
    assert x == y == list(range(0 if then == "waits" else 50, 53))


def test_a_page_that_misses_a_frame_asks_and_gets_the_whole() -> None:
    """As the second view of a lab, whose first one acknowledges what the second has never seen."""

    async def scenario() -> None:
        figure = one_line()
        page = Page(figure)
        page.hello()
        await until(lambda: page.drawn == 1)
        page.lost = True
        grown(figure, 0, 1)
        figure._receive(figure, {"type": "ack", "n": 2}, [])
        page.lost = False
        grown(figure, 1, 2)
        await until(lambda: page.points(0, 0)[0] == [0, 1])
        assert page.count("state") == 2

    live(scenario)


def test_a_view_that_greets_again_gets_one_state_that_is_made_up_for_if_it_is_lost() -> None:
    """A kernel that is kept busy finds several greetings of one view; each state would keep others waiting."""

    async def scenario() -> None:
        figure = one_line()
        page = Page(figure)
        page.hidden = True
        page.hello()
        for _ in range(5):
            page.say({"type": "hello", "again": True})
        await asyncio.sleep(0.05)
        assert page.count("state") == 1
        page.got = 0  # as if it had not come
        await until(lambda: page.count("state") == 2)
        page.hidden = False
        page.draw()
        assert figure.ready
        page.say({"type": "hello", "again": True})
        await until(lambda: page.count("state") == 3)

    live(scenario)


def test_a_hidden_page_is_asked_less_and_less_and_is_sent_nothing_twice() -> None:
    async def scenario() -> None:
        figure = one_line()
        page = Page(figure)
        page.hello()
        await until(lambda: page.drawn == 1)
        page.hidden = True
        grown(figure, 0, 20)
        await asyncio.sleep(2.0)
        assert (page.count("state"), page.count("frame")) == (1, 2)
        # After 0.1, 0.3, 0.7, 1.1, 1.5 and 1.9 s; fewer where the machine is slow.
        assert 1 <= page.count("probe") <= 6
        page.hidden = False
        page.draw()
        await until(lambda: page.points(0, 0)[0][-1:] == [19])

    live(scenario)


def test_nothing_is_asked_while_all_is_acknowledged() -> None:
    async def scenario() -> None:
        figure = one_line()
        page = Page(figure)
        page.hello()
        for k in range(5):
            grown(figure, k, k + 1)
            await asyncio.sleep(0.15)
        assert page.count("probe") == 0

    live(scenario)


@pytest.mark.parametrize("button", ["reset", "new_seed", "play"])
def test_a_lab_that_is_used_on_a_lost_line_is_shown_once_the_line_is_back(button: str) -> None:
    async def scenario() -> None:
        lab = opened("net")
        page = Page(lab.stage.figure)
        page.hello()
        lab.handle({"do": "step"})
        await until(lambda: page.points(0, 0)[0] == [0, 1])
        page.lost = True
        for _ in range(4):
            lab.handle({"do": "step"})
        await asyncio.sleep(0.2)
        lab.handle({"do": button})
        await until(lambda: lab.state is not State.RUNNING)
        await asyncio.sleep(0.2)
        page.lost = False
        losses = lab.history["loss"][:, 0]
        await until(lambda: page.points(0, 0)[0][-1:] == [len(lab.history) - 1])
        assert page.points(0, 0)[1][-1] == losses[-1]

    live(scenario)


@pytest.mark.parametrize("content", [{}, {"got": "2", "drawn": 0}, {"got": 10**400, "drawn": 10**400}, {"got": None}])
def test_what_is_no_report_changes_nothing(content: dict[str, Any]) -> None:
    figure = one_line()
    browser = Browser(figure).hello()
    grown(figure, 0, 1)
    sent = figure.frames_sent
    browser.say({"type": "seen", **content})
    assert not figure.ready
    assert figure.frames_sent == sent


# ---- what is dear is answered at a bounded rate ----


@pytest.mark.parametrize("kind", ["plotly", "hello", "seen"])
def test_five_hundred_questions_get_a_few_answers(kind: str) -> None:
    async def scenario() -> None:
        figure = one_line()
        page = Page(figure)
        page.hello()
        await until(lambda: page.drawn == 1)
        asked = len(page.messages)
        for _ in range(500):
            # A client that says it has drawn what it never saw gets no more for it.
            page.say({"type": "ack", "n": figure.frames_sent})
            page.say({"type": kind, "got": 0, "drawn": 0})
        await asyncio.sleep(0.3)
        # One at once, one for those who came while it was on its way, and more only as time passes.
        assert 1 <= len(page.messages) - asked <= 2 + 0.5 / live_figure.STATE_SECONDS

    live(scenario)


def test_five_hundred_files_asked_for_are_few_and_each_kind_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(control_panel, "SAVE_SECONDS", 0.1)

    async def scenario() -> None:
        lab = opened("net")
        sent: list[str] = []
        lab.panel.send = lambda content, buffers=None: sent.append(content.get("name", ""))
        for _ in range(250):
            for kind in ("csv", "script"):
                lab.panel._receive(lab.panel, {"do": "save", "kind": kind, "lane": 0}, [])
        await until(lambda: len(sent) == 3)
        await asyncio.sleep(0.3)
        assert sorted(sent) == [f"{lab.view.name}.csv", f"{lab.view.name}.csv", f"{lab.view.name}.py"]
        lab.panel._receive(lab.panel, {"do": "save", "kind": ["csv"], "lane": 0}, [])
        await until(lambda: "did not understand" in lab.panel.refusal.get("text", ""))

    live(scenario)


def test_what_waits_is_carried_out_once_in_its_turn() -> None:
    async def scenario() -> None:
        done: list[str] = []
        spaced = Spaced(0.1)
        for name in ("a", "b", "a", "c", "b"):
            spaced.ask(name, lambda name=name: done.append(name))
        assert done == ["a"]
        await until(lambda: len(done) == 4)
        assert done == ["a", "b", "a", "c"]
        await asyncio.sleep(0.3)
        assert len(done) == 4

    live(scenario)


def test_a_question_that_stays_open_is_asked_again_within_half_a_minute() -> None:
    """The kernel's own patience; a page whose connection comes back reports by itself at once."""
    assert MOST_PROBE_SECONDS <= 30
