"""The Hessian gauge of a lab: measured sharpness over the step, and the limit on it, of each lane.

For any view whose experiment measures `sharpness`, and has the settings `optimizer` and `momentum`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lessons.core.rules.stability import limit_factor
from widgets.controls import Reading
from widgets.frame import Frame
from widgets.lines import Line, Theory
from widgets.panels import Now, OverSteps
from widgets.plots import line, plot, theory

POINTS_OF_A_LIMIT = 120

Rates = Callable[[Frame, int], tuple[np.ndarray, np.ndarray]]


def learning_rates(frame: Frame, lane: int) -> tuple[np.ndarray, np.ndarray]:
    """Return steps and learning rates of a lane, changes in flight included; both of shape (N,)."""
    return frame.timeline(lane, "learning_rate")


def sharpness_panel(rates: Rates = learning_rates, **layout: Any) -> OverSteps:
    """Return the figure of the sharpness and its limit.

    Args:
        rates: Function of a frame and the number of a lane that returns steps and learning rates, of shape (N,).
        layout: Further keywords of `plotly.graph_objects.Layout`.
    """

    def limits(frame: Frame, lane: int) -> tuple[np.ndarray, np.ndarray]:
        steps, used = rates(frame, lane)
        factor = limit_factor(frame.lanes, lane)
        limit = factor / used if factor is not None and used.all() else np.full(len(used), np.nan)
        return steps[-POINTS_OF_A_LIMIT:], limit[-POINTS_OF_A_LIMIT:]

    return OverSteps(
        "Sharpness λₘₐₓ (line) and its limit 2/η (dashes)",
        "λₘₐₓ",
        Line("sharpness", every="sharpness_every"),
        Theory(limits, "{lane}, limit"),
        **{"yaxis_rangemode": "tozero", **layout},
    )


def limit_now(frame: Frame, lane: int) -> float | None:
    """Return the limit on the sharpness under a lane's learning rate; None if there is none."""
    return limit_at(frame, lane, float(frame.lanes.learning_rate[lane]))


def limit_at(frame: Frame, lane: int, rate: float) -> float | None:
    """Return the limit on the sharpness under this learning rate; None if there is none."""
    factor = limit_factor(frame.lanes, lane)
    return factor / rate if factor is not None and rate else None


SHARPNESS_NOW: Now[Any] = Now("λₘₐₓ, limit 2/η", "sharpness", limit_now, "limit")


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
