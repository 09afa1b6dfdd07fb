"""A slider that is being dragged, each of whose values begins another run."""

from __future__ import annotations

import time

# While a drag goes on that started the run again, each of its values does: the run in the end has one value only.
DRAG_SECONDS = 0.6


class Drag:
    """Remembers which slider last began another run, and when."""

    def __init__(self) -> None:
        self._last: tuple[int, str, float] | None = None

    def began(self, lane: int, field: str) -> None:
        """Note that a value of this slider begins another run."""
        self._last = (lane, field, time.perf_counter())

    def end(self) -> None:
        """Note that a button was pressed: the slider that moved before does not any more."""
        self._last = None

    def goes_on(self, lane: int, field: str) -> bool:
        """Return True if this is the slider whose last value began another run, a moment ago."""
        if self._last is None or self._last[:2] != (lane, field):
            return False
        return time.perf_counter() - self._last[2] < DRAG_SECONDS
