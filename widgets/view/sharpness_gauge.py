"""The Hessian gauge of a lab: measured sharpness over the step, and the limit on it, of each lane.

For any view whose experiment measures `sharpness` and `preconditioned_sharpness`, the Hessian as the next update sees
it, and has the settings `optimizer` and `momentum`. What is drawn is the second: with a rule that divides the gradient
it has a limit, with others it is the first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from lessons.core.rules.stability import divides, limit_factor
from widgets.figure.frame import Frame
from widgets.figure.plots import limit
from widgets.view.controls import Reading
from widgets.view.lines import Line, Theory
from widgets.view.panels import Now, OverSteps

POINTS_OF_A_LIMIT = 120
MOST_ON_A_LINEAR_AXIS = 12.0  # the highest limit over the lowest
CAPTION = "Sharpness λₘₐₓ and its limit"

Rates = Callable[[Frame, int], tuple[np.ndarray, np.ndarray]]
Fit = Callable[[Frame[Any]], Mapping[str, Any]]


def learning_rates(frame: Frame, lane: int) -> tuple[np.ndarray, np.ndarray]:
    """Return steps and learning rates of a lane, changes in flight included; both of shape (N,)."""
    return frame.timeline(lane, "learning_rate")


def from_zero(frame: Frame) -> dict[str, Any]:
    """A linear axis as high as it has to be, as layout changes; a logarithmic one where limits are far apart."""
    far = _far_apart(_limits(frame))
    return {"yaxis.type": "log" if far else "linear", "yaxis.autorange": True, "yaxis.tickformat": "~g" if far else ""}


def _limits(frame: Frame) -> list[float]:
    found = [preconditioned_limit_now(frame, lane) for lane in range(len(frame.lanes))]
    return [limit for limit in found if limit]


def _far_apart(limits: list[float]) -> bool:
    return max(limits, default=0.0) > MOST_ON_A_LINEAR_AXIS * min(limits, default=0.0)


def sharpness_panel(
    rates: Rates = learning_rates, usual: Fit = from_zero, wide: bool = False, **layout: Any
) -> OverSteps:
    """Return the figure of the sharpness as each lane's rule sees it, and its limit.

    Args:
        rates: Function of a frame and the number of a lane that returns steps and learning rates, of shape (N,).
        usual: The axis where no lane's rule divides the gradient.
        wide: Whether the axis is logarithmic, and reaches down to what was measured, where one does. For mini-batches:
            they hold the preconditioned sharpness far below its limit.
        layout: Further keywords of `plotly.graph_objects.Layout`.
    """

    def limits(frame: Frame, lane: int) -> tuple[np.ndarray, np.ndarray]:
        steps, used = rates(frame, lane)
        factor = limit_factor(frame.lanes, lane, preconditioned=True)
        limit = factor / used if factor is not None and used.all() else np.full(len(used), np.nan)
        return steps[-POINTS_OF_A_LIMIT:], limit[-POINTS_OF_A_LIMIT:]

    return OverSteps(
        CAPTION,
        "λₘₐₓ",
        Line(_measured, measured="preconditioned_sharpness"),
        Theory(limits, "{lane}, limit", make=limit),
        fit=partial(reach, usual=usual, wide=wide),
        **{"yaxis_rangemode": "tozero", **layout},
    )


def reach(frame: Frame, usual: Fit = from_zero, wide: bool = False) -> dict[str, Any]:
    """The axis of a sharpness as each lane's rule sees it, as layout changes; see `sharpness_panel`.

    That of an adaptive rule begins far above its limit, and this is a thousand times that of other rules: beside them
    the axis is logarithmic.
    """
    limits = _limits(frame)
    title = {"yaxis.title.text": axis_title(frame)}
    if not limits or not any_divides(frame):
        return {"yaxis.tickformat": "", "yaxis.tickmode": "auto", **title, **usual(frame)}
    low, high = min(limits), max(limits)
    far = wide or _far_apart(limits)
    low = min(low / 4, _lowest(frame) / 1.5) if wide else low / 4
    return {
        "yaxis.type": "log" if far else "linear",
        "yaxis.autorange": False,
        "yaxis.range": [math.log10(low), math.log10(4 * high)] if far else [0, 1.5 * high],
        "yaxis.tickformat": "~s",
        # At 1, 2 and 5: on less than two decades there would be a tick at every digit.
        **({"yaxis.tickmode": "linear", "yaxis.dtick": "D2"} if far else {"yaxis.tickmode": "auto"}),
        **title,
    }


def any_divides(frame: Frame) -> bool:
    """True if a lane's rule divides the gradient."""
    return any(divides(frame.lanes, lane) for lane in range(len(frame.lanes)))


def axis_title(frame: Frame) -> str:
    """Return what the axis of a sharpness shows."""
    return "λₘₐₓ, preconditioned" if any_divides(frame) else "λₘₐₓ"


def followed(frame: Frame) -> bool:
    """True if the run measures the sharpness."""
    return "preconditioned_sharpness" in frame.history.names


def _measured(frame: Frame, lane: int, steps: np.ndarray) -> np.ndarray:
    """The sharpness as the lane's rule sees it, where the run follows it."""
    if not followed(frame):
        return np.full(len(steps), np.nan)
    return frame.history["preconditioned_sharpness"][steps, lane]


def _lowest(frame: Frame) -> float:
    """The lowest that was measured so far; infinite where nothing above 0 was."""
    if not followed(frame):
        return math.inf
    seen = frame.history["preconditioned_sharpness"][: frame.stop]
    return float(np.min(seen, where=seen > 0, initial=math.inf))


def limit_now(frame: Frame, lane: int) -> float | None:
    """Return the limit on the sharpness under a lane's learning rate; None if there is none."""
    return limit_at(frame, lane, set_rate(frame, lane))


def preconditioned_limit_now(frame: Frame, lane: int) -> float | None:
    """Return the limit on the preconditioned sharpness under a lane's learning rate; None if there is none."""
    return limit_at(frame, lane, set_rate(frame, lane), preconditioned=True)


def set_rate(frame: Frame, lane: int) -> float:
    """Return the learning rate that a lane is set to."""
    return float(frame.lanes.learning_rate[lane])


def limit_at(frame: Frame, lane: int, rate: float, preconditioned: bool = False) -> float | None:
    """Return the limit on the sharpness under this learning rate; None if there is none."""
    factor = limit_factor(frame.lanes, lane, preconditioned)
    return factor / rate if factor is not None and rate else None


def sharpness_readings(frame: Frame, lane: int, rate: Callable[[Frame, int], float] = set_rate) -> list[Reading]:
    """Return a lane's sharpness beside its limit; where its rule divides, both sharpnesses, of which one has a limit.

    Args:
        frame: Of a run that measures them.
        lane: Its number.
        rate: Function of both that returns the learning rate as it is now.
    """

    def limit(frame: Frame, lane: int) -> float | None:
        return limit_at(frame, lane, rate(frame, lane), preconditioned=True)

    if not divides(frame.lanes, lane):
        lines = [Now("λₘₐₓ, limit 2/η", "sharpness", limit, "limit")]
    else:
        divided = Now[Any]("preconditioned λₘₐₓ, its limit", "preconditioned_sharpness", limit, "limit")
        lines = [divided, Now("λₘₐₓ itself", "sharpness")]
    return [each.reading(frame, lane) for each in lines]
