"""The bell of the room: it rings some seconds after the last student has begun to train."""

from __future__ import annotations

import asyncio
import contextlib
import time


class Bell:
    """Counts the students who train or have given up; all train together from `begin` to `end` (seconds, epoch).

    Args:
        students: How many there are.
        seconds: How long they train together.
    """

    def __init__(self, students: int, seconds: float):
        self._missing, self._seconds = students, seconds
        self._begun, self._over = asyncio.Event(), asyncio.Event()
        self.begin = self.end = 0.0

    def settled(self) -> None:
        """Note that one more student trains, or never will."""
        self._missing -= 1
        if self._missing == 0:
            self.begin, self.end = time.time(), time.time() + self._seconds
            self._begun.set()
            asyncio.get_running_loop().call_later(self._seconds, self._over.set)

    async def begun(self) -> None:
        """Wait until all train."""
        await self._begun.wait()

    @property
    def rung(self) -> bool:
        """Tell whether the lesson is over."""
        return self._over.is_set()

    async def rest(self, seconds: float) -> None:
        """Sleep; not beyond the bell."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._over.wait(), seconds)
