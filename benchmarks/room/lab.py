"""A lab as a headless page holds it: the panel's state, and whether its figures show what was asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from benchmarks.room.figure import HeadlessFigure
from benchmarks.room.seen import Move, Seen
from lessons.core.written_number import written

STEPS = 20_000
FIELD = "learning_rate"


class HeadlessLab:
    """Does what control_panel.js does, and watches the lab's figures.

    Args:
        panel: State of the panel's model.
        figure: The lab's figures.
        send: Sends a command.
        seen: Where it is noted what happens.
    """

    def __init__(
        self, panel: dict[str, Any], figure: HeadlessFigure, send: Callable[[dict[str, Any]], None], seen: Seen
    ):
        self._panel, self._send, self._seen = panel, send, seen
        self._taken = False
        self._watched = False
        self.move: Move | None = None
        figure.on_drawable = self._drawable

    @property
    def state(self) -> str:
        """The state of the run."""
        return self._panel["transport"]["state"]

    @property
    def trains(self) -> bool:
        """Tell whether its run waits for Play, goes as fast as it can, and takes another learning rate on the way."""
        hot = {field["name"]: field["hot"] for field in self._panel["fields"]}
        return (
            hot.get(FIELD, False)
            and "steps" in hot
            and self.state == "idle"
            and self._panel["transport"]["speed"] == "fastest"
        )

    @property
    def value(self) -> float:
        """The learning rate of the selected lane."""
        return self._lane["values"][FIELD]

    def watch(self) -> None:
        """Note frames and steps from now on."""
        self._watched = True

    def play(self) -> None:
        """Press Play."""
        self._send({"do": "play"})

    def lengthen(self) -> None:
        """Ask for a long run."""
        most = next(field["high"] for field in self._panel["fields"] if field["name"] == "steps")
        self._set("steps", int(min(most, STEPS)))

    def slide(self, value: float) -> None:
        """Move the slider of the learning rate."""
        self.move, self._taken = Move(value, time.time()), False
        self._seen.moves.append(self.move)
        self._set(FIELD, value)

    def update(self, changes: dict[str, Any]) -> None:
        """Take a change of the panel's state."""
        self._panel.update(changes)
        if self._watched and "transport" in changes:
            self._seen.transport(time.time(), self.state, changes["transport"]["step"])
        if self.move is not None and self.value == self.move.value:
            self._taken = True
        if text := changes.get("refusal", {}).get("text"):
            self._seen.troubles.append(f"Refused: {text}")

    @property
    def _lane(self) -> dict[str, Any]:
        return self._panel["lanes"][self._panel["selected"]]

    def _set(self, field: str, value: float) -> None:
        self._send({"do": "set", "field": field, "value": value, "lane": self._panel["selected"]})

    def _drawable(self, operations: list[list[Any]]) -> None:
        now = time.time()
        if self._seen.first_curve is None and any(operation[0] in ("extend", "replace") for operation in operations):
            self._seen.first_curve = now - self._seen.asked
        if self._watched:
            self._seen.frame(now)
        if self.move is not None and self._taken and shows(operations, self.move.value):
            self.move.shown, self.move = now, None


def shows(operations: list[list[Any]], value: float) -> bool:
    """Tell whether a message to a figure shows a new value: by the mark of the change, or by the start of a new run."""
    kinds = {operation[0] for operation in operations}
    layouts = [operation[2] for operation in operations if operation[0] == "layout"]
    notes = [note["text"] for layout in layouts for note in layout.get("annotations", [])]
    return {"clear", "extend"} <= kinds or any(text.endswith(f" → {written(value)}") for text in notes)
