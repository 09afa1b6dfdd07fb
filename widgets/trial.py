"""One run with all that is known of it: its measurements, which lanes diverged, and the way back."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lessons.core.doctor import first_blow_up
from lessons.core.experiment import Measurement
from lessons.core.history import History
from lessons.core.run import Change, Run, RunRecord


class Trial:
    """A run and its history.

    Attributes:
        run: The run.
        history: Its measurements so far.
        ends: Per lane, the step at which it diverged, or None.
    """

    def __init__(self, run: Run):
        self.run = run
        self.history = History()
        self.ends: list[int | None] = [None] * len(run.lanes)
        self._initial: np.ndarray | None = None

    @property
    def steps(self) -> int:
        """Length of the whole run."""
        return self.run.lanes.shared.steps

    def take(self, measurements: Sequence[Measurement]) -> list[int]:
        """Keep measurements; return the lanes that diverged in them."""
        start = len(self.history)
        self.history.extend(measurements)
        loss = self.history["loss"]
        if self._initial is None:
            self._initial = loss[0]
        rows = first_blow_up(loss[start:], self._initial)
        fresh = [k for k, row in enumerate(rows) if self.ends[k] is None and row < len(loss) - start]
        for lane in fresh:
            self.ends[lane] = start + int(rows[lane])
        return fresh

    @property
    def all_diverged(self) -> bool:
        """Whether no lane is left."""
        return None not in self.ends

    def below(self, loss: float) -> bool:
        """Whether every lane that is left has a loss below this."""
        last = self.history["loss"][-1]
        return all(low or end is not None for low, end in zip(last < loss, self.ends, strict=True))

    def rewind_step(self, back: int) -> int:
        """The step that lies `back` steps before the first divergence."""
        return max(0, min(end for end in self.ends if end is not None) - back)

    def rewound(self, step: int, halve: str) -> RunRecord:
        """The record of a run that is this one up to `step`, and there halves a hot setting of diverged lanes."""
        record = self.run.record
        changes = [
            Change(step=step, lane=lane, field=halve, value=self._value(record, lane, halve, step) / 2)
            for lane, end in enumerate(self.ends)
            if end is not None
        ]
        return record.model_copy(update={"changes": (*record.until(step).changes, *changes)})

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
        return past[-1] if past else record.settings[lane][field]
