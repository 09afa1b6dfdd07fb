"""Goals of a lab: what a learner may try to make a run do, and why it came about once one has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.record import Change


@dataclass(frozen=True)
class Attempt:
    """A run as a goal reads it.

    Attributes:
        history: Its measurements so far, T steps of K lanes; one at least.
        lanes: Its lanes with their settings as they are now; of a sweep all those that its controls make.
        ends: Per lane, the step at which it diverged, or None.
        changes: What was changed in flight.
        steps: Length of the whole run.
        finished: Whether it has come to its end, or no lane is left.
    """

    history: History
    lanes: Lanes[Any]
    ends: Sequence[int | None]
    changes: Sequence[Change]
    steps: int
    finished: bool

    def __getitem__(self, quantity: str) -> np.ndarray:
        """A measured quantity, shape (T, K, ...); NaN where it was not measured."""
        return self.history[quantity]

    @property
    def settings(self) -> Sequence[Any]:
        """The settings of the lanes as they are now."""
        return self.lanes.settings

    @property
    def left(self) -> list[int]:
        """The lanes that have not diverged."""
        return [lane for lane, end in enumerate(self.ends) if end is None]

    def of(self, lane: int, quantity: str) -> np.ndarray:
        """What was measured of a lane up to where it diverged, without the steps in between: shape (N, ...)."""
        end = self.ends[lane]
        rows = slice(None if end is None else end)
        return self.history[quantity][rows, lane][self.history.measured(quantity)[rows]]

    def newest(self, quantity: str) -> np.ndarray:
        """What was measured last of a quantity, shape (K, ...)."""
        return self.history.newest(quantity)


@dataclass(frozen=True)
class Goal:
    """Something to make a run do.

    Attributes:
        name: Short and lasting, unique in its lab: a browser keeps by it what was reached.
        text: What to do, for a learner: imperative, 90 characters at most.
        reached: Whether a run does it. A pure function of milliseconds at most, that is asked some times a second.
        why: Why it came about, in a sentence or two, which open when it was reached.
    """

    name: str
    text: str
    reached: Callable[[Attempt], bool]
    why: str
