"""The run loop: its states, its pace, the order of what it reports, and what it does when a run fails."""

import asyncio
import time
from collections.abc import Callable, Iterator

import pytest
import torch
from headless import live, until

from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.core.settings import Settings, setting
from widgets.run.run_loop import FASTEST, RunLoop, State


class CountSettings(Settings):
    """Settings of `Count`."""

    steps: int = setting(10, label="steps", doc="Number of updates.", low=1, high=10**9, shared=True)


class Count(Experiment):
    """Yields its step, after `busy` seconds of work each; raises at `fails_at`."""

    name = "count"
    title = "Count"
    settings_type = CountSettings
    references = ()

    def __init__(self, busy: float = 0.0, fails_at: int | None = None):
        self.busy, self.fails_at, self.closed = busy, fails_at, 0

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        try:
            for step in range(lanes.shared.steps + 1):
                if step == self.fails_at:
                    raise ValueError("boom at " + str(step))
                until_then = time.perf_counter() + self.busy
                while time.perf_counter() < until_then:
                    pass
                yield Measurement(step, {"loss": torch.tensor([float(step)])})
        finally:
            self.closed += 1


class Watched(RunLoop):
    """A run loop that remembers what it reported."""

    def __init__(self) -> None:
        self.seen: list[Measurement] = []
        self.states: list[State] = []
        super().__init__(self.seen.extend, lambda: self.states.append(self.state))

    @property
    def steps(self) -> list[int]:
        return [measurement.step for measurement in self.seen]

    def begin(self, steps: int = 10, **kwargs: float) -> Count:
        """Load a run that counts."""
        experiment = Count(**kwargs)
        self.load(Run(experiment, Lanes([CountSettings(steps=steps)])))
        return experiment


@pytest.fixture
def loop() -> Watched:
    return Watched()


ACTIONS: dict[str, Callable[[RunLoop], None]] = {
    "play": RunLoop.play,
    "pause": RunLoop.pause,
    "step": RunLoop.step,
    "finish": RunLoop.finish,
    "forward": lambda loop: loop.forward(3),
    "forward to the end": lambda loop: loop.forward(99),
    "cancel": RunLoop.cancel,
}
IDLE, RUNNING, PAUSED, FINISHED, FAILED = State
TABLE = {
    IDLE: (RUNNING, IDLE, PAUSED, FINISHED, IDLE, FINISHED, IDLE),
    RUNNING: (RUNNING, PAUSED, PAUSED, FINISHED, RUNNING, RUNNING, IDLE),
    PAUSED: (RUNNING, PAUSED, PAUSED, FINISHED, PAUSED, FINISHED, IDLE),
    FINISHED: (FINISHED, FINISHED, FINISHED, FINISHED, FINISHED, FINISHED, IDLE),
    FAILED: (FAILED, FAILED, FAILED, FAILED, FAILED, FAILED, IDLE),
}
# Steps at hand after the action, from step 0 (from step 1 where it was paused, from no step where it failed).
STEPS = {
    IDLE: (0, 0, 1, 0, 3, 10, 0),
    RUNNING: (0, 0, 1, 0, 0, 0, 0),
    PAUSED: (1, 1, 2, 1, 3, 10, 1),
    FINISHED: (0,) * 7,
    FAILED: (None,) * 7,
}


def brought_to(loop: Watched, state: State) -> None:
    loop.begin(fails_at=0 if state is FAILED else None)
    loop.speed = 1.0
    {RUNNING: loop.play, PAUSED: loop.step, FINISHED: loop.finish}.get(state, lambda: None)()
    assert loop.state is state


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("state", State)
def test_each_action_in_each_state(loop: Watched, state: State, action: str) -> None:
    async def scenario() -> None:
        brought_to(loop, state)
        ACTIONS[action](loop)

    live(scenario)
    at = list(ACTIONS).index(action)
    assert loop.state is TABLE[state][at]
    last = STEPS[state][at]
    assert loop.steps == ([] if last is None else list(range(last + 1)))


def test_load_makes_the_first_measurement_and_says_so(loop: Watched) -> None:
    loop.begin()
    assert (loop.steps, loop.states) == ([0], [IDLE])


def test_forward_stops_exactly_there_and_goes_no_way_back(loop: Watched) -> None:
    loop.begin()
    for step, expected in ((0, 0), (4, 4), (2, 4), (5, 5), (10, 10)):
        loop.forward(step)
        assert loop.steps[-1] == expected
        assert loop.state is IDLE


