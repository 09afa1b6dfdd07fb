"""One run with all that is known of it: its measurements, which lanes diverged, and the way back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np

from lessons.core.doctor import first_blow_up
from lessons.core.experiment import Measurement
from lessons.core.history import History
from lessons.core.record import Change, RunRecord
from lessons.core.run import Run
from widgets.figure.covered import CoveredScreen
from widgets.figure.frame import Frame
from widgets.figure.live_figure import LiveFigure


class Trial:
    """A run and its history.

    Args:
        run: The run.
        past: Measurements of the steps that the run will not make again: it was rewound to a step after them.
        trains: See `LabView.trains`.

    Attributes:
        run: The run.
        history: Its measurements so far.
        ends: Per lane, the step at which it diverged, or None.
        failures: Lanes whose own function has failed -> why.
    """

    def __init__(self, run: Run, past: History | None = None, trains: bool = True):
        self.run, self._trains = run, trains
        self.history = History() if past is None else past.until(run.step + 1)
        self.ends: list[int | None] = [None] * len(run.lanes)
        self.failures: Mapping[int, str] = {}
        self._initial: np.ndarray | None = None
        if len(self.history):
            self._look(0)

    @property
    def steps(self) -> int:
        """Length of the whole run."""
        return self.run.steps

    def take(self, measurements: Sequence[Measurement]) -> list[int]:
        """Keep measurements; return the lanes that diverged in them."""
        start = len(self.history)
        self.history.extend(measurements)
        if measurements:
            self.failures = measurements[-1].failures
        return self._look(start)

    def _look(self, start: int) -> list[int]:
        """Note the lanes that diverged from row `start` on, and return them."""
        loss = self.history["loss"]
        if self._initial is None:
            self._initial = loss[0]
        initial = self._initial if self._trains else np.full_like(self._initial, np.inf)
        rows = first_blow_up(loss[start:], initial)
        fresh = [k for k, row in enumerate(rows) if self.ends[k] is None and row < len(loss) - start]
        for lane in fresh:
            self.ends[lane] = start + int(rows[lane])
        return fresh

    def frame(self, screen: LiveFigure | CoveredScreen, start: int, selected: int, stop: int | None = None) -> Frame:
        """Return the trial as a view sees it, with the rows from `start` to `stop`, or to the last, being new."""
        return Frame(
            screen=screen,
            history=self.history,
            start=start,
            stop=len(self.history) if stop is None else stop,
            lanes=self.run.lanes,
            ends=self.ends,
            changes=self.run.changes,
            started_with=self.run.started_with,
            selected=selected,
        )

    @property
    def fates(self) -> list[str]:
        """The fate of each lane in words; empty words if there is nothing to say."""
        return [
            "" if end is None else f"{'stopped' if lane in self.failures else 'diverged'} at step {end}"
            for lane, end in enumerate(self.ends)
        ]

    @property
    def all_diverged(self) -> bool:
        """True if no lane is left."""
        return None not in self.ends

    def below(self, loss: float) -> bool:
        """True if every lane that is left has a loss below this."""
        last = self.history["loss"][-1]
        return all(low or end is not None for low, end in zip(last < loss, self.ends, strict=True))

    @property
    def _diverged(self) -> list[int]:
        return [lane for lane, end in enumerate(self.ends) if end is not None and lane not in self.failures]

    @property
    def can_rewind(self) -> bool:
        """True if a lane has diverged, and not because a function of its own has failed."""
        return bool(self._diverged)

    def rewind_step(self, back: int) -> int:
        """The step that lies `back` steps before the first divergence."""
        ends = cast(list[int], [self.ends[lane] for lane in self._diverged])
        return max(0, min(ends) - back)

    def halvings(self, step: int, field: str) -> list[Change]:
        """Changes at `step` that halve a hot setting in the lanes that diverged."""
        record = self.run.record
        return [
            Change(step=step, lane=lane, field=field, value=self._value(record, lane, field, step) / 2)
            for lane in self._diverged
        ]

    def forked(self, lane: int, name: str, step: int) -> RunRecord:
        """The record of this run up to `step`, with one more lane that has the past of another."""
        past = self.run.record.until(step)
        count = len(past.settings)
        copies = [c.model_copy(update={"lane": count}) for c in past.changes if c.lane == lane]
        return past.model_copy(
            update={
                "names": (*past.names, name),
                "settings": (*past.settings, past.settings[lane]),
                "changes": (*past.changes, *copies),
            }
        )

    @staticmethod
    def _value(record: RunRecord, lane: int, field: str, step: int) -> float:
        past = [c.value for c in record.until(step).changes if (c.lane, c.field) == (lane, field)]
        return cast(float, past[-1] if past else record.settings[lane][field])
