"""Parts of a panel: traces with names, one a lane or one for all, and the sources of their points."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, cast

import numpy as np
import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType
from typing_extensions import TypeVar

from lessons.core.settings import Settings
from widgets.figure.covered import CoveredScreen
from widgets.figure.frame import Frame
from widgets.figure.line_styles import SOLID, named, style_of
from widgets.figure.live_figure import LiveFigure, Numbers
from widgets.figure.plots import limit, line, see_through, theory

# Settings of the lanes that are drawn.
DrawnT = TypeVar("DrawnT", bound=Settings, default=Any, contravariant=True)

Points = tuple[Numbers, ...]  # x and y, and z of a matrix
Series = str | Callable[[Frame[DrawnT], int, np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Traces:
    """The traces of one part in a figure: `count` of them, from number `first` on."""

    screen: LiveFigure | CoveredScreen
    figure: str
    first: int
    count: int

    def extend(self, number: int, x: Numbers, y: Numbers, path: bool = False) -> None:
        """Append points to one of them, as `LiveFigure.extend`."""
        self.screen.extend(self.figure, self.first + number, x, y, path)

    def replace(self, number: int, points: Points | None) -> None:
        """Give one of them other points; None leaves those that it has."""
        if points is not None:
            self.screen.replace(self.figure, self.first + number, **dict(zip("xyz", points, strict=False)))


class Part(ABC, Generic[DrawnT]):
    """Some traces of a panel, and what draws them.

    Args:
        name: Of a lane's trace; "{lane}" stands for the lane's name.
        each: Names and colours of the traces, where they are not one a lane.
        make: Makes an empty trace from a name, a colour and the style, as those of `widgets.figure.plots` do.
        if_several: The legend names its traces only where there are several lanes, or, if False, where there is one; if
            None, the style says so.
        says: What the key of the figure calls its lines, where that is not the name of the trace without the lane's.
        pointer: Lets a person point at its first trace, or draw it: `placed` or `drawn` of `widgets.figure.plots`.
        style: Further keywords of `make`.
    """

    def __init__(
        self,
        name: str = "{lane}",
        *,
        each: Sequence[tuple[str, str]] | None = None,
        make: Callable[..., BaseTraceType] = line,
        if_several: bool | None = None,
        says: str = "",
        pointer: Callable[[go.Figure, int], go.Figure] | None = None,
        **style: Any,
    ):
        self._name, self._each, self._make, self._style = name, each, make, style
        self._if_several, self._says, self.pointer = if_several, says, pointer

    def traces(self, names: Sequence[str], colours: Sequence[str]) -> list[BaseTraceType]:
        """Return the traces for these lanes, empty."""
        lanes = zip(names, colours, strict=True)
        each = [(self._name.format(lane=n), c) for n, c in lanes] if self._each is None else self._each
        legend = {} if self._if_several is None else {"showlegend": self._if_several == (len(names) > 1)}
        return [self._make(*pair, **self._style, **legend) for pair in each]

    def key(self, traces: Sequence[Any]) -> list[dict[str, Any]]:
        """Return what the key of a figure says of its traces, as of `named`; lines of all lanes have one entry.

        Those that are in the legend for sure are left out.
        """
        if self._each is not None and self._says:
            colours = {colour for _, colour in self._each}
            shown = [(trace, self._says, colours.pop() if len(colours) == 1 else None) for trace in traces[:1]]
        elif self._each is None:
            shown = [(trace, self._said(trace), self._own_colour()) for trace in traces[:1]]
        else:
            shown = [(trace, self._said(trace), trace.line.color) for trace in traces if style_of(trace)]
        found = [(style_of(trace), trace, name, colour) for trace, name, colour in shown if not trace.showlegend]
        return [named(style, name, colour, trace.mode == "markers") for style, trace, name, colour in found if style]

    def _said(self, trace: Any) -> str:
        """What the key calls a trace; solid lines that are not of the lanes have their names in the legend."""
        if self._says or self._of_lanes:
            return self._says or self._name.removeprefix("{lane}").lstrip(",: ")
        return "" if style_of(trace) in SOLID else cast(str, trace.name)

    @property
    def _of_lanes(self) -> bool:
        return self._each is None

    def _own_colour(self) -> str | None:
        """The colour of the entry in the key; that of the text stands for the lanes'."""
        return None

    def count(self, lanes: int) -> int:
        """The number of traces for so many lanes."""
        return lanes if self._each is None else len(self._each)

    def begin(self, frame: Frame[DrawnT], traces: Traces) -> None:
        """Draw what depends on the settings alone."""

    def draw(self, frame: Frame[DrawnT], traces: Traces) -> None:
        """Draw what is new."""


class Line(Part[DrawnT]):
    """A curve for each lane, which grows with the run; it joins the steps at which it was measured.

    Args:
        of: Name of what is measured, of shape (K,); or a function of a frame, the number of a lane (of the trace, where
            `each` is given) and some steps, shape (N,), that returns the values at these steps, shape (N,).
        measured: Name of the quantity that such a function is made of, if that is measured now and then.
        x: What is on the x axis, as `of`; the step if it is None.
    """

    def __init__(
        self,
        of: Series[DrawnT],
        name: str = "{lane}",
        *,
        measured: str = "",
        x: Series[DrawnT] | None = None,
        **style: Any,
    ):
        super().__init__(name, **style)
        self._of, self._x, self._measured = of, x, of if isinstance(of, str) else measured

    def draw(self, frame: Frame[DrawnT], traces: Traces) -> None:
        for number in range(traces.count):
            steps = frame.steps(None if self._each else number, self._measured)
            x = steps if self._x is None else _values(self._x, frame, number, steps)
            traces.extend(number, x, _values(self._of, frame, number, steps))


