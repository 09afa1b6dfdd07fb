"""A lab's way back and forth in time: rewinding, going to a step, forks, and links to a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from lessons.core.record import Change, RunRecord
from lessons.core.run import Run
from lessons.core.settings import SettingError
from widgets import link as links
from widgets.lane_list import LaneList
from widgets.run_loop import plays
from widgets.running_lab import REWIND_STEPS, RunningLab
from widgets.view import LabView


class LabWithPast(RunningLab):
    """A lab whose run can be gone back in, and opened again elsewhere.

    Args:
        view: The topic's view.
        lanes: See `RunningLab`.
        link: A run to open: a link that was copied from a page, or what "Copy link" wrote in a notebook.
        changes: See `RunningLab`.
    """

    def __init__(self, view: LabView, lanes: Any = None, link: Any = None, **changes: Any):
        self._linked = link
        super().__init__(view, lanes, **changes)

    def _begin_first(self) -> None:
        super()._begin_first()
        if self._linked is not None:
            try:
                self._open(links.given(self.view.name, self._linked))
            except SettingError as refusal:
                self.panel.refusal = {"text": str(refusal), "field": ""}

    # ---- back and forth ----

    def _rewind(self) -> None:
        self._catch_up()
        if not self._can_rewind:
            raise SettingError(["There is nothing to rewind: no lane has diverged."])
        step = self._trial.rewind_step(REWIND_STEPS)
        self._go_back(step, self._trial.halvings(step, cast(str, self.view.rate_field)))
        self._play()

    def _replay(self, record: RunRecord, lanes: LaneList, step: int) -> None:
        """Begin a recorded run of these lanes, go to a step of it, and wait there."""
        settings = [self.view.settings_type.checked(values) for values in record.settings]
        self._lanes = lanes.replayed(settings, record.changes)
        self._begin(Run.replay(self.view.experiment, record, self.view.own))
        self._go_on_to(step)

    def _go_back(self, step: int, further: Sequence[Change] = ()) -> None:
        """Begin the present run again near a step, with other changes from there on; what it measured before stays."""
        run = self.run.rewound(step, further)
        if not self.view.sweeps:
            settings = [self.view.settings_type.checked(values) for values in run.started_with]
            self._lanes = self._lanes.replayed(settings, (*self.run.record.until(step).changes, *further))
        self._begin(run, self.history)

    def _go_on_to(self, step: int) -> None:
        self._held = True
        if step > 0:
            self._reveal()
        if self.view.instant or not plays():
            self.loop.forward(step)
            self.loop.pause()
        elif step > 0:
            self.loop.stop_at = step
            self._pace.begin(self.run.step)
            self.loop.play()

    def _go_to(self, step: int) -> None:
        self._catch_up()
        self._check_step(step)
        self._go_back(step)
        self._go_on_to(step)

    def _fork(self, lane: int, step: int) -> None:
        self._catch_up()
        self._check_step(step)
        if not self.view.compare or self.view.sweeps:
            raise SettingError(["This lab has no lane that could go on from there."])
        lanes = self._lanes.select(lane).add()
        self._replay(self._trial.forked(lane, lanes.names[-1], step), lanes, step)

    def _check_step(self, step: int) -> None:
        if step > self._trial.steps:
            raise SettingError([f"This run has {self._trial.steps} steps."])

    # ---- links ----

    def _share(self) -> None:
        self._catch_up()
        record = self.run.record
        if self.view.sweeps:
            settings = tuple(each.model_dump() for each in self._lanes.settings)
            record = record.model_copy(update={"settings": settings, "changes": ()})
        held = links.content(self._lanes, record, self.view.settings_type, max(self.run.step, 0))
        search, line = links.query(self.view.name, held), links.python_line(self.view, held)
        self.panel.send({"type": "shared", "query": search, "python": line})

    def _open_link(self, search: str) -> None:
        """Open what the page's address holds for this lab; once, and not after a person has done something."""
        if self._touched:
            return
        self._touched = True
        found = links.linked(self.view.name, search)
        if found is not None:
            self._wake()
            self._open(found)

    def _open(self, found: links.LinkedLab) -> None:
        lanes = links.started(found, self.view)
        changes = links.as_changes(found, self.view.settings_type)
        ended = lanes.replayed(lanes.settings, changes)
        self.view.lanes(ended.settings, ended.names)
        if self.view.sweeps:
            self._change_lanes(ended)
            return
        values = tuple(each.model_dump() for each in lanes.settings)
        record = self.run.record.model_copy(
            update={"names": tuple(found.names), "settings": values, "changes": changes}
        )
        self._replay(record, lanes, min(found.step, lanes.settings[0].steps))
