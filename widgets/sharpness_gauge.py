"""The Hessian gauge of a lab: measured sharpness over the step, and the limit on it, of each lane."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.core.rules.stability import limit_factor
from widgets.controls import Reading
from widgets.frame import Frame
from widgets.plots import line, plot, theory

POINTS_OF_A_LIMIT = 120


class SharpnessGauge:
    """A figure for any view whose experiment measures `sharpness`, and has the settings `optimizer` and `momentum`.

    Args:
        figure: Name of the figure in the view.
        every: Name of the setting that says at which steps the sharpness is measured.
    """

    def __init__(self, figure: str = "sharpness", every: str = "sharpness_every"):
        self._figure, self._every = figure, every

    def figure(self, name: str, names: Sequence[str], colours: Sequence[str]) -> go.Figure:
        """Return the figure, empty; `name` is its file name."""
        pairs = list(zip(names, colours, strict=True))
        traces = [*(line(n, c) for n, c in pairs), *(theory(f"{n}, limit", c) for n, c in pairs)]
        caption = "Sharpness λₘₐₓ (line) and its limit 2/η (dashes)"
        return plot(name, caption, "step", "λₘₐₓ", traces, yaxis_rangemode="tozero")

    def begin(self, frame: Frame) -> None:
        """Draw the limits that follow from the settings, changes in flight included."""
        for lane in range(len(frame.lanes)):
            self.limit(frame, lane, *frame.timeline(lane, "learning_rate"))

    def limit(self, frame: Frame, lane: int, steps: np.ndarray, rates: np.ndarray) -> None:
        """Draw a lane's limit, where the learning rate went like this; both of shape (N,)."""
        factor = limit_factor(frame.lanes, lane)
        limits = factor / rates if factor is not None and rates.all() else np.full(len(rates), np.nan)
        shown = slice(-POINTS_OF_A_LIMIT, None)
        frame.screen.replace(self._figure, len(frame.lanes) + lane, x=steps[shown], y=limits[shown])

    def draw(self, frame: Frame) -> None:
        """Draw the new readings."""
        every = getattr(frame.lanes.shared, self._every)
        for lane in range(len(frame.lanes)):
            frame.curve(self._figure, lane, lane, "sharpness", every)

    @staticmethod
    def reading(frame: Frame, lane: int, rate: float) -> Reading:
        """Return the sharpness now beside its limit under this learning rate."""
        factor = limit_factor(frame.lanes, lane)
        limit = factor / rate if factor is not None and rate else None
        sharpness = float(frame.history["sharpness"][frame.last(lane), lane])
        return Reading(lane, "λₘₐₓ, limit 2/η", sharpness, limit, "limit")
