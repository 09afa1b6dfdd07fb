"""Drives a run on the kernel's own event loop: play, pause, step, speed, cancel."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import Callable
from enum import StrEnum
from typing import cast

from lessons.core.experiment import Measurement
from lessons.core.run import Run
from widgets.run.one_thread import one_thread

SLICE_SECONDS = 0.012
# A first measurement that takes no longer is made at once: nobody notices, and no figure is empty for a moment.
FIRST_SECONDS = 0.02
REST_SECONDS = 0.001
MOST_REST_SECONDS = 0.1
AWAIT_SECONDS = 0.05  # how often to ask for what is computed elsewhere
# A message to the kernel passes through several callbacks of the event loop; one a slice would take as many slices.
TURNS = 6
FASTEST = float("inf")


class State(StrEnum):
    """The state of a run loop."""

    IDLE = "idle"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"


class RunLoop:
    """Advances one run at a time, in slices of about 12 ms between which the kernel handles messages.

    While it plays, a step that takes longer is made in parts, and a slice may end between two of them. Paused there the
    run waits with its measurement half made; nobody sees anything of it. A step that is asked for is made at once, and
    is that one, if one is half made; so it is on the way `forward`. So is a first measurement, whatever the state, and
    it goes on by itself.

    Args:
        on_measurements: Called with the measurements of each slice, in order, and never with those of an older run.
        on_state: Called after each change of state.

    Attributes:
        speed: Steps a second; `FASTEST` for as many as it can.
        stop_at: Step at which to pause once, or None.
        pace: Steps a second on the way to `stop_at`.
        allowance: Seconds after which a run that plays is paused.
        on_allowance_spent: Called when that has happened.
        waits: Asked before each slice whether to wait with it, for what is to be seen before the run goes on.
        begins: Whether the first measurement is still being made.
        failure: Traceback of the exception that ended the run in state FAILED.
    """

    def __init__(
        self,
        on_measurements: Callable[[list[Measurement]], None],
        on_state: Callable[[], None],
    ):
        self.state = State.IDLE
        self.speed = FASTEST
        self.stop_at: int | None = None
        self.pace = FASTEST
        self.allowance = float("inf")
        self.on_allowance_spent: Callable[[], None] = lambda: None
        self.waits: Callable[[], bool] = lambda: False
        self.begins = False
        self.failure = ""
        self.error: Exception | None = None
        self.training_seconds = 0.0
        self._on_measurements = on_measurements
        self._on_state = on_state
        self._run: Run | None = None
        self._task: asyncio.Task[None] | None = None
        self._awaits = False

    def load(self, run: Run) -> None:
        """Take another run and make its first measurement. The one before is closed.

        Where an event loop runs a long one only begins here, and goes on in slices.
        """
        self.cancel()
        self._run, self.stop_at, self._awaits = run, None, False
        self.failure, self.error = "", None
        self.begins = True
        self._make_first(in_parts=plays(), seconds=FIRST_SECONDS)
        if self.begins:
            self._task = _event_loop().create_task(self._begin())
            self._enter(State.IDLE)

    def play(self) -> None:
        """Run until paused or finished.

        Raises:
            RuntimeError: If no event loop runs, as in a script; steps can be made there, but nothing plays by itself.
        """
        if self.state in (State.IDLE, State.PAUSED):
            self._task = _event_loop().create_task(self._drive())
            self._enter(State.RUNNING)

    def pause(self) -> None:
        """Stop, also in the middle of a step that takes long; a run that was forwarded waits where it is."""
        self.stop_at = None
        forwarded = self.state is State.IDLE and self._run is not None and self._run.step > 0
        if self.state is State.RUNNING or forwarded:
            self._enter(State.PAUSED)

    def fail(self, error: Exception) -> None:
        """End the run in state FAILED."""
        self.error, self.failure, self.begins = error, "".join(traceback.format_exception(error)), False
        self._enter(State.FAILED)

    def finish(self) -> None:
        """End the run where it is."""
        if self.state in (State.RUNNING, State.PAUSED, State.IDLE):
            self._enter(State.FINISHED)

    def step(self) -> None:
        """Make one update, and pause if the run was playing."""
        self.pause()
        self.end_begin()
        if self.state in (State.IDLE, State.PAUSED):
            self._advance(1)
            if self.state in (State.IDLE, State.PAUSED):
                self._enter(State.PAUSED)

    def end_step(self) -> None:
        """Make what is left of a step that is half made, so that the log of changes ends where the measurements do."""
        self.end_begin()
        if self._run is not None and self._run.partway:
            self._advance(1)

    def end_begin(self) -> None:
        """Make what is left of the first measurement."""
        if self.begins:
            self._make_first()

    def forward(self, step: int) -> None:
        """Advance to a step at once, without a rest: for short runs and for replays."""
        self.end_begin()
        while self.state in (State.IDLE, State.PAUSED) and self._run is not None and self._run.step < step:
            self._advance(step - self._run.step)
            if self._awaits:
                return

    def cancel(self) -> None:
        """Close the run, if there is one."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if self._run is not None:
            self._run.close()
            self._run = None
        self.state, self.begins = State.IDLE, False

    async def _begin(self) -> None:
        task = asyncio.current_task()
        while self.begins and self._task is task:
            wall, own = time.perf_counter(), time.thread_time()
            self._make_first(in_parts=True)
            await rest(max(REST_SECONDS, min(_waited(wall, own), MOST_REST_SECONDS)))

    def _make_first(self, in_parts: bool = False, seconds: float = SLICE_SECONDS) -> None:
        """Make the first measurement, or what fits into a slice of it, and leave the state as it is."""
        before = self.state
        self._advance(1, in_parts, seconds)
        if not self.begins and self.state is not State.FAILED:
            self._enter(before)

    async def _drive(self) -> None:
        await self._begin()
        due, last, task = 0.0, time.perf_counter(), asyncio.current_task()
        spent_at = last + self.allowance
        while self.state is State.RUNNING and self._task is task:  # another drives since, if it paused and went on
            # How many steps the speed asks for by now.
            now = time.perf_counter()
            due, last = self._due(due, now - last), now
            waited = 0.0
            if due >= 1 and not self.waits():
                wall, own = time.perf_counter(), time.thread_time()
                due -= self._advance(due, in_parts=True)
                waited = _waited(wall, own)
            # Somebody asked to stop here, or the run has had its time.
            if self._stop_reached():
                self.pause()
            elif now > spent_at and self.state is State.RUNNING:
                self.pause()
                self.on_allowance_spent()
            # The kernel's turn.
            await rest(max(self._rest(due), min(waited, MOST_REST_SECONDS)))

    def _rest(self, due: float) -> float:
        """Seconds until the next slice."""
        if self._awaits:
            return AWAIT_SECONDS
        return REST_SECONDS if due >= 1 else min(1 / self.speed, 0.02)

    def _due(self, due: float, elapsed: float) -> float:
        """Steps to make now. Time lost to a slow step is not made up by a burst."""
        speed = self.speed if self.stop_at is None else self.pace
        if speed == FASTEST:
            return FASTEST
        return min((0.0 if due == FASTEST else due) + elapsed * speed, max(1.0, speed * 0.1))

    @one_thread()
    def _advance(self, most: float, in_parts: bool = False, seconds: float = SLICE_SECONDS) -> int:
        """Make up to `most` steps within one slice and report them; return how many.

        Args:
            most: How many.
            in_parts: Whether the slice may end in the middle of a step. Else at least one step is made.
            seconds: Length of the slice.
        """
        measurements: list[Measurement] = []
        following = None
        try:
            try:
                self._slice(measurements, most, in_parts, seconds)
            except StopIteration:
                following, self.begins = State.FINISHED, False
            finally:  # what was measured before an error counts
                if measurements:
                    self._on_measurements(measurements)
        except Exception as error:  # whatever goes wrong in an experiment is shown in the lab, never lost in a task
            self.fail(error)
        if following is not None:
            self._enter(following)
        return len(measurements)

    def _slice(self, measurements: list[Measurement], most: float, in_parts: bool, seconds: float) -> None:
        start, deadline = time.thread_time(), time.perf_counter() + seconds
        run = cast(Run, self._run)
        try:
            while len(measurements) < most and not self._stop_reached():
                measured = run.part() if in_parts else next(run)
                self._awaits = measured is None and not run.partway
                self.begins &= run.partway
                if measured is not None:
                    measurements.append(measured)
                elif self._awaits:
                    return
                if time.perf_counter() > deadline:
                    return
        finally:
            self.training_seconds += time.thread_time() - start

    def _stop_reached(self) -> bool:
        return self.stop_at is not None and cast(Run, self._run).step >= self.stop_at

    def _enter(self, state: State) -> None:
        self.state = state
        if state is State.PAUSED:
            cast(Run, self._run).hold()
        self._on_state()


async def rest(seconds: float = REST_SECONDS) -> None:
    """Let the kernel handle messages."""
    await asyncio.sleep(seconds)
    for _ in range(TURNS):
        await asyncio.sleep(0)


def _waited(wall: float, own: float) -> float:
    """Seconds for which others have had the processor since the thread's clocks stood there.

    The kernel's threads that carry messages wait for the interpreter's lock. On a machine that many share, the lock
    is held by a training that waits for the processor; a rest as long as that lets the messages through, and costs
    nothing, for others train in it.
    """
    return time.perf_counter() - wall - (time.thread_time() - own)


def _event_loop() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError(
            "A lab plays in a notebook, where an event loop runs; a script takes its experiment, as in "
            "`for measurement in lab.view.experiment.run(lab.run.lanes)`."
        ) from None


def plays() -> bool:
    """True if a run can play here; in a script it is made at once."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
