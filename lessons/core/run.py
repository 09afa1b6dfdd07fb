"""A run: an experiment's generator with a step counter, changes in flight and a record that replays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from pydantic import BaseModel, ConfigDict

from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes


class Change(BaseModel):
    """A hot field was changed in one lane when `step` updates had been made."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    step: int
    lane: int
    field: str
    value: float | int | bool | str


class RunRecord(BaseModel):
    """Everything that determines a run's numbers on one machine. Round-trips through JSON without loss."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    experiment: str
    names: tuple[str, ...]
    settings: tuple[dict[str, Any], ...]
    changes: tuple[Change, ...] = ()
    device: str = "cpu"
    torch_version: str = torch.__version__

    def until(self, step: int) -> RunRecord:
        """Return the record of the same run with the changes made before `step` only."""
        return self.model_copy(update={"changes": tuple(c for c in self.changes if c.step < step)})


class Run:
    """An iterator over measurements that knows its step and logs each change.

    Args:
        experiment: The experiment to run.
        lanes: Its lanes; changed in place by `change`.
        device: Where to train.
        scheduled: Changes to apply by itself at their steps (a replay).
    """

    def __init__(
        self,
        experiment: Experiment,
        lanes: Lanes,
        device: str = "cpu",
        scheduled: tuple[Change, ...] = (),
    ):
        self.experiment = experiment
        self.lanes = lanes
        self.device = device
        self.step = -1
        self._started_with = tuple(s.model_dump() for s in lanes.settings)
        self._changes: list[Change] = []
        self._scheduled = sorted(scheduled, key=lambda change: change.step)
        self._measurements = experiment.run(lanes, device)

    @classmethod
    def replay(cls, experiment: Experiment, record: RunRecord) -> Run:
        """Return a run that repeats a recorded one, its changes included."""
        settings = [experiment.settings_type.checked(values) for values in record.settings]
        return cls(experiment, Lanes(settings, record.names), record.device, record.changes)

    def __iter__(self) -> Iterator[Measurement]:
        return self

    def __next__(self) -> Measurement:
        while self._scheduled and self._scheduled[0].step <= self.step:
            due = self._scheduled.pop(0)
            self.change(due.lane, due.field, due.value)
        measurement = next(self._measurements)
        self.step = measurement.step
        return measurement

    def change(self, lane: int, field: str, value: Any) -> None:
        """Change a hot field; it takes effect at the next update.

        Raises:
            SettingError: If the change is not allowed; the run is left as it was.
        """
        self.lanes.change(lane, field, value)
        kept = getattr(self.lanes.settings[lane], field)
        self._changes.append(Change(step=max(self.step, 0), lane=lane, field=field, value=kept))

    @property
    def change_count(self) -> int:
        """How many changes were made so far."""
        return len(self._changes)

    @property
    def record(self) -> RunRecord:
        """The run so far."""
        return RunRecord(
            experiment=self.experiment.name,
            names=tuple(self.lanes.names),
            settings=self._started_with,
            changes=tuple(self._changes),
            device=self.device,
        )

    def close(self) -> None:
        """End the run and free what it holds. May be called at any step, also twice."""
        self._measurements.close()
