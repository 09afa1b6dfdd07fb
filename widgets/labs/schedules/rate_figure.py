"""The learning rate over the step: planned, used, and drawn by the learner."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lessons.schedules.schedule_settings import DRAWN_FIELDS, ScheduleShape
from lessons.schedules.schedules import SCHEDULES, planned_shares
from lessons.schedules.settings import NoisyQuadraticSettings, ScheduledNetSettings
from widgets.frame import Frame
from widgets.plots import drawn, line, plot, theory

COLUMNS = 65
DECADES = 2.7
POINTS = 40
JUMP = 0.2
FIGURE = "rate"
CAPTION = "Learning rate η: planned (dashes) and used"
INVITATION = "Draw here to make a schedule of your own"


def rate_figure(name: str, names: Sequence[str], colours: Sequence[str]) -> go.Figure:
    """Return the figure, empty: for each lane what is planned, then what is used, then the learner's stroke."""
    pairs = list(zip(names, colours, strict=True))
    traces = [*(theory(f"{n}, planned", c) for n, c in pairs), *(line(n, c) for n, c in pairs)]
    stroke = line("your stroke", "#888", line={"width": 1, "dash": "dot"}, hoverinfo="skip")
    figure = plot(name, CAPTION, "step", "η", [*traces, stroke], yaxis_type="log", yaxis_tickformat="~g")
    return drawn(figure, 2 * len(pairs), COLUMNS, INVITATION)


def begin_rates(frame: Frame) -> None:
    """Draw what is planned; after a change in flight, as it is planned now."""
    rates = frame.lanes.learning_rate.numpy()
    planned = planned_shares(frame.lanes).numpy() * rates
    for lane in range(len(frame.lanes)):
        steps = telling_steps(planned[:, lane])
        values = planned[steps, lane]
        frame.screen.replace(FIGURE, lane, x=steps, y=np.where(values > 0, values, np.nan))
    top = np.log10(max(rates.max(), 1e-9)) + 0.1
    changes = {"xaxis.range": [0, frame.lanes.shared.steps], "yaxis.range": [float(top - DECADES), float(top)]}
    frame.screen.relayout(FIGURE, changes)
    frame.screen.replace(FIGURE, 2 * len(frame.lanes), x=[], y=[])


def telling_steps(planned: np.ndarray) -> np.ndarray:
    """Return the steps at which to draw a schedule of shape (T,): evenly spaced ones, and both sides of each jump."""
    jumps = np.flatnonzero(np.abs(np.diff(planned)) > JUMP * np.maximum(planned[:-1], planned[1:]))[:POINTS]
    even = np.linspace(0, len(planned) - 1, POINTS).astype(int)
    return np.unique(np.concatenate([even, jumps, jumps + 1]))


def draw_rates(frame: Frame) -> None:
    """Draw what is used."""
    for lane in range(len(frame.lanes)):
        frame.curve(FIGURE, len(frame.lanes) + lane, lane, "learning_rate")


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
