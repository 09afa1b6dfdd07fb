"""What a preset changes by itself while it runs."""

from __future__ import annotations

from collections.abc import Sequence

from lessons.core.record import Change
from lessons.core.run import Run
from widgets.lab.lane_list import LaneList


class Plan:
    """Changes of a preset, made by the run at their steps, and what the lanes of a session are meanwhile.

    It goes on while a person changes other settings, and ends where somebody takes over what it would change.

    Args:
        lanes: With which the preset begins.
        changes: What it makes of them; none for no plan.
    """

    def __init__(self, lanes: LaneList, changes: Sequence[Change] = ()):
        self.changes = tuple(changes)
        self._fields = list(dict.fromkeys((change.lane, change.field) for change in changes))
        self._first = self._values(lanes)
        self._seen = 0

    def _values(self, lanes: LaneList) -> list[object]:
        return [getattr(lanes.settings[lane], field) for lane, field in self._fields]

    def after(self, before: LaneList, after: LaneList) -> Plan:
        """Return the plan where this change of the lanes leaves to it what it changes; else one of nothing."""
        same = len(before) == len(after) and self._values(before) == self._values(after)
        return self if same else Plan(after)

    def begun(self, lanes: LaneList) -> LaneList:
        """Return the lanes as they are before the first of its changes."""
        for (lane, field), value in zip(self._fields, self._first, strict=True):
            lanes = lanes.with_value(lane, field, value)
        return lanes

    def followed(self, lanes: LaneList, run: Run) -> LaneList:
        """Return the lanes as its changes have made them so far; the same object where none was made since then."""
        if not self.changes or run.change_count == self._seen:
            return lanes
        self._seen = run.change_count
        lanes = self.begun(lanes)
        for change in run.changes:
            lanes = lanes.with_value(change.lane, change.field, change.value)
        return lanes

    def ahead(self, made: Sequence[Change]) -> tuple[Change, ...]:
        """Return what it has not changed yet."""
        return tuple(change for change in self.changes if change not in made)
