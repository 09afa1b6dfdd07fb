"""Many runs of a few kinds: a dot for each run, kind beside kind, and the kinds' medians over the step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from widgets.figure.frame import Frame
from widgets.view.lines import Curve, DrawnT, Line, Part, Points
from widgets.view.panels import Panel
from widgets.view.readings import number

WIDTH_OF_A_STRIP = 0.5


Kinds = Sequence[tuple[str, str]]
Groups = Callable[[Frame[DrawnT]], Sequence[np.ndarray]]


def strips(
    caption: str,
    x: str,
    y: str,
    kinds: Kinds,
    values: Callable[[Frame[DrawnT]], Sequence[np.ndarray]],
    *beside: Part[DrawnT],
    **layout: Any,
) -> Panel[DrawnT]:
    """Return a figure with a strip of dots for each kind, at x = 1, 2, ...

    Args:
        caption: As of `Panel`, like `x`, `y` and `layout`.
        kinds: Names and colours.
        values: Function of a frame that returns those of each kind, (S,) each; they stand side by side in that order.
        beside: What else is in it.
    """

    def strip(frame: Frame[DrawnT], kind: int) -> Points:
        own = values(frame)[kind]
        return in_strip(kind, len(own)), own

    dots = Curve(strip, each=kinds, mode="markers", marker={"size": 7}, opacity=0.8)
    ticks: dict[str, Any] = {
        "xaxis_tickvals": list(range(1, len(kinds) + 1)),
        "xaxis_ticktext": [name for name, _ in kinds],
    }
    return Panel(caption, x, y, dots, *beside, xaxis_range=[0.4, len(kinds) + 0.6], **ticks, **layout)


def in_strip(kind: int, count: int) -> np.ndarray:
    """Return where so many dots of a kind stand on the x axis, shape (count,)."""
    place = np.linspace(-0.5, 0.5, count) if count > 1 else np.zeros(count)
    return kind + 1 + WIDTH_OF_A_STRIP * place


def medians(quantity: str, groups: Groups[DrawnT], kinds: Kinds, **style: Any) -> Line[DrawnT]:
    """Return the median of a quantity (of the first layer) over each group of lanes, at the steps where it is measured.

    Args:
        quantity: Its name.
        groups: Function of a frame that returns the lanes of each kind.
        kinds: Names and colours.
        style: As of `Line`.
    """

    def median(frame: Frame[DrawnT], kind: int, steps: np.ndarray) -> np.ndarray:
        values = frame.history[quantity][steps][:, groups(frame)[kind]]
        values = values[..., 0] if values.ndim == 3 else values
        with np.errstate(invalid="ignore"):
            return np.median(values, axis=1)

    return Line(median, each=kinds, measured=quantity, **style)


def spread(values: np.ndarray) -> str:
    """Mean and standard deviation, in words."""
    return f"{number(float(values.mean()), 3)} ± {number(float(values.std()), 2)}"
