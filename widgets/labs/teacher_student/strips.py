"""Many runs of a few kinds: a dot for each run, kind beside kind, and the kinds' medians over the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lessons.teacher_student.settings import StudentSettings
from widgets.frame import Frame
from widgets.plots import line, plot
from widgets.readings import number

WIDTH_OF_A_STRIP = 0.5


def strip_figure(
    name: str, caption: str, x: str, y: str, kinds: Sequence[str], colours: Sequence[str], **layout: Any
) -> go.Figure:
    """Return an empty figure with a strip of dots for each kind, at x = 1, 2, ..."""
    dots = {"mode": "markers", "marker": {"size": 7}, "opacity": 0.8}
    traces = [line(kind, colour, **dots) for kind, colour in zip(kinds, colours, strict=False)]
    figure = plot(name, caption, x, y, traces, xaxis_range=[0.4, len(kinds) + 0.6], **layout)
    return figure.update_xaxes(tickvals=list(range(1, len(kinds) + 1)), ticktext=list(kinds))


def draw_strips(frame: Frame, figure: str, values: Sequence[np.ndarray]) -> None:
    """Draw the values of each kind, (S,) each, side by side in the order of the runs."""
    for trace, own in enumerate(values):
        place = np.linspace(-0.5, 0.5, len(own)) if len(own) > 1 else np.zeros(1)
        frame.screen.replace(figure, trace, x=trace + 1 + WIDTH_OF_A_STRIP * place, y=own)


def draw_medians(
    frame: Frame[StudentSettings],
    figure: str,
    groups: Sequence[np.ndarray],
    quantity: str,
    first: int = 0,
) -> None:
    """Append the median over each group of lanes (of the first layer) at the new measured steps, from trace `first`."""
    every = frame.lanes.shared.measure_every
    steps = np.arange(frame.start, frame.stop)
    steps = steps[steps % every == 0]
    for trace, lanes in enumerate(groups, first):
        values = frame.history[quantity][steps][:, lanes]
        values = values[..., 0] if values.ndim == 3 else values
        with np.errstate(invalid="ignore"):
            frame.screen.extend(figure, trace, steps, np.median(values, axis=1))


def spread(values: np.ndarray) -> str:
    """Mean and standard deviation, in words."""
    return f"{number(float(values.mean()), 3)} ± {number(float(values.std()), 2)}"
