"""Panels: the figures of a view, declared by the lines that are in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

import plotly.graph_objects as go

from widgets.figure.frame import Frame
from widgets.figure.line_styles import key_of
from widgets.figure.plots import MOST_AT_ENDS, plot, wide, with_ends, with_free_end, with_key
from widgets.view.controls import Reading
from widgets.view.lines import DrawnT, Part, Traces

T = TypeVar("T")


class Panel(Generic[DrawnT]):
    """A figure with named lines.

    Args:
        caption: Says above the figure what it shows.
        x: Title of the x axis.
        y: Title of the y axis.
        parts: What is in it, from the back to the front and in the order of the legend.
        legend: Whether it names the lanes where there are several; "few" for names at the ends of lines alone, so that
            a figure over the step is as wide as another one under it that has them.
        wide: Whether it takes a whole row.
        fit: Function of a frame that returns layout changes, named as in Plotly.relayout.
        layout: Further keywords of `plotly.graph_objects.Layout`.
    """

    def __init__(
        self,
        caption: str,
        x: str,
        y: str,
        *parts: Part[DrawnT],
        legend: bool | Literal["few"] = False,
        wide: bool = False,
        fit: Callable[[Frame[DrawnT]], Mapping[str, Any]] | None = None,
        **layout: Any,
    ):
        self._titles, self._parts, self._layout = (caption, x, y), parts, layout
        self._legend, self._wide, self._fit = legend, wide, fit

    def figure(self, name: str, names: Sequence[str], colours: Sequence[str]) -> go.Figure:
        """Return the figure for these lanes, with empty traces; `name` is the file name of a saved picture."""
        drawn = [(part, part.traces(names, colours)) for part in self._parts]
        traces = [trace for _, each in drawn for trace in each]
        caption, x, y = self._titles
        most = MOST_AT_ENDS if self._legend == "few" else len(names)
        legend = bool(self._legend) and 1 < len(names) <= most
        figure = plot(name, caption, x, y, traces, **{"showlegend": legend, **self._layout})
        figure = with_free_end(figure)
        figure = with_key(figure, key_of([entry for part, each in drawn for entry in part.key(each)]))
        first = 0
        for part in self._parts:
            if part.pointer:
                figure = part.pointer(figure, first)
            first += part.count(len(names))
        return wide(figure) if self._wide else figure

    def begin(self, frame: Frame[DrawnT], name: str, lanes: int) -> None:
        """Draw what depends on the settings alone.

        Args:
            frame: The frame.
            name: The figure's name on the screen.
            lanes: For how many lanes the figure was made.
        """
        for part, traces in self._drawn(frame, name, lanes):
            part.begin(frame, traces)

    def draw(self, frame: Frame[DrawnT], name: str, lanes: int) -> None:
        """Draw what is new; arguments as of `begin`."""
        for part, traces in self._drawn(frame, name, lanes):
            part.draw(frame, traces)
        if self._fit:
            frame.screen.relayout(name, self._fit(frame))

    def _drawn(self, frame: Frame[DrawnT], name: str, lanes: int) -> Iterator[tuple[Part[DrawnT], Traces]]:
        first = 0
        for part in self._parts:
            count = part.count(lanes)
            yield part, Traces(frame.screen, name, first, count)
            first += count


class OverSteps(Panel[DrawnT]):
    """A figure over the steps of the run; arguments as of `Panel`."""

    def __init__(self, caption: str, y: str, *parts: Part[DrawnT], x: str = "step", **layout: Any):
        super().__init__(caption, x, y, *parts, **layout)

    def figure(self, name: str, names: Sequence[str], colours: Sequence[str]) -> go.Figure:
        return with_ends(super().figure(name, names, colours))

    def begin(self, frame: Frame[DrawnT], name: str, lanes: int) -> None:
        super().begin(frame, name, lanes)
        frame.screen.relayout(name, {"xaxis.range": [0, frame.lanes.shared.steps]})


@dataclass(frozen=True)
class Now(Generic[DrawnT]):
    """A number of the table for each lane: the value now.

    Attributes:
        quantity: What the table calls it.
        of: Name of what is measured, of shape (K,); or a function of a frame and the number of a lane that returns the
            number, or words.
        predicted: What it is compared with, as `of`; such a function may return None.
        beside: What that is, as of `Reading`.
        form: How it is written, as in `format`; empty for some significant digits.
    """

    quantity: str
    of: str | Callable[[Frame[DrawnT], int], float | str]
    predicted: str | Callable[[Frame[DrawnT], int], float | None] | None = None
    beside: Literal["theory", "long run", "limit", "at most", "at best", "chance"] = "theory"
    form: str = ""

    def reading(self, frame: Frame[DrawnT], lane: int) -> Reading:
        """Return it for one lane."""
        predicted = None if self.predicted is None else _found(self.predicted, frame, lane)
        measured = _found(self.of, frame, lane)
        written = format(measured, self.form) if self.form else measured
        return Reading(lane, self.quantity, written, predicted, self.beside, self._step(frame, lane))

    def _step(self, frame: Frame[DrawnT], lane: int) -> int | None:
        """The step at which it was measured, where that is past."""
        if not isinstance(self.of, str):
            return None
        last = frame.last(lane)
        step = frame.history.newest_step(self.of, last)
        return None if step == last else step


def now(frame: Frame, quantity: str, lane: int) -> float:
    """Return what was measured last of a quantity, of shape (K,), in a lane."""
    return float(frame.history.newest(quantity, frame.last(lane))[lane])


def _found(of: str | Callable[[Frame[DrawnT], int], T], frame: Frame[DrawnT], lane: int) -> float | T:
    return now(frame, of, lane) if isinstance(of, str) else of(frame, lane)
