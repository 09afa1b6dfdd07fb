"""The Hessian gauge of a lab: measured sharpness over the step, and the limit on it, of each lane.

For any view whose experiment measures `sharpness`, and has the settings `optimizer` and `momentum`. Where it measures
`preconditioned_sharpness`, too, adaptive rules have a limit.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from lessons.core.rules.stability import divides, limit_factor
from widgets.figure.frame import Frame
from widgets.view.lines import Line, Theory
from widgets.view.panels import Now, OverSteps

POINTS_OF_A_LIMIT = 120
MOST_ON_A_LINEAR_AXIS = 20.0  # the highest limit over the lowest

Rates = Callable[[Frame, int], tuple[np.ndarray, np.ndarray]]


def learning_rates(frame: Frame, lane: int) -> tuple[np.ndarray, np.ndarray]:
    """Return steps and learning rates of a lane, changes in flight included; both of shape (N,)."""
    return frame.timeline(lane, "learning_rate")


def sharpness_panel(rates: Rates = learning_rates, preconditioned: bool = False, **layout: Any) -> OverSteps:
    """Return the figure of the sharpness and its limit.

    Args:
        rates: Function of a frame and the number of a lane that returns steps and learning rates, of shape (N,).
        preconditioned: Whether it shows the sharpness as each lane's rule sees it, and its limit; the experiment
            measures `preconditioned_sharpness`. Without it adaptive rules have no limit.
        layout: Further keywords of `plotly.graph_objects.Layout`.
    """

    def limits(frame: Frame, lane: int) -> tuple[np.ndarray, np.ndarray]:
        steps, used = rates(frame, lane)
        factor = limit_factor(frame.lanes, lane, preconditioned)
        limit = factor / used if factor is not None and used.all() else np.full(len(used), np.nan)
        return steps[-POINTS_OF_A_LIMIT:], limit[-POINTS_OF_A_LIMIT:]

    if preconditioned:
        measured, caption = Line("preconditioned_sharpness"), "Sharpness λₘₐₓ (line) and its limit (dashes)"
        layout = {"fit": reach, **layout}
    else:
        measured = Line(_measured, measured="sharpness")
        caption = "Sharpness λₘₐₓ (line) and its limit 2/η (dashes)"
    return OverSteps(
        caption,
        "λₘₐₓ",
        measured,
        Theory(limits, "{lane}, limit"),
        **{"yaxis_rangemode": "tozero", **layout},
    )


def reach(frame: Frame) -> dict[str, Any]:
    """The axis of a preconditioned sharpness, as layout changes.

    That of an adaptive rule begins far above its limit, and this is a thousand times that of other rules: beside them
    the axis is logarithmic.
    """
    lanes = range(len(frame.lanes))
    limits = [limit for lane in lanes if (limit := preconditioned_limit_now(frame, lane))]
    if not limits or not any(divides(frame.lanes, lane) for lane in lanes):
        plain = {"yaxis.title.text": "λₘₐₓ", "yaxis.tickformat": ""}
        return {"yaxis.type": "linear", "yaxis.autorange": True, **plain}
    low, high = min(limits), max(limits)
    far = high > MOST_ON_A_LINEAR_AXIS * low
    return {
        "yaxis.type": "log" if far else "linear",
        "yaxis.autorange": False,
        "yaxis.range": [math.log10(low / 4), math.log10(4 * high)] if far else [0, 1.5 * high],
        "yaxis.title.text": "λₘₐₓ, preconditioned",
        "yaxis.tickformat": "~s",
    }


def _measured(frame: Frame, lane: int, steps: np.ndarray) -> np.ndarray:
    """The sharpness, where the run follows it."""
    followed = "sharpness" in frame.history.names
    return frame.history["sharpness"][steps, lane] if followed else np.full(len(steps), np.nan)


def limit_now(frame: Frame, lane: int) -> float | None:
    """Return the limit on the sharpness under a lane's learning rate; None if there is none."""
    return limit_at(frame, lane, float(frame.lanes.learning_rate[lane]))


def preconditioned_limit_now(frame: Frame, lane: int) -> float | None:
    """Return the limit on the preconditioned sharpness under a lane's learning rate; None if there is none."""
    return limit_at(frame, lane, float(frame.lanes.learning_rate[lane]), preconditioned=True)


def limit_at(frame: Frame, lane: int, rate: float, preconditioned: bool = False) -> float | None:
    """Return the limit on the sharpness under this learning rate; None if there is none."""
    factor = limit_factor(frame.lanes, lane, preconditioned)
    return factor / rate if factor is not None and rate else None


SHARPNESS_NOW: Now[Any] = Now("λₘₐₓ, limit 2/η", "sharpness", limit_now, "limit")
PRECONDITIONED_NOW: Now[Any] = Now(
    "preconditioned λₘₐₓ, its limit", "preconditioned_sharpness", preconditioned_limit_now, "limit"
)
