"""What takes long before it is drawn is computed in slices; the training waits, everybody else does not."""

import asyncio
import time

import numpy as np
import pytest
from headless import Browser, factory, live, until

from lessons.core.curvature.hessian_spectrum import SpectrumAt
from widgets.labs.normalization import QUIZ
from widgets.quiz.check import Check
from widgets.quiz.scoreboard import Scoreboard
from widgets.run.preparation import Preparation
from widgets.run.run_loop import SLICE_SECONDS, State

LABS = ("normalized_net", "hessian_spectrum")
SMALL = {"width": 8, "depth": 2, "train_size": 100, "steps": 10}


class Slow:
    """Ready after a number of parts, each of which takes its time."""

    def __init__(self, parts: int, seconds: float = 0.0, wrong: Exception | None = None):
        self.parts, self.seconds, self.wrong = parts, seconds, wrong

    @property
    def ready(self) -> bool:
        return self.parts == 0

    def advance(self) -> None:
        time.sleep(self.seconds)
        if self.wrong is not None:
            raise self.wrong
        self.parts -= 1


def test_others_get_their_turn_after_each_slice() -> None:
    async def scenario() -> None:
        done, turns = asyncio.Event(), 0
        slow = [Slow(10, SLICE_SECONDS), Slow(0), Slow(10, SLICE_SECONDS)]
        preparation = Preparation(done.set, pytest.fail)
        assert preparation.needed(slow)
        while not done.is_set():
            assert preparation.busy
            assert preparation.needed(slow)  # it is one work, however often somebody asks
            await asyncio.sleep(0)
            turns += 1
        assert not preparation.busy
        assert all(each.ready for each in slow)
        assert turns >= 20

    live(scenario)


def test_nothing_slow_needs_no_waiting_and_a_script_never_waits() -> None:
    preparation = Preparation(pytest.fail, pytest.fail)
    assert not preparation.needed([Slow(3)])

    async def scenario() -> None:
        assert not preparation.needed([])

    live(scenario)


def test_what_is_cancelled_says_nothing_any_more() -> None:
    async def scenario() -> None:
        preparation = Preparation(pytest.fail, pytest.fail)
        slow = Slow(1000, SLICE_SECONDS)
        assert preparation.needed([slow])
        await asyncio.sleep(3 * SLICE_SECONDS)
        preparation.cancel()
        left = slow.parts
        await asyncio.sleep(5 * SLICE_SECONDS)
        assert slow.parts == left > 0
        assert not preparation.busy

    live(scenario)


def test_an_exception_is_handed_on() -> None:
    async def scenario() -> None:
        seen: list[Exception] = []
        preparation = Preparation(pytest.fail, seen.append)
        wrong = ValueError("no spectrum")
        assert preparation.needed([Slow(3, wrong=wrong)])
        await until(lambda: bool(seen))
        assert seen == [wrong]
        assert not preparation.busy

    live(scenario)


@pytest.mark.parametrize("name", LABS)
def test_a_frame_waits_for_its_spectrum_and_the_training_for_the_frame(name: str) -> None:
    async def scenario() -> None:
        lab = factory(name)(**SMALL)
        browser = Browser(lab.stage.figure).hello()
        lab.handle({"do": "play"})
        browser.settle()
        slow = lab.history.unfinished(lab.view.slow)
        assert slow
        assert lab.session.player.prepares
        turns = 0
        while lab.session.player.prepares:
            assert lab.run.step == 0
            assert lab.state is State.RUNNING
            await asyncio.sleep(0)
            turns += 1
        assert turns > 10
        assert not lab.history.unfinished(lab.view.slow)
        while lab.state is State.RUNNING or lab.session.player.prepares:
            browser.draw()
            await asyncio.sleep(0.002)
        browser.settle()
        assert lab.readings.value
        spectra = list(lab.view.figures(["a"], ["#000000"])).index("spectrum")
        shown = np.array(browser.points(spectra, 0)[1], dtype=float)
        assert np.nanmax(shown) > 0

    live(scenario)


@pytest.mark.parametrize("name", LABS)
def test_who_begins_again_meanwhile_sees_the_new_run_alone(name: str) -> None:
    async def scenario() -> None:
        lab = factory(name)(**SMALL)
        browser = Browser(lab.stage.figure).hello().settle()
        lab.handle({"do": "play"})
        old = lab.history.unfinished(lab.view.slow)[0]
        lab.handle({"do": "pause"})
        lab.handle({"do": "reset"})
        browser.settle()
        assert lab.session.player.prepares
        await until(lambda: not lab.session.player.prepares)
        assert not old.ready
        assert not lab.history.unfinished(lab.view.slow)

    live(scenario)


def test_a_spectrum_that_cannot_be_computed_is_a_sentence_and_reset_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        lab = factory("normalized_net")(**SMALL)
        with monkeypatch.context() as broken:
            broken.setattr(SpectrumAt, "advance", lambda self: (_ for _ in ()).throw(ValueError("no spectrum")))
            Browser(lab.stage.figure).hello()
            lab.handle({"do": "play"})
            await until(lambda: lab.state is State.FAILED)
        assert "no spectrum" in lab.board.notice["text"]
        lab.handle({"do": "reset"})
        await until(lambda: not lab.session.player.prepares)
        assert lab.state is State.IDLE

    live(scenario)


def test_a_question_on_spectra_waits_for_them_and_gets_its_verdict() -> None:
    async def scenario() -> None:
        check = Check(QUIZ.questions["whose_eigenvalues"], Scoreboard())
        check.handle({"do": "answer", "value": 0})
        browser = Browser(check.figure).hello()
        waited = 0
        while check.panel.status["state"] == "running":
            waited += check.player.prepares
            browser.draw()
            await asyncio.sleep(0.002)
        assert check.panel.status["state"] == "checked"
        assert waited > 10

    live(scenario)
