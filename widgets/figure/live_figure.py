"""Plotly figures in the browser that take new points, not whole arrays.

Protocol, all as custom messages of one anywidget (see live_figure.js for the other end):

- browser -> kernel: `plotly` (send plotly.js, once a page), `hello` (send everything), `ack` (frame `n` is on screen),
  `seen` (frames up to `got` have come, those up to `drawn` are on screen), `point` and `sketch` (a person pointed at a
  figure whose layout has `meta.pointer`, see pointing.js).
- kernel -> browser: `plotly` (gzip in a buffer), `state` (whole figures), `frame` (operations, their numbers in one
  buffer of float64), `probe` (say what you have `seen`). States and frames are numbered; at most `WINDOW` of them wait
  for their acknowledgement. One that stays away is asked after; what was lost is made up for by a state (delivery.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import traitlets
from plotly.offline import get_plotlyjs_version

from widgets.browser.browser_module import FOLDER, bundled
from widgets.browser.one_way import OneWayWidget
from widgets.browser.spaced import Spaced
from widgets.figure import plotlyjs
from widgets.figure.decimate import thin
from widgets.figure.delivery import Delivery

POINTS_PER_FRAME = 56
POINTS_ON_SCREEN = 600
# plotly.js is 0.5 MB, and asked for once a page; a whole figure is up to 100 KB, and asked for once a view.
PLOTLY_SECONDS = 2.0
STATE_SECONDS = 0.5

Numbers = Sequence[float] | np.ndarray
OnPoint = Callable[[str, float, float], None]
OnSketch = Callable[[str, np.ndarray, np.ndarray], None]


class _Operations:
    """The effect of one message on the figures: a list of operations and the numbers that they take, in order."""

    def __init__(self) -> None:
        self.operations: list[list[Any]] = []
        self._numbers: list[np.ndarray] = []

    def add(self, operation: list[Any], *numbers: np.ndarray) -> None:
        self.operations.append(operation)
        self._numbers += numbers

    def buffer(self) -> bytes:
        return np.concatenate([*self._numbers, np.empty(0)]).tobytes()


class _Shown:
    """The present content of one figure: the figure as given, and what has come since, in bounded size."""

    def __init__(self, figure: dict[str, Any]):
        self.figure = figure
        self.grown: dict[int, tuple[np.ndarray, np.ndarray, bool]] = {}
        self.passed: dict[int, tuple[int, int]] = {}
        self.newest: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.replaced: dict[tuple[int, str], np.ndarray] = {}
        self.layout: dict[str, Any] = {}

    def grow(self, trace: int, x: np.ndarray, y: np.ndarray, path: bool) -> None:
        held_x, held_y, _ = self.grown.get(trace, (np.empty(0), np.empty(0), path))
        if path:
            count, every = self.passed.get(trace, (0, 1))
            self.passed[trace] = count + len(x), every
            kept = (count + np.arange(len(x))) % every == 0
            if len(x):
                self.newest[trace] = x[-1:], y[-1:]
            x, y = x[kept], y[kept]
        x, y = np.concatenate([held_x, x]), np.concatenate([held_y, y])
        while path and len(x) > 2 * POINTS_ON_SCREEN:
            x, y = x[::2], y[::2]
            self.passed[trace] = self.passed[trace][0], 2 * self.passed[trace][1]
        if len(x) > 2 * POINTS_ON_SCREEN:
            x, y = thin(x, y, POINTS_ON_SCREEN, path)
        self.grown[trace] = x, y, path

    def _points(self, trace: int) -> tuple[np.ndarray, np.ndarray]:
        """Return what has grown; a path ends where it is now, also between the points that are kept."""
        x, y, path = self.grown[trace]
        if path and trace in self.newest:
            last_x, last_y = self.newest[trace]
            if x[-1] != last_x[0] or y[-1] != last_y[0]:
                return np.append(x, last_x), np.append(y, last_y)
        return x, y

    def now(self) -> dict[str, Any]:
        """The figure as it is shown, as plotly's dict."""
        figure = json.loads(json.dumps({key: self.figure[key] for key in ("data", "layout")}))
        for trace in self.grown:
            x, y = self._points(trace)
            figure["data"][trace].update(x=_finite(x), y=_finite(y))
        for (trace, key), numbers in self.replaced.items():
            figure["data"][trace][key] = _finite(numbers)
        for dotted, value in self.layout.items():
            _set(figure["layout"], dotted, value)
        return figure

    def describe(self, index: int, operations: _Operations) -> None:
        """Add the operations that bring the figure as given to what it shows now."""
        for trace, (_, _, path) in self.grown.items():
            x, y = self._points(trace)
            kept = thin(x, y, POINTS_ON_SCREEN, path)
            operations.add(["extend", index, trace, len(kept[0]), int(path)], *kept)
        for (trace, key), numbers in self.replaced.items():
            operations.add(_replacement(index, trace, key, numbers), numbers.ravel())
        if self.layout:
            operations.add(["layout", index, self.layout])


