"""The way back and forth in a session: rewinding, going to a step, forks, and links to a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from lessons.core.record import Change, RunRecord
from lessons.core.run import Run
from lessons.core.settings import SettingError
from widgets.lab import link as links
from widgets.lab.diagnosis import REWIND_STEPS, can_rewind
from widgets.lab.lane_list import LaneList
from widgets.lab.plan import Plan
from widgets.lab.session import Session
from widgets.run.run_loop import plays

# A lab that moves by itself is to be seen to move.
OPENING_SECONDS = 2.0


class Timeline:
    """Goes back and forth in the run of a session, and says by a link where it is. Who goes drops a half made step.

    Args:
        session: The session.

    Raises:
        SettingError: From every method that is asked for something not allowed.
    """

    def __init__(self, session: Session):
        self._session, self._view = session, session.view

    def rewind(self) -> None:
        """Go back to before the first divergence, and on with half the learning rate in the lanes that diverged."""
        session = self._session
        session.catch_up()
        if not can_rewind(self._view, session.trial):
            raise SettingError(["There is nothing to rewind: no lane has diverged."])
        step = session.trial.rewind_step(REWIND_STEPS)
        self._go_back(step, session.trial.halvings(step, cast(str, self._view.rate_field)))
        session.play()

    def go_to(self, step: int) -> None:
        """Go to a step, and wait there; what was measured before it stays."""
        self._session.catch_up()
        self._check_step(step)
        self._go_back(step)
        self._go_on_to(step)

    def open_at(self, step: int) -> None:
        """Go on to a step of a run that nobody has touched; the first change begins another, as it does at step 0."""
        session = self._session
        self._check_step(step)
        session.catch_up()
        if self._view.instant or not plays():
            session.player.loop.forward(step)
            session.player.loop.pause()
        else:
            session.player.play(until=step, pace=min(session.player.speed, step / OPENING_SECONDS))
        session.opened = True

    def fork(self, lane: int, step: int) -> None:
        """Go to a step with one more lane, that has the past of another."""
        session = self._session
        session.catch_up()
        self._check_step(step)
        if not self._view.compare or self._view.sweeps:
            raise SettingError(["This lab has no lane that could go on from there."])
        lanes = session.lanes.select(lane).add()
        self._replay(session.trial.forked(lane, lanes.names[-1], step), lanes, step)

    def _check_step(self, step: int) -> None:
        steps = self._session.trial.steps
        if step > steps:
            raise SettingError([f"This run has {steps} steps."])

    def _go_back(self, step: int, further: Sequence[Change] = ()) -> None:
        """Begin the present run again near a step, with other changes from there on."""
        session, made = self._session, self._session.run.record.until(step).changes
        if further:
            session.plan = Plan(session.lanes)  # whoever changes something takes over
        ahead = session.plan.ahead(made)
        run = session.run.rewound(step, (*further, *ahead))
        if not self._view.sweeps:
            settings = [self._view.settings_type.checked(values) for values in run.started_with]
            changes = (*made, *further, *(change for change in ahead if change.step < step))
            session.lanes = session.lanes.replayed(settings, changes)
        session.begin(run, session.history)

    def _replay(self, record: RunRecord, lanes: LaneList, step: int) -> None:
        """Begin a recorded run of these lanes, go to a step of it, and wait there."""
        settings = [self._view.settings_type.checked(values) for values in record.settings]
        run = Run.replay(self._view.experiment, record, self._view.own)
        self._session.replace(run, lanes.replayed(settings, record.changes))
        self._go_on_to(step)

    def _go_on_to(self, step: int) -> None:
        session = self._session
        session.held = True
        if step > 0:
            session.reveal()
        if self._view.instant or not plays():
            session.player.loop.forward(step)
            session.player.loop.pause()
        elif step > 0:
            session.player.play(until=step)

    # ---- links ----

    def link(self) -> tuple[str, str]:
        """Return a link to the run as it is now: the query of a page, and a line of Python.

        A step that is half made is made first.
        """
        session = self._session
        session.catch_up()
        session.player.loop.end_step()
        record = session.run.record
        if self._view.sweeps:
            settings = tuple(each.model_dump() for each in session.lanes.settings)
            record = record.model_copy(update={"settings": settings, "changes": ()})
        held = links.content(session.lanes, record, self._view.settings_type, max(session.run.step, 0))
        return links.query(self._view.name, held), links.python_line(self._view, held)

    def open(self, found: links.LinkedLab) -> None:
        """Open the run that a link holds, and wait at its step."""
        session, view = self._session, self._view
        lanes = links.started(found, view)
        changes = links.as_changes(found, view.settings_type)
        ended = lanes.replayed(lanes.settings, changes)
        if view.sweeps:
            session.change_lanes(ended)
            return
        view.lanes(ended.settings, ended.names)  # refuses what does not go together
        values = tuple(each.model_dump() for each in lanes.settings)
        record = session.run.record.model_copy(
            update={"names": tuple(found.names), "settings": values, "changes": changes}
        )
        self._replay(record, lanes, min(found.step, lanes.settings[0].steps))
