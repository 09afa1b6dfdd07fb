"""Judges a lab's goals by the runs of the person at it."""

from __future__ import annotations

import time
from collections.abc import Sequence

from widgets.lab.session import Session
from widgets.run.run_loop import State
from widgets.view.goals import Attempt, Goal

LOOK_EVERY_SECONDS = 0.2


class GoalJudge:
    """Says which goals were reached; those once reached stay so.

    Args:
        goals: The goals of the lab.

    Attributes:
        reached: The names of those that were reached, in that order.
        awake: Whether somebody has asked the lab for anything: what it does by itself reaches nothing.
    """

    def __init__(self, goals: Sequence[Goal]):
        self.reached: list[str] = []
        self.awake = False
        self._open, self._looked = list(goals), 0.0

    def look(self, session: Session, at_once: bool = False) -> None:
        """Look whether the run of a session has reached another one: now and then, or at once."""
        trial = session.trial
        if not (self._open and self.awake and len(trial.history)) or session.due or session.state is State.FAILED:
            return
        now = time.perf_counter()
        if not at_once and now - self._looked < LOOK_EVERY_SECONDS:
            return
        self._looked = now
        attempt = Attempt(
            history=trial.history,
            lanes=trial.run.lanes,
            ends=trial.ends,
            changes=trial.run.changes,
            steps=trial.steps,
            finished=session.state is State.FINISHED,
        )
        found = [goal for goal in self._open if goal.reached(attempt)]
        self._open = [goal for goal in self._open if goal not in found]
        self.reached += [goal.name for goal in found]