def _set(layout: dict[str, Any], dotted: str, value: Any) -> None:
    """Set a property named as in Plotly.relayout."""
    *path, last = dotted.split(".")
    for part in path:
        layout = layout.setdefault(part, {})
    layout[last] = value


def _numbers(sent: Any, count: int) -> np.ndarray | None:
    """Return what a browser sent as `count` float64 numbers, null as NaN; None if it is nothing of the kind."""
    if not isinstance(sent, list) or len(sent) != count:
        return None
    if not all(value is None or type(value) is float or (type(value) is int and abs(value) < 1e15) for value in sent):
        return None
    return np.array([np.nan if value is None else value for value in sent], dtype=float)


def _replacement(figure: int, trace: int, key: str, numbers: np.ndarray) -> list[Any]:
    columns = [numbers.shape[1]] if numbers.ndim == 2 else []
    return ["replace", figure, trace, numbers.size, key, *columns]


def _finite(numbers: np.ndarray) -> list[Any]:
    if numbers.ndim == 2:
        return [_finite(row) for row in numbers]
    return [float(value) if np.isfinite(value) else None for value in numbers]


class LiveFigure(OneWayWidget):
    """One or more plotly figures that are drawn in step.

    Args:
        figures: Name -> figure. Traces that grow start empty.
        label: Name for screen readers.

    A frame is made of `extend`, `replace` and `relayout` calls and leaves with `flush`. Call them only when `ready`:
    the caller keeps the data, so nothing is queued here and a browser that stops answering costs nothing.
    """

    _esm = bundled("live_figure.js")
    _css = FOLDER / "live_figure.css"
    plotly_version = traitlets.Unicode(get_plotlyjs_version()).tag(sync=True)
    label = traitlets.Unicode("Live figure").tag(sync=True)
    _frame: _Operations

    def __init__(self, figures: Mapping[str, go.Figure] | go.Figure, **kwargs: Any):
        super().__init__(**kwargs)
        self._on_hello: Callable[[], None] = lambda: None
        self._on_ready: Callable[[], None] = lambda: None
        self._on_point: OnPoint = lambda figure, x, y: None
        self._on_sketch: OnSketch = lambda figure, x, y: None
        self._delivery = Delivery(lambda number: self.send({"type": "probe", "n": number}))
        self._states, self._bundles = Spaced(STATE_SECONDS), Spaced(PLOTLY_SECONDS)
        self._state_due = False
        self._show(figures)
        self.on_msg(self._receive)

    def on_hello(self, callback: Callable[[], None]) -> None:
        """Call back when the figures come into sight, before anything is sent there."""
        self._on_hello = callback

    def on_ready(self, callback: Callable[[], None]) -> None:
        """Call back whenever the browser has caught up and a frame may be sent."""
        self._on_ready = callback

    def on_point(self, callback: OnPoint) -> None:
        """Call back with figure, x and y when a person points at a figure with `pointer` of kind "place"."""
        self._on_point = callback

    def on_sketch(self, callback: OnSketch) -> None:
        """Call back with figure, x and y (both of shape (columns,), y NaN where nothing is drawn) after a stroke."""
        self._on_sketch = callback

    @property
    def ready(self) -> bool:
        """True if a frame may be sent now."""
        return self._delivery.ready

    @property
    def frames_sent(self) -> int:
        """States and frames sent so far."""
        return self._delivery.sent

    def reset(self, figures: Mapping[str, go.Figure] | go.Figure) -> None:
        """Show other figures; whatever was on its way to the old ones is dropped."""
        self._show(figures)
        self._state_due = True
        self._delivery.ask()
        self.flush()

    def clear(self) -> None:
        """Empty all traces that grew or were replaced; the figures, their layout and a person's zoom stay."""
        for shown in self._shown.values():
            shown.grown.clear()
            shown.passed.clear()
            shown.newest.clear()
            shown.replaced.clear()
        layouts = [operation for operation in self._frame.operations if operation[0] == "layout"]
        self._frame = _Operations()
        self._frame.operations = [["clear"], *layouts]
        self._delivery.ask()

    def extend(self, figure: str, trace: int, x: Numbers, y: Numbers, path: bool = False) -> None:
        """Append points to a trace.

        Points that are not finite are left out. More than `POINTS_PER_FRAME` are thinned: to the smallest and largest
        value of each bucket for a curve, evenly for a `path` (a trajectory in the plane).
        """
        x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
        finite = np.isfinite(x) & np.isfinite(y)
        x, y = x[finite], y[finite]
        self._shown[figure].grow(trace, x, y, path)
        sent = thin(x, y, POINTS_PER_FRAME, path)
        if len(sent[0]):
            self._frame.add(["extend", self._index(figure), trace, len(sent[0]), int(path)], *sent)

    def replace(self, figure: str, trace: int, **arrays: Numbers) -> None:
        """Replace whole arrays of numbers of a trace, such as `x=` and `y=`. What is not finite leaves a gap.

        What holds already is not sent again.

        A matrix, such as the `z` of level lines, has a row for each y and costs 8 bytes a number: send it seldom.
        """
        for key, values in arrays.items():
            numbers = np.asarray(values, dtype=float)
            held = self._shown[figure].replaced.get((trace, key))
            if held is not None and np.array_equal(held, numbers, equal_nan=True):
                continue
            self._shown[figure].replaced[trace, key] = numbers
            self._frame.add(_replacement(self._index(figure), trace, key, numbers), numbers.ravel())

    def relayout(self, figure: str, changes: Mapping[str, Any]) -> None:
        """Change layout properties, named as in Plotly.relayout: `{"xaxis.range": [0, 1]}`. What holds is not sent."""
        held = self._shown[figure].layout
        new = {key: value for key, value in changes.items() if key not in held or held[key] != value}
        if new:
            held.update(new)
            self._frame.add(["layout", self._index(figure), new])

    def figures_now(self) -> list[dict[str, Any]]:
        """The figures as plotly's own dicts, with what they show now; what is not finite is None."""
        return [shown.now() for shown in self._shown.values()]

    def flush(self, whole: bool = False) -> None:
        """Send what has been gathered, if there is anything and the browser is ready.

        Args:
            whole: Send all that is shown instead of what is new: finer where much is new at once, and dearer.
        """
        self._state_due = self._state_due or whole
        if not self.ready:
            # What was gathered is in `_shown`; the state that follows when the browser answers includes it.
            self._state_due = self._state_due or bool(self._frame.operations)
        elif self._state_due:
            self._send_state()
        elif self._frame.operations:
            self._dispatch({"type": "frame"}, self._frame)
        self._frame = _Operations()

    def _show(self, figures: Mapping[str, go.Figure] | go.Figure) -> None:
        if isinstance(figures, go.Figure):
            figures = {"figure": figures}
        self._shown = {name: _Shown(json.loads(figure.to_json())) for name, figure in figures.items()}
        self._frame = _Operations()

    def _index(self, figure: str) -> int:
        return list(self._shown).index(figure)

    def _send_state(self) -> None:
        self._state_due = False
        operations = _Operations()
        for index, shown in enumerate(self._shown.values()):
            shown.describe(index, operations)
        self._dispatch({"type": "state", "figures": [shown.figure for shown in self._shown.values()]}, operations)

    def _dispatch(self, content: dict[str, Any], operations: _Operations) -> None:
        number = self._delivery.number()
        self.send({**content, "n": number, "ops": operations.operations}, [operations.buffer()])

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        kind = content.get("type") if isinstance(content, dict) else None
        if kind == "plotly":
            self._bundles.ask("plotly", lambda: self.send({"type": "plotly"}, [plotlyjs.compressed_module()]))
        elif kind == "hello" and content.get("again") is True and self._delivery.waits:
            self._delivery.ask()  # a state is on its way; whether it was lost is being found out
        elif kind == "hello":
            self._states.ask("state", self._make_up)
        elif kind == "ack" and type(content.get("n")) is int and content["n"] <= self._delivery.sent:
            self._delivery.drawn(content["n"])
            self._proceed()
        elif kind == "seen" and type(content.get("got")) is int and type(content.get("drawn")) is int:
            self._delivery.drawn(content["drawn"])
            if content["got"] < self._delivery.sent:
                self._states.ask("state", self._make_up)
            else:
                self._proceed()
        elif kind in ("point", "sketch"):
            self._pointed(content)

    def _pointed(self, content: dict[str, Any]) -> None:
        """Hand on where a person pointed; what no page of ours sends is dropped."""
        names, index = list(self._shown), content.get("figure")
        if type(index) is not int or not 0 <= index < len(names):
            return
        wish = (self._shown[names[index]].figure["layout"].get("meta") or {}).get("pointer") or {}
        if content["type"] == "point" and wish.get("kind") == "place":
            x, y = (_numbers([content.get(key)], 1) for key in "xy")
            if x is not None and y is not None and np.isfinite([x[0], y[0]]).all():
                self._on_point(names[index], float(x[0]), float(y[0]))
        elif content["type"] == "sketch" and wish.get("kind") == "draw":
            x, y = (_numbers(content.get(key), wish["columns"]) for key in "xy")
            if x is not None and y is not None:
                self._on_sketch(names[index], x, y)

    def _make_up(self) -> None:
        """Send everything, to whoever has missed something or has just come."""
        self._delivery.forget()
        self._state_due = True
        self._on_hello()
        self._proceed()

    def _proceed(self) -> None:
        if self.ready and self._state_due:
            self.flush()
        if self.ready:
            self._on_ready()
