"""A recorded run, moment by moment, in bounded size."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

# Of one run: 240 KB as float32.
MOST_NUMBERS = 60_000


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
        return {"moments": [each for each, _ in kept], "numbers": _encoded([numbers for _, numbers in kept])}


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
    """The count of numbers that an operation takes."""
    match operation:
        case ["extend", _, _, count, *_]:
            return 2 * int(count)
        case ["replace", _, _, count, *_]:
            return int(count)
    return 0


def as_difference(run: dict[str, Any], base: dict[str, Any]) -> dict[str, Any]:
    """Return a record (`Moments.as_json`) without what it has in common with another of the same steps.

    An operation that the other record has at the same moment, with the same numbers, becomes ["same", its place there].
    What else is shown stands here where the other record does not note the same at the same moment.
    """
    moments: list[dict[str, Any]] = []
    numbers: list[np.ndarray] = []
    now: dict[str, Any] = {}
    for (moment, parts), (known, known_parts) in zip(_by_moment(run), _by_moment(base), strict=True):
        places = {json.dumps([op, part.tobytes().hex()]): place for place, (op, part) in enumerate(known_parts)}
        found = [(op, part, places.get(json.dumps([op, part.tobytes().hex()]))) for op, part in parts]
        own = [part for _, part, place in found if place is None]
        ops = [op if place is None else ["same", place] for op, _, place in found]
        now |= moment["shown"]
        noted = {*moment["shown"], *known["shown"]}
        shown = {name: now[name] for name in noted if known["shown"].get(name, ...) != now[name]}
        rest = {name: value for name, value in moment.items() if name not in ("ops", "count", "shown")}
        moments.append({**rest, **({"ops": ops} if ops else {}), "count": sum(map(len, own)), "shown": shown})
        numbers += own
    return {**run, "moments": moments, "numbers": _encoded(numbers)}


def _by_moment(run: dict[str, Any]) -> Iterator[tuple[dict[str, Any], list[tuple[list[Any], np.ndarray]]]]:
    """Each moment of a record, and its operations with the numbers they take."""
    numbers, at = np.frombuffer(base64.b64decode(run["numbers"]), "<f4"), 0
    for moment in run["moments"]:
        parts = []
        for op in moment.get("ops", []):
            parts.append((op, numbers[at : at + numbers_of(op)]))
            at += numbers_of(op)
        yield moment, parts


def _encoded(numbers: Sequence[np.ndarray]) -> str:
    together = np.concatenate([np.empty(0), *numbers]).astype("<f4")
    return base64.b64encode(together.tobytes()).decode()
