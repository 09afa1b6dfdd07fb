"""The browser's end of a live figure, without the drawing: counts, checks the order, and acknowledges."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from widgets.record.moments import numbers_of

# One animation frame, and what plotly.js takes to draw.
DRAW_SECONDS = 0.03


class HeadlessFigure:
    """Does what live_figure.js does with states and frames.

    Args:
        send: Sends a custom message to the figure's model.
        pen: Held while drawing: a page draws its figures one after the other.
        trouble: Takes a sentence about a message that is missing or out of order.
    """

    def __init__(self, send: Callable[[dict[str, Any]], None], pen: asyncio.Lock, trouble: Callable[[str], None]):
        self._send, self._pen, self._trouble = send, pen, trouble
        self._waiting: list[int] = []
        self._drawing: asyncio.Task[None] | None = None
        self._newest: int | None = None
        self.on_drawable: Callable[[list[list[Any]]], None] = lambda operations: None

    def greet(self) -> None:
        """Ask for everything that is shown."""
        self._send({"type": "hello"})

    def take(self, message: dict[str, Any], buffers: Any) -> None:
        """Take a custom message; frames before the first state belong to figures that were never seen."""
        kind, number = message.get("type"), message.get("n")
        if kind not in ("state", "frame") or (self._newest is None and kind == "frame"):
            return
        if self._newest is not None and number != self._newest + 1:
            self._trouble(f"A figure's message {number} came after {self._newest}.")
        wanted = 8 * sum(numbers_of(operation) for operation in message["ops"])
        if sum(map(len, buffers)) != wanted:
            self._trouble(f"A figure's message {number} has not the numbers that it tells of.")
        self._newest = number
        self._waiting.append(number)
        self.on_drawable(message["ops"])
        if self._drawing is None or self._drawing.done():
            self._drawing = asyncio.create_task(self._draw())

    async def _draw(self) -> None:
        while self._waiting:
            async with self._pen:
                await asyncio.sleep(DRAW_SECONDS)
            # What came while it was waiting is drawn with it.
            newest, self._waiting = self._waiting[-1], []
            self._send({"type": "ack", "n": newest})

    def close(self) -> None:
        """Stop drawing."""
        if self._drawing is not None:
            self._drawing.cancel()
