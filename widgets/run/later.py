"""An action that is put off for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Later:
    """Carries out an action some time after it was asked for; at once where no event loop runs, as in a script.

    Args:
        seconds: How long after.
    """

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._timer: asyncio.TimerHandle | None = None
        self._action: Callable[[], None] = lambda: None

    @property
    def due(self) -> bool:
        """True if an action waits."""
        return self._timer is not None

    def ask(self, action: Callable[[], None]) -> None:
        """Put an action off, in place of one that waits."""
        self.cancel()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            action()
        else:
            self._action, self._timer = action, loop.call_later(self._seconds, self.now)

    def now(self) -> None:
        """Carry out what waits."""
        if self.cancel():
            self._action()

    def cancel(self) -> bool:
        """Drop what waits; return True if something did."""
        if self._timer is None:
            return False
        self._timer.cancel()
        self._timer = None
        return True
