"""An action that is put off for a moment."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Later:
    """Carries out an action some time after it was asked for; at once where no event loop runs, as in a script.

    Args:
        seconds: How long after.
        ready: Asked then; while it is not, the action is put off again.
    """

    def __init__(self, seconds: float, ready: Callable[[], bool] = lambda: True):
        self._seconds, self._ready = seconds, ready
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
            asyncio.get_running_loop()
        except RuntimeError:
            action()
        else:
            self._action = action
            self._wait()

    def _wait(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._ring)

    def _ring(self) -> None:
        if self._ready():
            self.now()
        else:
            self._wait()

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