class Band(Part[DrawnT]):
    """The range between two curves for each lane, which grows with the run.

    Args:
        of: Function of a frame, the number of a lane and some steps, shape (N,), that returns both at these steps,
            shape (N,) each.
        measured: Name of the quantity that they are made of.
    """

    def __init__(
        self,
        of: Callable[[Frame[DrawnT], int, np.ndarray], tuple[np.ndarray, np.ndarray]],
        measured: str,
        name: str = "{lane}",
    ):
        super().__init__(name)
        self._of, self._measured = of, measured

    def traces(self, names: Sequence[str], colours: Sequence[str]) -> list[BaseTraceType]:
        traces, edge = list[BaseTraceType](), {"width": 0.5}
        for name, colour in zip(names, colours, strict=True):
            lane = self._name.format(lane=name)
            fill = {"fill": "tonexty", "fillcolor": see_through(colour, 0.25)}
            traces += [line(f"{lane}, low", colour, line=edge, showlegend=False), line(lane, colour, line=edge, **fill)]
        return traces

    def count(self, lanes: int) -> int:
        return 2 * lanes

    def draw(self, frame: Frame[DrawnT], traces: Traces) -> None:
        for lane in range(traces.count // 2):
            steps = frame.steps(lane, self._measured)
            for edge, values in enumerate(self._of(frame, lane, steps)):
                traces.extend(2 * lane + edge, steps, values)


class Path(Part[DrawnT]):
    """A trajectory for each lane, which grows with the run.

    Args:
        of: Function of a frame and the number of a lane that returns x and y of the whole history, shape (T,) each.
    """

    def __init__(
        self, of: Callable[[Frame[DrawnT], int], tuple[np.ndarray, np.ndarray]], name: str = "{lane}", **style: Any
    ):
        super().__init__(name, **style)
        self._of = of

    def draw(self, frame: Frame[DrawnT], traces: Traces) -> None:
        for lane in range(traces.count):
            rows, (x, y) = frame.rows(lane), self._of(frame, lane)
            traces.extend(lane, x[rows], y[rows], path=True)


class Curve(Part[DrawnT]):
    """A curve for each lane, which is drawn anew in each frame.

    Args:
        of: Function of a frame and the number of a lane (of the trace, where `each` is given) that returns its points;
            None leaves those that it has.
        fixed: Whether it depends on the settings alone, and is drawn anew only when they change.
        when: Tells of a frame whether it is drawn anew there; it always is when settings change.
    """

    def __init__(
        self,
        of: Callable[[Frame[DrawnT], int], Points | None],
        name: str = "{lane}",
        *,
        fixed: bool = False,
        when: Callable[[Frame[DrawnT]], bool] | None = None,
        **style: Any,
    ):
        super().__init__(name, **style)
        self._of, self._when = of, (lambda _: False) if fixed else when

    def begin(self, frame: Frame[DrawnT], traces: Traces) -> None:
        if self._when is not None:
            self._replace(frame, traces)

    def draw(self, frame: Frame[DrawnT], traces: Traces) -> None:
        if self._when is None or self._when(frame):
            self._replace(frame, traces)

    def _replace(self, frame: Frame[DrawnT], traces: Traces) -> None:
        for number in range(traces.count):
            traces.replace(number, self._of(frame, number))


class Theory(Curve[DrawnT]):
    """A dashed curve for each lane, which its settings predict."""

    def __init__(self, of: Callable[[Frame[DrawnT], int], Points | None], name: str = "{lane}", **style: Any):
        super().__init__(of, name, fixed=True, **{"make": theory, **style})


class One(Curve[DrawnT]):
    """A single curve for all lanes, which is drawn anew in each frame.

    Args:
        of: Function of a frame that returns its points; None leaves those that it has.
        name: Its name.
        colour: Its colour; that of the first lane if it is empty.
        style: As of `Curve`.
    """

    def __init__(self, of: Callable[[Frame[DrawnT]], Points | None], name: str, colour: str = "", **style: Any):
        super().__init__(lambda frame, _: of(frame), name, **style)
        self._colour = colour

    def traces(self, names: Sequence[str], colours: Sequence[str]) -> list[BaseTraceType]:
        return [self._make(self._name, self._colour or colours[0], **self._style)]

    @property
    def _of_lanes(self) -> bool:
        return False

    def _own_colour(self) -> str | None:
        return self._colour or None

    def count(self, lanes: int) -> int:
        return 1


class Level(One[DrawnT]):
    """A dotted line at one height over all steps; `at` is the height, or a function of a frame that returns it."""

    def __init__(self, at: float | Callable[[Frame[DrawnT]], float], name: str, colour: str = "#888", **style: Any):
        def points(frame: Frame[DrawnT]) -> Points:
            height = at(frame) if callable(at) else at
            return [0, frame.lanes.shared.steps], [height, height]

        super().__init__(points, name, colour, fixed=True, **{"make": limit, **style})


class Given(Part[DrawnT]):
    """A single trace that is there before a run, and stays.

    Args:
        points: Its x and y.
        name: Its name.
        colour: Its colour.
        style: As of `Part`.
    """

    def __init__(self, points: Points, name: str, colour: str, **style: Any):
        super().__init__(each=[(name, colour)], **style)
        self._points = points

    def traces(self, names: Sequence[str], colours: Sequence[str]) -> list[BaseTraceType]:
        (trace,) = super().traces(names, colours)
        trace.update(dict(zip("xy", self._points, strict=True)))
        return [trace]


def _values(of: Series[DrawnT], frame: Frame[DrawnT], number: int, steps: np.ndarray) -> np.ndarray:
    return frame.history[of][steps, number] if isinstance(of, str) else of(frame, number, steps)
