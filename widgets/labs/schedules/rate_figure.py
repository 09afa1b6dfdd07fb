"""The learning rate over the step: planned, used, and drawn by the learner."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np

from lessons.schedules.schedule_settings import DRAWN_FIELDS, ScheduleShape
from lessons.schedules.schedules import SCHEDULES, planned_shares
from lessons.schedules.settings import NoisyQuadraticSettings, ScheduledNetSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, drawn, limit
from widgets.view.lines import Line, One, Points, Theory
from widgets.view.panels import OverSteps

COLUMNS = 65
DECADES = 2.7
POINTS = 40
JUMP = 0.2
CAPTION = "Learning rate η: planned, and used so far"
INVITATION = "Draw here to make a schedule of your own"


def rate_panel(**layout: Any) -> OverSteps:
    """Return the figure: for each lane what is planned, then what is used, then the learner's stroke."""
    return OverSteps(
        CAPTION,
        "η",
        Theory(_planned, "{lane}, planned"),
        Line("learning_rate"),
        One(
            lambda _: ([], []),
            "your stroke",
            "#888",
            fixed=True,
            pointer=partial(drawn, columns=COLUMNS, invitation=INVITATION),
            make=limit,
            line={"width": 1},
        ),
        fit=_reach,
        **LOG,
        **layout,
    )


def planned_rates(frame: Frame, lane: int) -> tuple[np.ndarray, np.ndarray]:
    """Return steps and the learning rates that are planned there; after a change in flight, as they are planned now."""
    planned = frame.once(_all_planned)[:, lane]
    steps = telling_steps(planned)
    return steps, planned[steps]


def _all_planned(frame: Frame) -> np.ndarray:
    return planned_shares(frame.lanes).numpy() * frame.lanes.learning_rate.numpy()


def _planned(frame: Frame, lane: int) -> Points:
    steps, values = planned_rates(frame, lane)
    return steps, np.where(values > 0, values, np.nan)


def _reach(frame: Frame) -> dict[str, Any]:
    top = float(np.log10(max(float(frame.lanes.learning_rate.max()), 1e-9)) + 0.1)
    return {"yaxis.range": [top - DECADES, top]}


def telling_steps(planned: np.ndarray) -> np.ndarray:
    """Return the steps at which to draw a schedule of shape (T,): evenly spaced ones, and both sides of each jump."""
    jumps = np.flatnonzero(np.abs(np.diff(planned)) > JUMP * np.maximum(planned[:-1], planned[1:]))[:POINTS]
    even = np.linspace(0, len(planned) - 1, POINTS).astype(int)
    return np.unique(np.concatenate([even, jumps, jumps + 1]))


def drawn_schedule(
    x: np.ndarray, y: np.ndarray, settings: NoisyQuadraticSettings | ScheduledNetSettings, steps: int
) -> dict[str, Any]:
    """Return the settings of the schedule that a stroke stands for.

    The schedule lasts as long as the run. Where nothing is drawn, the nearest drawn value holds; nothing is drawn above
    the lane's own learning rate.

    Args:
        x: Steps, shape (columns,).
        y: Learning rates, shape (columns,); NaN where nothing is drawn.
        settings: The lane's settings.
        steps: Length of the run.
    """
    known = np.isfinite(y) & (y > 0)
    if not known.any() or settings.learning_rate == 0:
        return {}
    at = np.linspace(0, steps, len(DRAWN_FIELDS))
    shares = np.exp(np.interp(at, x[known], np.log(y[known]))) / settings.learning_rate
    low, high = settings.fields()[DRAWN_FIELDS[0]].bounds[0], 1.0
    points = {name: float(f"{share:.3g}") for name, share in zip(DRAWN_FIELDS, np.clip(shares, low, high), strict=True)}
    return {"schedule": "drawn", "horizon": max(steps, settings.fields()["horizon"].bounds[0]), **points}


def idle_schedule_fields(settings: ScheduleShape, used_too: Sequence[str] = ()) -> tuple[str, ...]:
    """Name the fields of `ScheduleShape` that this schedule does not read."""
    used = {"schedule", *SCHEDULES[settings.schedule].uses, *used_too}
    return tuple(name for name in ScheduleShape.fields() if name not in used)
