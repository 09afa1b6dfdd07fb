"""Words on lanes that have diverged, and on the way back if there is one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from lessons.core.doctor import diagnose, observed
from widgets.figure.covered import NoScreen
from widgets.run.trial import Trial
from widgets.view.controls import Notice
from widgets.view.view import LabView

REWIND_STEPS = 20


def can_rewind(view: LabView, trial: Trial) -> bool:
    """True if a lane has diverged, and half its learning rate may help."""
    return view.rate_field is not None and trial.can_rewind


def diagnosis(view: LabView, trial: Trial, fresh: Sequence[int], names: Sequence[str], before: Notice) -> Notice:
    """Return why lanes diverged, with the way back.

    Args:
        view: The topic's view.
        trial: Their run.
        fresh: The lanes that have just diverged.
        names: Of all lanes.
        before: What was said before; a diagnosis goes on with it.
    """
    said = [before.text] if before.kind == "doctor" else []
    for lane in fresh:
        who = "" if view.sweeps else f"{names[lane]}: "  # the lanes of a sweep were named by no person
        if why := _why(view, trial, lane):
            said.append(who + why)
    actions = []
    if can_rewind(view, trial):
        step = trial.rewind_step(REWIND_STEPS)
        actions = [{"label": f"Rewind to step {step} with half the learning rate", "do": "rewind"}]
    return Notice("doctor", "\n".join(said), actions=actions) if said else before


def _why(view: LabView, trial: Trial, lane: int) -> str:
    if lane in trial.failures:
        return trial.failures[lane]
    vitals = view.vitals(trial.frame(NoScreen(), 0, lane), lane)
    end = cast(int, trial.ends[lane])
    if vitals is not None:
        return diagnose(vitals, end).sentence
    return observed(trial.history["loss"][:, lane].astype(float), end) if view.compare else ""
