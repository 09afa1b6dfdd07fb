"""The settings of a class that are more than a lab has colours for: trained as lanes of one run, told as numbers."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from lessons.core.run import Run
from widgets.lab.gathered import Gathered
from widgets.lab.glimpse import brief, thinned
from widgets.run.player import Player
from widgets.run.run_loop import State
from widgets.view.view import LabView

TELL_SECONDS = 0.4
MOST_POINTS = 120


class ClassRun:
    """Trains them, and tells how the loss of each goes.

    Args:
        view: The lab's.
        found: The settings.
        tell: Takes a message for the page.
    """

    def __init__(self, view: LabView, found: Gathered, tell: Callable[[dict[str, Any]], None]):
        self._found, self._tell, self._told = found, tell, 0.0
        self._player = Player((), self._measured, self._follow, lambda: None)
        self._player.load(Run(view.experiment, view.lanes(found.settings, found.names)))
        self._player.begin()
        self._player.play()

    def close(self) -> None:
        """End it."""
        self._player.close()

    def _measured(self, _diverged: list[int]) -> None:
        if time.monotonic() - self._told > TELL_SECONDS:
            self._say()

    def _follow(self) -> None:
        if self._player.state in (State.FINISHED, State.FAILED):
            self._say()

    def _say(self) -> None:
        self._told = time.monotonic()
        history, trial = self._player.history, self._player.trial
        loss = history["loss"]
        rows = thinned(len(loss), MOST_POINTS)
        shown = loss[rows].astype(float)
        for lane, end in enumerate(trial.ends):
            if end is not None:
                shown[rows >= end, lane] = np.nan
        self._tell(
            {
                "type": "class_run",
                "steps": trial.steps,
                "x": rows.tolist(),
                "loss": [brief(lane) for lane in shown.T],
                "ends": trial.ends,
                "counts": self._found.counts,
                "unusable": self._found.unusable,
                "setting": self._setting(),
                "failed": self._player.state is State.FAILED,
            }
        )

    def _setting(self) -> dict[str, Any] | None:
        """What they differ in, and each one's value of it."""
        field = self._found.compared
        if field is None:
            return None
        values = [float(getattr(each, field.name)) for each in self._found.settings]
        return {"label": field.label, "log": field.scale == "log", "values": values}
