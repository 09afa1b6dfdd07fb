"""Watches a figure as a browser does, and keeps what it is sent."""

from __future__ import annotations

import asyncio
import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from widgets.figure.live_figure import LiveFigure

POLL_SECONDS = 0.01
PATIENCE_SECONDS = 600.0


class Viewer:
    """The browser's end of a figure: takes what is sent to it, and has drawn it at once."""

    def __init__(self, figure: LiveFigure):
        self._figure = figure
        self._taken: list[tuple[dict[str, Any], np.ndarray]] = []
        figure.send = self._take  # type: ignore[method-assign]

    def hello(self) -> None:
        """Ask for everything."""
        self._say({"type": "hello"})

    async def taken(self) -> dict[str, Any]:
        """Return what has come since the last call, as one message; `figures` if these are others."""
        for _ in range(4):  # acknowledgements, and what waits for them
            await asyncio.sleep(0)
        found, self._taken = self._taken, []
        message: dict[str, Any] = {"ops": []}
        numbers: list[np.ndarray] = []
        for content, values in found:
            if content["type"] == "state":
                message, numbers = {"figures": content["figures"], "ops": []}, []
            message["ops"] += content["ops"]
            numbers.append(values)
        return {**message, "numbers": np.concatenate([np.empty(0), *numbers])}

    def _take(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        if content["type"] in ("state", "frame"):
            # A copy: what is on its way to a browser is written down at once, and the figure goes on changing.
            self._taken.append((copy.deepcopy(content), np.frombuffer((buffers or [b""])[0])))
            asyncio.get_running_loop().call_soon(self._say, {"type": "ack", "n": content["n"]})

    def _say(self, content: dict[str, Any]) -> None:
        self._figure._receive(self._figure, content, [])


def stops(steps: int, first: int, parts: int) -> Sequence[int]:
    """The steps at which parts of a record end: one by one at first, then evenly to the last."""
    rest = np.linspace(first, steps, parts + 1) if steps > first else [steps]
    return sorted({*range(1, min(first, steps) + 1), *(int(step) for step in rest)})


async def until(true: Callable[[], bool]) -> None:
    """Wait for something.

    Raises:
        TimeoutError: If it does not come in ten minutes.
    """
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while not true():
        if asyncio.get_running_loop().time() > deadline:
            raise TimeoutError("A lab did not come to rest in ten minutes.")
        await asyncio.sleep(POLL_SECONDS)
