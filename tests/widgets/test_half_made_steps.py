"""Steps that take long, in a loop that plays: others get their turn in between, and nobody sees half a step."""

import asyncio
from collections.abc import Callable

import numpy as np
import pytest
import torch
from headless import factory, live, played, snapshot, until
from test_run_loop import Count, CountSettings, Watched

from lessons.core.experiment import Measurement, Measurements
from lessons.core.lanes import Lanes
from lessons.core.parts import StepsInParts
from lessons.core.run import Run
from widgets.run.run_loop import SLICE_SECONDS, RunLoop, State

PARTS = 6  # of a step; with what ends it, seven
SMALL = {"width": 8, "depth": 2, "train_size": 100, "steps": 40, "sharpness_every": 5}


class InParts(Count):
    """Counts as `Count` does; each step has parts that take longer than a slice. Yields None after each of them."""

    def run(self, lanes: Lanes, device: str = "cpu") -> Measurements:
        return StepsInParts(self._parts(super().run(lanes, device)))

    def _parts(self, measurements):
        waiting = Count(SLICE_SECONDS).run(Lanes([CountSettings(steps=10**6)]))
        for measurement in measurements:
            for _ in range(PARTS):
                next(waiting)
                yield None
            yield measurement


class LoopInParts(Watched):
    def begin(self, steps: int = 10, **kwargs: float) -> Count:
        experiment = InParts(**kwargs)
        self.load(Run(experiment, Lanes([CountSettings(steps=steps)])))
        self.end_begin()
        return experiment


@pytest.fixture
def loop() -> LoopInParts:
    return LoopInParts()


async def to_the_middle(loop: LoopInParts) -> None:
    """Play until the step after the first is half made."""
    loop.play()
    await until(lambda: loop.steps[-1] == 1 and loop._run.partway)


def test_others_get_their_turn_between_the_parts_of_a_step(loop: LoopInParts) -> None:
    async def scenario() -> None:
        loop.begin()
        loop.play()
        turns: dict[int, int] = {}
        while loop.steps[-1] < 3:
            turns[loop.steps[-1]] = turns.get(loop.steps[-1], 0) + 1
            await asyncio.sleep(0)
        assert min(turns.values()) >= PARTS

    live(scenario)


def test_played_in_parts_each_step_is_reported_once_and_the_run_ends(loop: LoopInParts) -> None:
    async def scenario() -> None:
        loop.begin(steps=4)
        loop.play()
        await until(lambda: loop.state is State.FINISHED)

    live(scenario)
    assert loop.steps == [0, 1, 2, 3, 4]


def test_without_a_running_loop_and_when_they_are_asked_for_steps_are_made_at_once(loop: LoopInParts) -> None:
    loop.begin()
    assert loop.steps == [0]
    loop.step()
    assert loop.steps == [0, 1]
    loop.forward(4)
    assert loop.steps == [0, 1, 2, 3, 4]


ACTIONS: dict[str, tuple[Callable[[RunLoop], None], list[int]]] = {
    "step": (RunLoop.step, [0, 1, 2]),
    "end_step": (RunLoop.end_step, [0, 1, 2]),
    "forward": (lambda loop: (loop.pause(), loop.forward(4)), [0, 1, 2, 3, 4]),
    "pause": (RunLoop.pause, [0, 1]),
    "finish": (RunLoop.finish, [0, 1]),
    "cancel": (RunLoop.cancel, [0, 1]),
}


@pytest.mark.parametrize("action", ACTIONS)
def test_each_action_in_the_middle_of_a_step(loop: LoopInParts, action: str) -> None:
    act, steps = ACTIONS[action]

    async def scenario() -> None:
        experiment = loop.begin()
        await to_the_middle(loop)
        act(loop)
        assert loop.steps == steps
        if loop.state is State.RUNNING:
            loop.pause()
        await asyncio.sleep(5 * SLICE_SECONDS)
        assert loop.steps == steps, "nothing comes by itself"
        assert experiment.closed == (action == "cancel")
        if loop.state is State.PAUSED:
            loop.play()
            await until(lambda: loop.state is State.FINISHED)
            assert loop.steps == list(range(11))

    live(scenario)


def test_nothing_of_a_half_made_step_comes_after_load(loop: LoopInParts) -> None:
    async def scenario() -> None:
        old = loop.begin()
        await to_the_middle(loop)
        loop.seen.clear()
        loop.begin(steps=2)
        assert old.closed == 1
        await asyncio.sleep(5 * SLICE_SECONDS)
        assert loop.steps == [0]
        loop.play()
        await until(lambda: loop.state is State.FINISHED)
        assert loop.steps == [0, 1, 2]

    live(scenario)


