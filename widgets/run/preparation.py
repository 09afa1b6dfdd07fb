"""Computes what takes long before it is drawn, in slices between which the kernel handles messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from lessons.core.parts import InParts
from widgets.run.one_thread import one_thread
from widgets.run.run_loop import SLICE_SECONDS, plays, rest


class Preparation:
    """Computes slow snapshots (`Measurement.snapshots`) until all are ready.

    Args:
        on_done: Called when they are.
        on_failed: Called with an exception of theirs instead.
    """

    def __init__(self, on_done: Callable[[], None], on_failed: Callable[[Exception], None]):
        self._on_done, self._on_failed = on_done, on_failed
        self._task: asyncio.Task[None] | None = None

    @property
    def busy(self) -> bool:
        """True if something is being computed."""
        return self._task is not None

    def needed(self, slow: Sequence[InParts]) -> bool:
        """Return True if these have to be waited for; begins with them unless it is busy.

        In a script nothing waits: there they are computed when they are asked for.
        """
        if not self.busy and slow and plays():
            self._task = asyncio.get_running_loop().create_task(self._work(slow))
        return self.busy

    def cancel(self) -> None:
        """Nobody waits any more."""
        if self._task is not None:
            self._task.cancel()
            self._task = None

    async def _work(self, slow: Sequence[InParts]) -> None:
        task = asyncio.current_task()
        try:
            while not _compute(slow):
                await rest()
        except Exception as error:  # shown in the lab, never lost in a task
            self._task = None
            self._on_failed(error)
            return
        if self._task is task:
            self._task = None
            self._on_done()


@one_thread()
def _compute(slow: Sequence[InParts]) -> bool:
    """Compute for the time of a slice; return whether all is ready."""
    deadline = time.perf_counter() + SLICE_SECONDS
    for each in slow:
        while not each.ready:
            each.advance()
            if time.perf_counter() > deadline:
                return all(other.ready for other in slow)
    return True
