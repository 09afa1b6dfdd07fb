"""The views of a lab on pages, which say that they are there, and goodbye."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

# A view that moves to another place on its page says goodbye in the one and hello in the other.
LEFT_SECONDS = 10.0
# A browser lets a hidden page speak once a minute, and a page may be frozen for as long.
SILENT_SECONDS = 180.0
MOST_VIEWS = 50


class Views:
    """Notices that the last view of a lab has gone.

    A view goes with its output: when its cell is run again, cleared or deleted. Silence is no goodbye: a page may be
    hidden, frozen or without a connection, and its lab trains on. But a view that has been silent for long does not
    count when another one says goodbye: its page may have been closed without a word.

    Args:
        on_left: Called some seconds after the last view has said goodbye, if none has come since.
    """

    def __init__(self, on_left: Callable[[], None]):
        self._on_left = on_left
        self._heard: dict[str, float] = {}
        self._leaving: asyncio.TimerHandle | None = None

    def here(self, view: str) -> None:
        """Note that a view is there."""
        self._stay()
        self._heard.pop(view, None)
        self._heard[view] = time.monotonic()
        if len(self._heard) > MOST_VIEWS:
            del self._heard[next(iter(self._heard))]

    def goodbye(self, view: str) -> None:
        """Note that a view has gone; one that never was there says nothing."""
        if self._heard.pop(view, None) is None:
            return
        silent = time.monotonic() - SILENT_SECONDS
        if not any(heard > silent for heard in self._heard.values()):
            self._stay()
            self._leaving = asyncio.get_running_loop().call_later(LEFT_SECONDS, self._on_left)

    def _stay(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None
