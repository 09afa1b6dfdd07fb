"""Watches a figure as a browser does, and keeps what it is sent."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from widgets.live_figure import LiveFigure

POLL_SECONDS = 0.01
PATIENCE_SECONDS = 600.0
# Of one run: 240 KB as float32.
MOST_NUMBERS = 60_000


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
            self._taken.append((content, np.frombuffer((buffers or [b""])[0])))
            asyncio.get_running_loop().call_soon(self._say, {"type": "ack", "n": content["n"]})

    def _say(self, content: dict[str, Any]) -> None:
        self._figure._receive(self._figure, content, [])


class Moments:
    """A run as it is seen, moment by moment: the figures' messages, and other things where they change."""

    def __init__(self) -> None:
        self._moments: list[dict[str, Any]] = []
        self._numbers: list[np.ndarray] = []
        self._shown: dict[str, Any] = {}

    def note(self, step: int, message: dict[str, Any], shown: dict[str, Any]) -> None:
        """Add a moment.

        Args:
            step: The step at which it is.
            message: Of the figures (`Viewer.taken`).
            shown: Other things on the page, by name; noted where they are not as before.
        """
        numbers = message.pop("numbers")
        changed = {name: value for name, value in shown.items() if self._shown.get(name, ...) != value}
        self._shown |= changed
        self._numbers.append(numbers)
        drawn = message if message["ops"] or "figures" in message else {}
        self._moments.append({"step": step, **drawn, "count": len(numbers), "shown": changed})

    def as_json(self) -> dict[str, Any]:
        """Return the moments, and the numbers of all of them as float32 in base64.

        Of a run with many numbers, whole arrays that replace each other come at every second, third … moment only.
        """
        every = -(-sum(map(len, self._numbers)) // MOST_NUMBERS)
        thinned = _Thinned(max(every, 1))
        kept = [
            thinned.moment(moment, numbers, index == len(self._moments) - 1)
            for index, (moment, numbers) in enumerate(zip(self._moments, self._numbers, strict=True))
        ]
        together = np.concatenate([np.empty(0), *(numbers for _, numbers in kept)]).astype("<f4")
        return {"moments": [each for each, _ in kept], "numbers": base64.b64encode(together.tobytes()).decode()}


class _Thinned:
    """Leaves out arrays that a later moment replaces; those that hold are brought by the next moment that is kept."""

    def __init__(self, every: int):
        self._every, self._count = every, 0
        self._due: dict[tuple[Any, ...], tuple[list[Any], np.ndarray]] = {}

    def moment(self, moment: dict[str, Any], numbers: np.ndarray, last: bool) -> tuple[dict[str, Any], np.ndarray]:
        """Return a moment with what it keeps of its operations and numbers."""
        kept: list[tuple[list[Any], np.ndarray]] = []
        if "figures" in moment:
            self._due.clear()
        at = 0
        for operation in moment.get("ops", []):
            size = numbers_of(operation)
            part, at = numbers[at : at + size], at + size
            if operation[0] == "clear":
                self._due.clear()
            if operation[0] == "replace":
                figure, trace, _count, key = operation[1:5]
                self._due[figure, trace, key] = operation, part
            else:
                kept.append((operation, part))
        if self._count % self._every == 0 or last or "figures" in moment:
            kept += self._due.values()
            self._due.clear()
        self._count += 1
        together = np.concatenate([np.empty(0), *(part for _, part in kept)])
        drawn = {"ops": [operation for operation, _ in kept]} if kept else {}
        rest = {name: value for name, value in moment.items() if name not in ("ops", "count")}
        return {**rest, **drawn, "count": len(together)}, together


def numbers_of(operation: list[Any]) -> int:
    """How many numbers an operation takes."""
    match operation:
        case ["extend", _, _, count, *_]:
            return 2 * int(count)
        case ["replace", _, _, count, *_]:
            return int(count)
    return 0


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
