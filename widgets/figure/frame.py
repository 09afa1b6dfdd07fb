"""One frame: the history so far, the rows that are new, and ways to draw them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar, cast

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.core.settings import SettingsT_co
from widgets.figure.covered import CoveredScreen
from widgets.figure.decimate import thin
from widgets.figure.live_figure import POINTS_PER_FRAME, LiveFigure

T = TypeVar("T")


@dataclass(frozen=True)
class Frame(Generic[SettingsT_co]):
    """The numbers that a view draws from.

    Attributes:
        screen: Where to draw.
        history: All measurements of the run.
        start: First row that is new.
        stop: One past the last new row.
        lanes: The lanes of the run, as they are now.
        ends: Per lane, the step at which it diverged, or None.
        changes: Changes in flight so far.
        started_with: Per lane, the settings the run started with.
        selected: The lane that the controls belong to.
    """

    screen: LiveFigure | CoveredScreen
    history: History
    start: int
    stop: int
    lanes: Lanes[SettingsT_co]
    ends: Sequence[int | None]
    changes: Sequence[Change]
    started_with: Sequence[dict[str, Any]]
    selected: int
    _found: dict[Any, Any] = field(default_factory=dict, repr=False, compare=False)

    def once(self, of: Callable[[Frame[SettingsT_co]], T]) -> T:
        """Return what a function makes of this frame; computed once, however many lines show it."""
        if of not in self._found:
            self._found[of] = of(self)
        return cast(T, self._found[of])

    @property
    def gone(self) -> np.ndarray:
        """The lanes that have diverged before this frame's end: bool, shape (K,)."""
        return np.array([end is not None and end < self.stop for end in self.ends])

    def rows(self, lane: int) -> slice:
        """The new rows of a lane, up to the step where it diverged."""
        end = self.ends[lane]
        return slice(self.start, self.stop if end is None else max(self.start, min(self.stop, end + 1)))

    def steps(self, lane: int | None = None, measured: str = "") -> np.ndarray:
        """The new steps, shape (N,).

        Args:
            lane: Up to the step where this lane diverged, if one is given.
            measured: Only those at which this quantity was measured, if one is given.
        """
        rows = slice(self.start, self.stop) if lane is None else self.rows(lane)
        steps = np.arange(rows.start, rows.stop)
        return steps[self.history.measured(measured)[rows]] if measured else steps

    def last(self, lane: int) -> int:
        """The last row of a lane that counts: before it diverged."""
        end = self.ends[lane]
        return self.stop - 1 if end is None else max(0, min(end, self.stop) - 1)

    def timeline(self, lane: int, field: str) -> tuple[np.ndarray, np.ndarray]:
        """A setting over the run: steps and values of a staircase from step 0 to the last step of the run."""
        steps, values = [0.0], [float(self.started_with[lane][field])]
        for change in self.changes:
            if (change.lane, change.field) == (lane, field):
                steps += [change.step, change.step]
                values += [values[-1], float(change.value)]
        return np.array([*steps, self.lanes.shared.steps]), np.array([*values, values[-1]])

    def at_each_step(self, lane: int, field: str) -> np.ndarray:
        """The value of a setting that each update used: shape (steps,), entry t for the update from step t to t + 1."""
        values = np.full(self.lanes.shared.steps, float(self.started_with[lane][field]))
        for change in self.changes:
            if (change.lane, change.field) == (lane, field):
                values[change.step :] = change.value
        return values

    def thinned(self, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Steps and values of a predicted series over the step, few enough for a frame."""
        return thin(np.arange(len(values)), values, POINTS_PER_FRAME, path=True)
