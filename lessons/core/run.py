"""A run: an experiment's generator with a step counter, changes in flight and a record that replays."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.core.parts import StepsInParts
from lessons.core.record import Change, RunRecord
from lessons.core.settings import Settings


class Checkpoints:
    """States of a run at some of its steps, from which it can go on again; evenly spread, at most `MOST` of them."""

    MOST = 40

    def __init__(self) -> None:
        self._every = 25
        self._states: dict[int, Any] = {}

    def keep(self, measurement: Measurement) -> None:
        """Keep a copy of the measurement's state, if it has one and its turn has come."""
        if measurement.state is None or measurement.step % self._every:
            return
        self._states[measurement.step] = copy.deepcopy(measurement.state)
        if len(self._states) > self.MOST:
            self._every *= 2
            self._states = {step: state for step, state in self._states.items() if step % self._every == 0}

    def before(self, step: int) -> tuple[int, Any] | None:
        """Return the latest step before this one that has a state, and a copy of the state; None if there is none."""
        at = max((kept for kept in self._states if kept < step), default=None)
        return None if at is None else (at, copy.deepcopy(self._states[at]))

    def until(self, step: int) -> Checkpoints:
        """Return those up to a step."""
        earlier = Checkpoints()
        earlier._every = self._every
        earlier._states = {kept: state for kept, state in self._states.items() if kept <= step}
        return earlier


class Run:
    """An iterator over measurements that knows its step and logs each change.

    A step that takes long can be made part by part. Between two parts the update is made and its measurement is on the
    way: a change then belongs to the step that is being measured and takes effect at the update after it, `next` makes
    what is left of the step, and `rewound` and `close` drop it.

    Args:
        experiment: The experiment to run.
        lanes: Its lanes; changed in place by `change`.
        device: Where to train.
        scheduled: Changes to apply by themselves at their steps (a replay).

    Attributes:
        step: That of the last measurement; -1 before the first.
        partway: Whether parts of the next step have been made.
    """

    def __init__(
        self,
        experiment: Experiment,
        lanes: Lanes,
        device: str = "cpu",
        scheduled: Sequence[Change] = (),
    ):
        self.experiment = experiment
        self.lanes = lanes
        self.device = device
        self.step, self.partway = -1, False
        self._started_with = tuple(s.model_dump() for s in lanes.settings)
        self._changes: list[Change] = []
        self._scheduled = sorted(scheduled, key=lambda change: change.step)
        self._checkpoints = Checkpoints()
        self._measurements = experiment.run(lanes, device)

    @classmethod
    def replay(cls, experiment: Experiment, record: RunRecord, own: Callable[..., Any] | None = None) -> Run:
        """Return a run that repeats a recorded one, its changes included; a record does not hold `Lanes.own`."""
        settings = [experiment.settings_type.checked(values) for values in record.settings]
        return cls(experiment, Lanes(settings, record.names, own), record.device, record.changes)

    def rewound(self, step: int, further: Sequence[Change] = ()) -> Run:
        """Return a run that repeats this one up to a step, its changes before that step included.

        It begins at step 0, or, if the experiment has states, after a checkpoint before `step`: then its next
        measurement is not that of step 0. This run should be closed.

        Args:
            step: Where to go.
            further: Changes to make at `step` or later.
        """
        record = self.record
        changed = record.model_copy(update={"changes": (*record.until(step).changes, *further)})
        again = Run.replay(self.experiment, changed, self.lanes.own)
        checkpoint = self._checkpoints.before(step)
        if checkpoint is not None:
            again._go_on_after(*checkpoint, self._checkpoints.until(checkpoint[0]))
        return again

    def _go_on_after(self, step: int, state: Any, checkpoints: Checkpoints) -> None:
        self._measurements.close()
        while self._scheduled and self._scheduled[0].step < step:
            self._make(self._scheduled.pop(0))
        self.step = step
        self._checkpoints = checkpoints
        self._measurements = self.experiment.resume(self.lanes, self.device, state)

    @property
    def steps(self) -> int:
        """Length of the whole run."""
        return self.experiment.length(self.lanes)

    def __iter__(self) -> Iterator[Measurement | None]:
        return self

    def __next__(self) -> Measurement | None:
        """Return the next measurement; None if it is made elsewhere and has not come yet."""
        return self._took(self._measurements.__next__)

    def part(self) -> Measurement | None:
        """Make a part of the next step, or all of it where steps have no parts.

        Returns:
            The measurement, if that was the step's last part. Else None, and then `partway` says whether there are
            further ones; if not, the measurement is made elsewhere and has not come yet.
        """
        if not isinstance(self._measurements, StepsInParts):
            return next(self)
        measurement = self._took(self._measurements.part)
        self.partway = measurement is None
        return measurement

    def _took(self, advance: Callable[[], Measurement | None]) -> Measurement | None:
        while self._scheduled and self._scheduled[0].step <= self.step:
            self._make(self._scheduled.pop(0))
        measurement = advance()
        if measurement is None:
            return None
        self.step, self.partway = measurement.step, False
        self._checkpoints.keep(measurement)
        return measurement

    def change(self, lane: int, field: str, value: Any) -> None:
        """Change a hot field; it takes effect at the next update that is made.

        Raises:
            SettingError: If the change is not allowed; the run is left as it was.
        """
        self.take(lane, field, self.lanes.settings[lane].with_value(field, value))

    def take(self, lane: int, field: str, settings: Settings) -> None:
        """Take settings of one lane that differ from those that it has in this field, as a change of it.

        Raises:
            SettingError: If the field is not hot.
        """
        self.lanes.take(lane, field, settings)
        step = max(self.step + self.partway, 0)
        self._changes.append(Change(step=step, lane=lane, field=field, value=getattr(settings, field)))

    def unschedule(self) -> None:
        """Drop the scheduled changes that have not been made."""
        self._scheduled.clear()

    def _make(self, change: Change) -> None:
        self.lanes.change(change.lane, change.field, change.value)
        self._changes.append(change)

    @property
    def changes(self) -> Sequence[Change]:
        """The changes made so far."""
        return self._changes

    @property
    def started_with(self) -> Sequence[dict[str, Any]]:
        """The settings of each lane at the start."""
        return self._started_with

    @property
    def change_count(self) -> int:
        """Number of changes made so far."""
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

    def hold(self) -> None:
        """Say that nobody will ask for a while; matters where measurements are made elsewhere."""
        if hold := getattr(self._measurements, "hold", None):
            hold()

    def close(self) -> None:
        """End the run and free what it holds. May be called at any step, also twice."""
        self._measurements.close()