def test_stepping_to_the_end_finishes(loop: Watched) -> None:
    loop.begin(steps=3)
    for _ in range(6):
        loop.step()
    assert loop.steps == [0, 1, 2, 3]
    assert loop.states == [IDLE, PAUSED, PAUSED, PAUSED, FINISHED], "each step is reported"


def test_cancel_closes_the_run_and_may_be_called_again(loop: Watched) -> None:
    loop.cancel()
    experiment = loop.begin()
    for _ in range(2):
        loop.cancel()
    assert experiment.closed == 1


def test_play_without_an_event_loop_leaves_the_state(loop: Watched) -> None:
    loop.begin()
    with pytest.raises(RuntimeError):
        loop.play()
    assert loop.state is IDLE


# ---- order ----


def test_measurements_come_in_order_whatever_is_pressed(loop: Watched) -> None:
    async def scenario() -> None:
        loop.begin(steps=3000, busy=1e-5)
        for _ in range(15):
            loop.play()
            await asyncio.sleep(0.004)
            loop.step()
            loop.forward(loop.steps[-1] + 7)
            loop.pause()
        loop.play()
        await until(lambda: loop.state is FINISHED)

    live(scenario)
    assert loop.steps == list(range(3001))


@pytest.mark.parametrize("speed", [FASTEST, 400.0])
def test_nothing_of_an_older_run_comes_after_load(loop: Watched, speed: float) -> None:
    async def scenario() -> None:
        loop.speed = speed
        for _ in range(5):
            loop.seen.clear()
            old = loop.begin(steps=10**6)
            loop.play()
            await until(lambda: len(loop.seen) > 3)
            loop.seen.clear()
            loop.begin(steps=50)
            assert old.closed == 1
            await asyncio.sleep(0.03)
            assert loop.steps == [0], "the new one waits to be played"
        loop.play()
        await until(lambda: loop.state is FINISHED)

    live(scenario)
    assert loop.steps == list(range(51))


def test_who_takes_the_measurements_may_pause(loop: Watched) -> None:
    def take(measurements: list[Measurement]) -> None:
        loop.seen.extend(measurements)
        if measurements[-1].step >= 5:
            loop.pause()

    loop._on_measurements = take

    async def scenario() -> None:
        loop.speed = 500.0
        loop.begin(steps=1000)
        loop.play()
        await until(lambda: loop.state is PAUSED)
        await asyncio.sleep(0.05)

    live(scenario)
    assert loop.steps == list(range(len(loop.seen)))
    assert 5 <= loop.steps[-1] < 60


# ---- pace ----


async def steps_in(loop: Watched, seconds: float) -> tuple[int, float]:
    """Steps made in about so many seconds, and the seconds they took."""
    begun, start = len(loop.seen), time.perf_counter()
    await asyncio.sleep(seconds)
    return len(loop.seen) - begun, time.perf_counter() - start


@pytest.mark.parametrize("speed", [50.0, 400.0])
def test_a_speed_is_kept(loop: Watched, speed: float) -> None:
    async def scenario() -> tuple[int, float]:
        loop.speed = speed
        loop.begin(steps=10**6)
        loop.play()
        return await steps_in(loop, 0.8)

    made, seconds = live(scenario)
    assert 0.5 * speed * seconds <= made <= 1.05 * speed * seconds + 1


@pytest.mark.parametrize("pressed", [RunLoop.pause, RunLoop.step])
def test_pausing_and_playing_on_at_once_does_not_change_the_speed(
    loop: Watched, pressed: Callable[[RunLoop], None]
) -> None:
    async def scenario() -> tuple[int, float]:
        loop.speed = 50.0
        loop.begin(steps=10**6)
        loop.play()
        for _ in range(3):
            await asyncio.sleep(0.005)
            pressed(loop)
            loop.play()
        return await steps_in(loop, 0.6)

    made, seconds = live(scenario)
    assert made <= 1.1 * 50 * seconds + 1


