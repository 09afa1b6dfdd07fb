"""Answers that are dear: one after the other, however often they are asked for."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Hashable


class Spaced:
    """Lets some seconds pass between what it carries out. What is asked for meanwhile waits for its turn, once.

    A page asks for plotly.js, a whole figure or a file with a hundred bytes and gets up to megabytes; a client that
    asks five hundred times is answered as one that asks a few times. Where no event loop runs there is no client, and
    everything is carried out at once.

    Args:
        seconds: Least time from one to the next.
    """

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._free_at = float("-inf")
        self._waiting: dict[Hashable, Callable[[], None]] = {}
        self._timer: asyncio.TimerHandle | None = None

    def ask(self, name: Hashable, action: Callable[[], None]) -> None:
        """Carry out an action, now or when it may be; one of the same name that waits is replaced."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            action()
            return
        self._waiting[name] = action
        if self._timer is None:
            self._next(loop)

    def _next(self, loop: asyncio.AbstractEventLoop) -> None:
        wait = self._free_at - time.monotonic()
        if wait > 0:
            self._timer = loop.call_later(wait, self._turn, loop)
            return
        action = self._waiting.pop(next(iter(self._waiting)))
        self._free_at = time.monotonic() + self._seconds
        if self._waiting:
            self._timer = loop.call_later(self._seconds, self._turn, loop)
        action()

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        if self._waiting:
            self._next(loop)
