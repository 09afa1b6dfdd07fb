"""Other seeds faint behind each lane, and the range over all of them: is it the method, or one lucky draw?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from plotly.basedatatypes import BaseTraceType

from lessons.core.doctor import first_blow_up
from lessons.core.other_seeds import MOST_OTHERS, of_other_seeds
from widgets.figure.frame import Frame
from widgets.figure.line_styles import FAINT, named, styled
from widgets.view.controls import Reading
from widgets.view.lines import DrawnT, Part, Traces
from widgets.view.readings import number

UNNAMED: dict[str, Any] = {"showlegend": False, "hoverinfo": "skip"}


class OtherSeeds(Part[DrawnT]):
    """The curves of a lane's other seeds (`lessons.core.other_seeds`), up to where one diverges; before its `Line`.

    Args:
        quantity: Name of what is measured, of shape (K,).
        mean_of: Over how many steps a mean is drawn, as of `mean_of_last`.
    """

    def __init__(self, quantity: str, mean_of: int = 1):
        super().__init__()
        self._quantity, self._mean_of = of_other_seeds(quantity), mean_of

    def traces(self, names: Sequence[str], colours: Sequence[str]) -> list[BaseTraceType]:
        lanes = zip(names, colours, strict=True)
        each = [(f"{name}, other seed {k + 1}", colour) for name, colour in lanes for k in range(MOST_OTHERS)]
        return [styled(FAINT, *pair, **UNNAMED) for pair in each]

    def key(self, traces: Sequence[Any]) -> list[dict[str, Any]]:
        return [named(FAINT, "other seeds")]

    def count(self, lanes: int) -> int:
        return MOST_OTHERS * lanes

    def draw(self, frame: Frame[DrawnT], traces: Traces) -> None:
        if self._quantity not in frame.history:
            return
        ends, values = frame.once(_ends), frame.history[self._quantity]
        for (lane, other), end in np.ndenumerate(ends):
            steps = frame.steps(measured=self._quantity)
            steps = steps[steps <= end]
            drawn = mean_of_last(values[:, lane, other], steps, self._mean_of)
            traces.extend(MOST_OTHERS * lane + other, steps, drawn)


def mean_of_last(values: np.ndarray, steps: np.ndarray, count: int) -> np.ndarray:
    """Return at these steps, shape (N,), the mean of the last `count` of the values, shape (T,): one alone is noisy."""
    if count == 1:
        return values[steps]
    sums = np.concatenate([[0.0], np.cumsum(values, dtype=float)])
    first = np.maximum(steps + 1 - count, 0)
    return (sums[steps + 1] - sums[first]) / (steps + 1 - first)


def all_seeds(frame: Frame, quantity: str, recent: int = 1) -> np.ndarray | None:
    """Return a quantity of each lane and of its other seeds, the lane first, shape (K, 1 + c).

    Args:
        frame: The frame.
        quantity: Name of it; measured at each step, if it is a mean.
        recent: Over how many of the last steps it is a mean.

    Returns:
        None if there are no other seeds; infinite where it is no finite number.
    """
    history, others = frame.history, of_other_seeds(quantity)
    if others not in history:
        return None
    rows = slice(max(0, frame.stop - recent), frame.stop)
    own, behind = (
        history.newest(name, frame.stop - 1) if recent == 1 else history[name][rows].astype(float).mean(0)
        for name in (quantity, others)
    )
    found = np.concatenate([own[:, None], behind], axis=1)
    return np.where(np.isfinite(found), found, np.inf)


def seed_ranges(frame: Frame, quantity: str, title: str, recent: int = 1) -> list[Reading]:
    """Return for each lane the range of a quantity over its seeds; none without others. See `all_seeds`."""
    found = all_seeds(frame, quantity, recent)
    if found is None:
        return []
    what = f"{title}, {found.shape[1]} seeds"
    return [Reading(lane, what, _range(seeds)) for lane, seeds in enumerate(found)]


def _range(seeds: np.ndarray) -> str:
    return f"{number(float(seeds.min()), 2)} to {number(float(seeds.max()), 2)}"


def _ends(frame: Frame) -> np.ndarray:
    """The last row of each other seed that is drawn, shape (K, c): that at which it diverged, if it did."""
    loss = frame.history[of_other_seeds("loss")][: frame.stop]
    return first_blow_up(loss.reshape(len(loss), -1), loss[0].ravel()).reshape(loss.shape[1:])