def test_the_speed_may_change_while_it_plays(loop: Watched) -> None:
    async def scenario() -> list[tuple[int, float]]:
        loop.begin(steps=10**9)
        loop.play()
        made = []
        for speed in (FASTEST, 50.0, FASTEST):
            loop.speed = speed
            await asyncio.sleep(0.03)
            made.append(await steps_in(loop, 0.3))
        loop.cancel()
        return made

    (fast, _), (slow, seconds), (again, _) = live(scenario)
    assert slow <= 50 * seconds * 1.1 + 1
    # Some hundred times as many on a quiet machine; on a busy one the fastest gets a part of the time, 50 a second are
    # few enough to be made in time all the same.
    assert min(fast, again) > 5 * slow


def test_time_lost_is_not_made_up_by_a_burst(loop: Watched) -> None:
    async def scenario() -> int:
        loop.speed = 100.0
        loop.begin(steps=10**6)
        loop.play()
        await asyncio.sleep(0.05)
        time.sleep(0.5)  # the kernel was busy with something else
        before = len(loop.seen)
        await asyncio.sleep(0.05)
        return len(loop.seen) - before

    assert live(scenario) <= 20


@pytest.mark.parametrize("busy", [0.0, 1e-4, 5e-3])
def test_other_tasks_get_their_turns_while_it_runs_flat_out(loop: Watched, busy: float) -> None:
    took: list[float] = []

    async def message() -> None:
        while True:
            await asyncio.sleep(0.01)
            start = time.perf_counter()
            for _ in range(6):  # a message to a kernel passes through several callbacks
                await asyncio.sleep(0)
            took.append(time.perf_counter() - start)

    async def scenario() -> float:
        loop.begin(steps=10**9, busy=busy)
        task = asyncio.get_running_loop().create_task(message())
        loop.play()
        start = time.thread_time()
        await until(lambda: len(took) > 11)
        task.cancel()
        loop.cancel()
        return time.thread_time() - start

    seconds = live(scenario)
    assert sum(took) / len(took) < 0.05
    assert loop.training_seconds > 0.5 * seconds, "and yet it trains most of the time"


@pytest.mark.parametrize(("kept_waiting", "shortest", "longest"), [(True, 0.015, 0.1), (False, 0.0, 0.01)])
def test_it_rests_as_long_as_it_was_kept_from_the_processor(
    loop: Watched, monkeypatch: pytest.MonkeyPatch, kept_waiting: bool, shortest: float, longest: float
) -> None:
    # Slices of 20 ms or more in which the thread had no processor, or had it all the time.
    monkeypatch.setattr(time, "thread_time", (lambda: 0.0) if kept_waiting else time.perf_counter)
    rests: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        rests.append(seconds)
        await sleep(seconds)

    async def scenario() -> None:
        loop.begin(steps=10**9, busy=0.02)
        monkeypatch.setattr(asyncio, "sleep", noted)
        loop.play()
        await until(lambda: len(loop.seen) > 5)
        loop.cancel()

    live(scenario)
    assert shortest < max(rests) <= longest


# ---- failure ----


@pytest.mark.parametrize("how", ["play", "step", "forward"])
def test_an_exception_ends_in_failed_with_its_traceback(loop: Watched, how: str) -> None:
    async def scenario() -> None:
        loop.begin(fails_at=3)
        for _ in range(4):
            {"play": loop.play, "step": loop.step, "forward": lambda: loop.forward(9)}[how]()
        await until(lambda: loop.state is FAILED)

    live(scenario)
    assert loop.steps == [0, 1, 2], "what came before it is kept"
    assert isinstance(loop.error, ValueError)
    assert "Traceback" in loop.failure
    assert "boom at 3" in loop.failure
    loop.begin()
    assert (loop.state, loop.error, loop.failure) == (IDLE, None, "")
    assert loop.steps[3:] == [0]


def test_an_exception_at_the_first_measurement(loop: Watched) -> None:
    loop.begin(fails_at=0)
    assert (loop.state, loop.steps, loop.states) == (FAILED, [], [FAILED])
    loop.begin()
    assert (loop.state, loop.steps) == (IDLE, [0])


def test_an_exception_of_the_one_who_takes_the_measurements_ends_in_failed_too() -> None:
    def refuse(measurements: list[Measurement]) -> None:
        if measurements[-1].step >= 1:
            raise KeyError("no such trace")

    loop = RunLoop(refuse, lambda: None)
    loop.load(Run(Count(), Lanes([CountSettings()])))
    loop.step()
    assert loop.state is FAILED
    assert "no such trace" in loop.failure