def test_an_exception_in_the_middle_of_a_step_is_shown(loop: LoopInParts) -> None:
    async def scenario() -> None:
        loop.begin(fails_at=2)
        loop.play()
        await until(lambda: loop.state is State.FAILED)
        assert "boom at 2" in loop.failure
        assert loop.steps == [0, 1]

    live(scenario)


# ---- a lab ----


async def half_made(step: int):
    """A lab whose next step, this one, is half made, and waits."""
    lab = factory("net")(**SMALL)
    lab.handle({"do": "play"})
    lab.handle({"do": "pause"})
    lab.loop.forward(step - 1)
    while not lab.run.partway:
        assert lab.run.part() is None
    return lab


def shared(lab) -> dict:
    sent: list[dict] = []
    lab.panel.send = lambda content, buffers=None: sent.append(content)
    lab.handle({"do": "share"})
    return sent[-1]


def in_whole_steps(change_at: int | None = None) -> dict[str, np.ndarray]:
    """What a lab measures that makes each of its steps at once, with one change on the way."""
    lab = factory("net")(**SMALL)
    if change_at is not None:
        lab.loop.forward(change_at)
        lab.run.change(0, "learning_rate", 0.03)
    lab.loop.forward(SMALL["steps"] + 1)
    return snapshot(lab)


def assert_equal(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    assert one.keys() == other.keys()
    for name, values in one.items():
        np.testing.assert_array_equal(values, other[name], err_msg=name)


def test_a_change_meanwhile_shows_at_once_and_is_for_the_next_update() -> None:
    async def scenario() -> None:
        lab = await half_made(10)
        lab.change("learning_rate", 0.03, lane=0)
        assert lab.run.lanes.settings[0].learning_rate == lab.panel.lanes[0]["values"]["learning_rate"] == 0.03
        assert [change.step for change in lab.run.changes] == [10]
        assert len(lab.history) == 10, "nobody has seen step 10 yet"
        await played(lab)
        assert_equal(snapshot(lab), in_whole_steps(change_at=10))

    live(scenario)


@pytest.mark.parametrize("changed", [False, True])
def test_who_shares_or_saves_meanwhile_has_the_step_whole(changed: bool) -> None:
    async def scenario() -> None:
        lab = await half_made(10)
        if changed:
            lab.change("learning_rate", 0.03, lane=0)
        query = shared(lab)["query"]
        assert (lab.run.step, len(lab.history), lab.state) == (10, 11, State.PAUSED)
        other = factory("net")()
        other.handle({"do": "open_link", "search": "?" + query})
        await until(lambda: other.run.step == 10 and other.state is State.PAUSED)
        assert other.panel.lanes == lab.panel.lanes
        await played(other)
        assert other.run.record == lab.run.record
        assert_equal(snapshot(other), in_whole_steps(change_at=10 if changed else None))
        lab = await half_made(10)
        lab.session.recorded()
        assert lab.run.step == 10

    live(scenario)


@pytest.mark.parametrize("step", [7, 9, 10, 12])
def test_who_goes_to_a_step_meanwhile_drops_the_half_made_one(step: int) -> None:
    async def scenario() -> None:
        lab = await half_made(10)
        lab.handle({"do": "go_to", "step": step})
        await until(lambda: lab.run.step == step and lab.state is State.PAUSED)
        await played(lab)
        assert_equal(snapshot(lab), in_whole_steps())

    live(scenario)


@pytest.mark.parametrize("pressed", ["step", "play", "reset"])
def test_each_button_meanwhile_leads_to_the_same_numbers(pressed: str) -> None:
    async def scenario() -> None:
        lab = await half_made(10)
        lab.handle({"do": pressed})
        if pressed == "step":
            assert (lab.run.step, lab.state) == (10, State.PAUSED)
        await played(lab)
        assert_equal(snapshot(lab), in_whole_steps())

    live(scenario)


def test_an_experiment_whose_steps_have_no_parts_plays_as_ever() -> None:
    run = Run(Count(), Lanes([CountSettings(steps=2)]))
    seen: list[Measurement | None] = []
    for _ in range(3):
        seen.append(run.part())
        assert not run.partway
    assert [float(measurement["loss"]) for measurement in seen] == [0.0, 1.0, 2.0]
    assert torch.equal(seen[1]["loss"], torch.tensor([1.0]))
