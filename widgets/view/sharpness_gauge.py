"""The Hessian gauge of a lab: measured sharpness over the step, and the limit on it, of each lane.

For any view whose experiment measures `sharpness`, and has the settings `optimizer` and `momentum`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lessons.core.rules.stability import limit_factor
from widgets.figure.frame import Frame
from widgets.view.lines import Line, Theory
from widgets.view.panels import Now, OverSteps

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
        Line(_measured, measured="sharpness"),
        Theory(limits, "{lane}, limit"),
        **{"yaxis_rangemode": "tozero", **layout},
    )


def _measured(frame: Frame, lane: int, steps: np.ndarray) -> np.ndarray:
    """The sharpness, where the run follows it."""
    followed = "sharpness" in frame.history.names
    return frame.history["sharpness"][steps, lane] if followed else np.full(len(steps), np.nan)


def limit_now(frame: Frame, lane: int) -> float | None:
    """Return the limit on the sharpness under a lane's learning rate; None if there is none."""
    return limit_at(frame, lane, float(frame.lanes.learning_rate[lane]))


def limit_at(frame: Frame, lane: int, rate: float) -> float | None:
    """Return the limit on the sharpness under this learning rate; None if there is none."""
    factor = limit_factor(frame.lanes, lane)
    return factor / rate if factor is not None and rate else None


SHARPNESS_NOW: Now[Any] = Now("λₘₐₓ, limit 2/η", "sharpness", limit_now, "limit")
