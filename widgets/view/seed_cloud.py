"""A cloud of seeds for any experiment: is it the method, or one lucky draw?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any, ClassVar

import numpy as np
from plotly.basedatatypes import BaseTraceType

from lessons.core.settings import SettingsT
from lessons.core.spread import SEEDS
from widgets.figure.frame import Frame
from widgets.figure.plots import line, see_through
from widgets.view.controls import Reading
from widgets.view.lines import DrawnT, Part, Traces
from widgets.view.panels import OverSteps, Panel
from widgets.view.readings import number
from widgets.view.view import ControlsT, LabView

# In the order of a cloud's traces: the band's lower edge, its upper edge (filled down to it), the median over both.
QUANTILES = (0.1, 0.9, 0.5)


class Band(Part[DrawnT]):
    """Median and 10 to 90 % band over the seeds of each lane of the controls, over the step.

    Args:
        quantity: Name of the measured value, of shape (K,).
    """

    def __init__(self, quantity: str):
        super().__init__()
        self._quantity = quantity

    def traces(self, names: Sequence[str], colours: Sequence[str]) -> list[BaseTraceType]:
        edge, traces = {"width": 0.5}, list[BaseTraceType]()
        for name, colour in zip(names, colours, strict=True):
            who = f"{name}, " if len(names) > 1 else ""
            band = {"fill": "tonexty", "fillcolor": see_through(colour, 0.2)}
            traces += [line(f"{who}10 %", colour, line=edge), line(f"{who}90 %", colour, line=edge, **band)]
            traces.append(line(f"{who}median of {SEEDS} seeds", colour))
        return traces

    def count(self, lanes: int) -> int:
        return lanes * len(QUANTILES)

    def draw(self, frame: Frame[DrawnT], traces: Traces) -> None:
        steps = frame.steps(measured=self._quantity)
        values = frame.history[self._quantity][steps]
        for trace, (rows, share) in enumerate(product(_clouds_of(frame), QUANTILES)):
            traces.extend(trace, steps, quantile(values[:, rows], share))


@dataclass(frozen=True)
class Cloud:
    """One quantity drawn as a cloud.

    Attributes:
        quantity: Name of the measured value, of shape (K,).
        caption: Says above the figure what it shows.
        axis: Title of the y axis.
        layout: Further keywords of `plotly.graph_objects.Layout`.
        beside: What else is in the figure.
    """

    quantity: str
    caption: str
    axis: str
    layout: dict[str, Any]
    beside: tuple[Part, ...] = ()


class SeedCloudView(LabView[SettingsT, ControlsT]):
    """Median and 10 to 90 % band over twenty seeds; `seed` is the first of them.

    A topic names its experiment, its clouds, and a spread over `SEEDS` seeds. Where lanes may
    be compared, each of them is a cloud of its own in the same figures.
    """

    compare = False
    seeds = SEEDS
    step_figures = ()
    clouds: ClassVar[tuple[Cloud, ...]]

    @property
    def panels(self) -> Mapping[str, Panel[SettingsT]]:
        return {
            cloud.quantity: OverSteps(cloud.caption, cloud.axis, Band(cloud.quantity), *cloud.beside, **cloud.layout)
            for cloud in self.clouds
        }

    def drawn_lanes(self, frame: Frame) -> int:
        return len(frame.lanes) // SEEDS

    def readings(self, frame: Frame[SettingsT]) -> list[Reading]:
        lines = []
        for lane, rows in enumerate(_clouds_of(frame)):
            for cloud in self.clouds:
                row = frame.history.newest(cloud.quantity, frame.stop - 1)[rows][None]
                low, high, middle = (float(quantile(row, share)[0]) for share in QUANTILES)
                lines.append(Reading(lane, f"median {cloud.axis}", middle, self.limit(frame, cloud.quantity), "limit"))
                lines.append(Reading(lane, f"10 to 90 % of {cloud.axis}", f"{number(low)} to {number(high)}"))
            gone = sum(end is not None for end in frame.ends[rows])
            lines.append(Reading(lane, "diverged", f"{gone} of {SEEDS} seeds"))
        return lines

    def limit(self, frame: Frame[SettingsT], quantity: str) -> float | None:
        """Return the limit on a quantity, where there is one."""
        del frame, quantity
        return None


def _clouds_of(frame: Frame) -> list[slice]:
    """The lanes of each cloud."""
    return [slice(first, first + SEEDS) for first in range(0, len(frame.lanes), SEEDS)]


def quantile(values: np.ndarray, share: float) -> np.ndarray:
    """Return the quantile over lanes; a diverged lane counts as infinitely large.

    Args:
        values: Shape (T, K).
        share: From 0 to 1.

    Returns:
        Shape (T,).
    """
    large = np.where(np.isfinite(values), values, np.inf).astype(float)
    return np.quantile(large, share, axis=1, method="nearest")
