"""A run that plays: its measurements so far, and what takes long and is to be seen before it goes on."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import cast

from lessons.core.experiment import Measurement
from lessons.core.history import History
from lessons.core.run import Run
from widgets.run.preparation import Preparation
from widgets.run.run_loop import FASTEST, RunLoop, State
from widgets.run.trial import Trial


class Player:
    """Plays one run after the other, in a lab or behind a question.

    Args:
        slow: Names of snapshots that are computed in parts (`LabView.slow`).
        on_measured: Called after measurements, with the lanes that diverged in them.
        on_state: Called after each change of state.
        on_complete: Called when all that was slow has been computed.
        trains: See `LabView.trains`.

    Attributes:
        loop: The clock: speed, allowance, failure.
    """

    def __init__(
        self,
        slow: Sequence[str],
        on_measured: Callable[[list[int]], None],
        on_state: Callable[[], None],
        on_complete: Callable[[], None],
        trains: bool = True,
    ):
        self.loop = RunLoop(self._take, on_state)
        self._slow, self._trains, self._on_measured = slow, trains, on_measured
        self._preparation = Preparation(on_complete, self.loop.fail)
        self.loop.waits = lambda: self.prepares
        self._trial: Trial | None = None
        self._since, self._step = 0.0, 0

    @property
    def trial(self) -> Trial:
        """The run with all that is known of it, once there is one."""
        return cast(Trial, self._trial)

    @property
    def history(self) -> History:
        """The measurements so far."""
        return History() if self._trial is None else self._trial.history

    @property
    def state(self) -> State:
        """The state of the run."""
        return self.loop.state

    @property
    def speed(self) -> float:
        """Steps a second; `FASTEST` for as many as it can."""
        return self.loop.speed

    @speed.setter
    def speed(self, speed: float) -> None:
        self.loop.speed = speed
        self._count_from_here()

    @property
    def rate(self) -> float:
        """Steps a second since it began to play, or 0 where that says nothing."""
        elapsed = time.perf_counter() - self._since
        return (self.trial.run.step - self._step) / elapsed if self.state is State.RUNNING and elapsed > 0.1 else 0.0

    def _count_from_here(self) -> None:
        self._since, self._step = time.perf_counter(), 0 if self._trial is None else self._trial.run.step

    def play(self, until: int | None = None, pace: float = FASTEST) -> None:
        """Go on by itself, to a step at so many steps a second, or to the end, wherever it was to wait before."""
        self.loop.stop_at, self.loop.pace = until, pace
        self._count_from_here()
        self.loop.play()

    def load(self, run: Run, past: History | None = None) -> None:
        """Take another run; nothing of it is measured yet.

        Args:
            run: The run.
            past: See `Trial`.
        """
        self.close()
        self._trial = Trial(run, past, self._trains)

    def begin(self) -> None:
        """Make the first measurement."""
        self.loop.load(self.trial.run)

    def close(self) -> None:
        """End the run, and what is computed of it."""
        self.loop.cancel()
        self._preparation.cancel()

    def unload(self) -> None:
        """End the run, and forget it."""
        self.close()
        self._trial = None

    @property
    def prepares(self) -> bool:
        """True if something slow is being computed: the run and its figures wait."""
        return self.loop.begins or self._preparation.busy

    def complete(self) -> bool:
        """Return True if all that is slow has been computed; begins with it if not."""
        return not self._preparation.needed(self.history.unfinished(self._slow))

    def _take(self, measurements: Sequence[Measurement]) -> None:
        self._on_measured(self.trial.take(measurements))
