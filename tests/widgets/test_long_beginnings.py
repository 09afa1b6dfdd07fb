"""A first measurement that takes long is made in slices: others get their turn, and what is shown is never half of it.

Here each takes long: none is made at once.
"""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest
from headless import Browser, factory, live, played, snapshot, until
from test_half_made_steps import PARTS, SMALL, InParts, assert_equal, in_whole_steps
from test_run_loop import CountSettings, Watched

from lessons.core.lanes import Lanes
from lessons.core.run import Run
from widgets.lab.lab import Lab
from widgets.labs.normalization import QUIZ
from widgets.quiz.check import Check
from widgets.quiz.scoreboard import Scoreboard
from widgets.run import run_loop
from widgets.run.run_loop import SLICE_SECONDS, RunLoop, State


@pytest.fixture(autouse=True)
def _none_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run_loop, "FIRST_SECONDS", 0.0)


class Begun(Watched):
    def begin(self, steps: int = 10, **kwargs: float) -> InParts:
        experiment = InParts(**kwargs)
        self.load(Run(experiment, Lanes([CountSettings(steps=steps)])))
        return experiment


@pytest.fixture
def loop() -> Begun:
    return Begun()


def test_others_get_their_turn_and_the_run_waits_at_its_start(loop: Begun) -> None:
    async def scenario() -> None:
        loop.begin()
        turns = 0
        while loop.begins:
            assert (loop.steps, loop.state) == ([], State.IDLE)
            turns += 1
            await asyncio.sleep(0)
        assert turns >= PARTS
        await asyncio.sleep(3 * SLICE_SECONDS)
        assert (loop.steps, loop.states) == ([0], [State.IDLE, State.IDLE])

    live(scenario)


def test_where_no_loop_runs_it_is_made_at_once(loop: Begun) -> None:
    loop.begin()
    assert (loop.begins, loop.steps, loop.states) == (False, [0], [State.IDLE])


def both(*actions: Callable[[RunLoop], None]) -> Callable[[RunLoop], None]:
    return lambda loop: [act(loop) for act in actions]


# What is done meanwhile -> what has been measured then, and a while later; and the state then.
ACTIONS: dict[str, tuple[Callable[[RunLoop], None], list[int], list[int], State]] = {
    "pause": (RunLoop.pause, [], [0], State.IDLE),
    "play and pause": (both(RunLoop.play, RunLoop.pause), [], [0], State.PAUSED),
    "step": (RunLoop.step, [0, 1], [0, 1], State.PAUSED),
    "play and step": (both(RunLoop.play, RunLoop.step), [0, 1], [0, 1], State.PAUSED),
    "end_step": (RunLoop.end_step, [0], [0], State.IDLE),
    "forward": (lambda loop: loop.forward(3), [0, 1, 2, 3], [0, 1, 2, 3], State.IDLE),
    "cancel": (RunLoop.cancel, [], [], State.IDLE),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_meanwhile(loop: Begun, action: str) -> None:
    act, at_once, later, state = ACTIONS[action]

    async def scenario() -> None:
        loop.begin()
        await asyncio.sleep(0)
        act(loop)
        assert loop.steps == at_once
        await until(lambda: not loop.begins)
        await asyncio.sleep(3 * SLICE_SECONDS)
        assert (loop.steps, loop.state) == (later, state)

    live(scenario)


def test_who_plays_meanwhile_plays_on_from_there(loop: Begun) -> None:
    async def scenario() -> None:
        loop.begin(steps=3)
        loop.play()
        assert loop.state is State.RUNNING
        await until(lambda: loop.state is State.FINISHED)
        assert loop.steps == [0, 1, 2, 3]

    live(scenario)


def test_nothing_of_a_beginning_comes_after_load(loop: Begun) -> None:
    async def scenario() -> None:
        old = loop.begin()
        await asyncio.sleep(2 * SLICE_SECONDS)
        loop.begin()
        assert (old.closed, loop.steps) == (1, [])
        await until(lambda: not loop.begins)
        await asyncio.sleep(3 * SLICE_SECONDS)
        assert loop.steps == [0]

    live(scenario)


def test_an_exception_meanwhile_is_shown(loop: Begun) -> None:
    async def scenario() -> None:
        loop.begin(fails_at=0)
        await until(lambda: loop.state is State.FAILED)
        assert not loop.begins
        assert "boom at 0" in loop.failure
        assert loop.steps == []

    live(scenario)


# ---- a lab ----


def net() -> tuple[Lab, Browser]:
    lab = factory("net")(**SMALL)
    return lab, Browser(lab.stage.figure).hello()


def test_a_lab_shows_nothing_of_it_and_then_all() -> None:
    async def scenario() -> None:
        lab, browser = net()
        assert lab.loop.begins
        assert lab.session.player.prepares
        browser.settle()
        assert browser.points(0, 0)[0] == []
        assert lab.readings.value == ""
        await until(lambda: not lab.loop.begins)
        browser.settle()
        assert browser.points(0, 0)[0] == [0]
        assert lab.readings.value

    live(scenario)


def test_who_asks_a_lab_for_its_history_or_its_run_has_the_first_measurement() -> None:
    async def scenario() -> None:
        for ask in (lambda lab: len(lab.history), lambda lab: lab.run.step + 1):
            lab, _ = net()
            assert lab.loop.begins
            assert ask(lab) == 1
            assert not lab.loop.begins

    live(scenario)


@pytest.mark.parametrize("pressed", ["play", "step", "share", "pause", "reset"])
def test_each_button_meanwhile_leads_to_the_numbers_of_whole_steps(pressed: str) -> None:
    async def scenario() -> None:
        lab, _ = net()
        await asyncio.sleep(0)
        lab.handle({"do": pressed})
        await asyncio.sleep(0.03)
        await played(lab)
        assert_equal(snapshot(lab), in_whole_steps())

    live(scenario)


def test_a_slider_that_moves_on_shows_some_of_its_values_and_ends_with_the_last() -> None:
    """Each of its values begins another run; if each ended the one before, nothing would be seen until it rests."""

    async def scenario() -> None:
        lab, browser = net()
        await until(lambda: not lab.loop.begins)
        lab.handle({"do": "pause"})
        begun = set()
        for seed in range(1, 60):
            lab.change("seed", seed, lane=0)
            await asyncio.sleep(0.01)
            if len(lab.session.history):
                begun.add(lab.session.run.lanes.settings[0].seed)
            browser.draw()
        assert len(begun) > 2
        await until(lambda: not lab.session.due and not lab.loop.begins)
        assert lab.run.lanes.settings[0].seed == lab.lanes.settings[0].seed == 59
        await played(lab)
        lone = factory("net")(lanes=[settings.model_dump() for settings in lab.run.lanes.settings])
        lone.loop.forward(0)
        np.testing.assert_array_equal(lab.history["loss"][0], lone.history["loss"][0])

    live(scenario)


def test_a_question_waits_for_it() -> None:
    async def scenario() -> None:
        check = Check(QUIZ.questions["whose_eigenvalues"], Scoreboard())
        check.handle({"do": "answer", "value": 0})
        assert check.panel.status["state"] == "running"
        assert check.player.loop.begins
        await until(lambda: check.panel.status["state"] == "checked")

    live(scenario)
