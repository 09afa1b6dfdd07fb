"""A lab trains while somebody may look, and waits when its last view has said goodbye."""

import asyncio
import time

import pytest
from headless import live, opened, until

from widgets.browser import views
from widgets.browser.views import MOST_VIEWS, Views
from widgets.run.run_loop import State


@pytest.fixture(autouse=True)
def _soon(monkeypatch):
    """Seconds that are right for people, as tenths."""
    monkeypatch.setattr(views, "LEFT_SECONDS", 0.1)
    monkeypatch.setattr(views, "SILENT_SECONDS", 1.0)


def say(lab, kind, view="a"):
    lab.panel._receive(lab.panel, {"type": kind, "view": view}, [])


async def playing():
    """A lab whose run takes longer than any test."""
    lab = opened("net")
    lab.handle({"do": "speed", "value": 1})
    say(lab, "here")
    lab.handle({"do": "play"})
    assert lab.state is State.RUNNING
    return lab


def test_a_lab_whose_last_view_has_gone_pauses_and_says_why():
    async def scenario():
        lab = await playing()
        say(lab, "here", "b")
        say(lab, "bye", "a")
        await asyncio.sleep(0.3)
        assert lab.state is State.RUNNING, "the other view is there"
        say(lab, "bye", "b")
        assert lab.state is State.RUNNING, "a view may be on its way to another place"
        await until(lambda: lab.state is State.PAUSED)
        assert "not on the page any more" in lab.board.notice["text"]
        say(lab, "here", "c")
        lab.handle({"do": "play"})
        assert lab.state is State.RUNNING
        assert lab.board.notice["text"] == ""

    live(scenario)


def test_a_view_that_moves_and_one_that_is_silent_train_on():
    async def scenario():
        lab = await playing()
        say(lab, "bye")
        say(lab, "here", "moved")
        await asyncio.sleep(1.3)  # longer than a silent view counts beside one that goes
        assert lab.state is State.RUNNING

    live(scenario)


def test_a_view_that_has_long_been_silent_does_not_count_when_another_goes():
    async def scenario():
        lab = await playing()
        await asyncio.sleep(1.1)
        say(lab, "here", "b")
        say(lab, "bye", "b")
        await until(lambda: lab.state is State.PAUSED)

    live(scenario)


def test_a_lab_that_nobody_ever_looked_at_is_driven_by_python_and_trains_on():
    async def scenario():
        lab = opened("net")
        lab.handle({"do": "speed", "value": 1})
        lab.handle({"do": "play"})
        say(lab, "bye", "nobody")
        await asyncio.sleep(0.3)
        assert lab.state is State.RUNNING

    live(scenario)


def test_each_view_that_says_it_is_there_is_answered_and_touches_nothing():
    lab = opened("net")
    sent = []
    lab.panel.send = sent.append
    say(lab, "here")
    assert sent == [{"type": "heard"}]
    assert lab.panel.refusal == {}


@pytest.mark.parametrize("content", [{"type": "here"}, {"type": "bye", "view": 3}, {"type": "here", "view": None}])
def test_what_is_no_view_is_refused_as_any_nonsense(content):
    lab = opened("net")
    lab.panel._receive(lab.panel, content, [])
    assert "did not understand" in lab.panel.refusal["text"]


def test_a_client_with_many_names_is_kept_in_bounds():
    left = []
    here = Views(lambda: left.append(time.monotonic()))
    for number in range(100 * MOST_VIEWS):
        here.here(str(number))
    assert len(here._heard) == MOST_VIEWS
