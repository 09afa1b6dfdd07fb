"""Opens the table of a long run, made in a terminal by `python -m lessons.periodic`."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path

import ipywidgets as ipw
import numpy as np
import plotly.graph_objects as go
from plotly.basedatatypes import BaseTraceType

from lessons.periodic.long_run.recorded import command_of, recorded_table
from lessons.periodic.long_run.series_file import read_series
from lessons.periodic.phases import Periods, find_periods
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.decimate import thin
from widgets.figure.line_styles import THIN
from widgets.figure.live_figure import POINTS_ON_SCREEN, LiveFigure
from widgets.figure.plots import line, plot, wide
from widgets.labs.periodic.phase_shades import BANDED, shades
from widgets.page.said import said

COLOUR = LANE_COLOURS[0]
_FIGURES = {
    "loss": ("Loss (thick) and test error (thin), and the phases", "loss, error"),
    "norm": ("Norm ρ", "norm ρ"),
    "effective_gradient": ("Effective gradient g", "g"),
    "effective_learning_rate": ("Effective learning rate η/ρ²", "η/ρ²"),
}
_HOW = (
    "<p>There is no table <code>{path}</code> here yet. A terminal makes it: on the digits in a few seconds, on CIFAR "
    "in hours and with a GPU.</p><pre>python -m lessons.periodic --out {folder}</pre>"
)
_RECORDED = (
    "<p>Until then: <b>a run that was recorded</b>, and is not computed here. This made it, on one core and in some "
    "minutes:</p><pre>{command}</pre>"
)


def long_run(path: str) -> ipw.Widget:
    """Return the figures of a long run; where there is no table of one, those of a recorded run, and a sentence.

    Args:
        path: A file `series.csv` that `python -m lessons.periodic --out FOLDER` leaves in FOLDER.
    """
    file = Path(path)
    try:
        if file.is_file():
            return _opened(f"<code>{escape(str(file))}</code>", file.read_text(encoding="utf-8"))
    except (ValueError, OSError) as error:
        return said(f"<p><code>{escape(str(file))}</code> is no table of a long run. {escape(str(error))}</p>")
    table = recorded_table()
    how = _HOW.format(path=escape(str(file)), folder=escape(str(file.parent)))
    how += _RECORDED.format(command=escape(command_of(table)))
    return ipw.VBox([said(how), _opened("The recorded run", table, "Recorded: ")])


def _opened(name: str, table: str, before: str = "") -> ipw.Widget:
    """The figures of a table, and in a sentence what it tells; `name` is HTML, `before` begins each caption.

    Raises:
        ValueError: If it is no table of a long run.
    """
    series = read_series(table)
    missing = [quantity for quantity in _FIGURES if quantity not in series]
    if missing or not len(series["step"]):
        raise ValueError("It lacks " + (", ".join(missing) or "any rows") + ".")
    phases = find_periods(series["loss"][:, None], series["norm"][:, None])
    figure = LiveFigure(_figures(series, phases, before), label="Long run")
    return ipw.VBox([said(_summary(name, series, phases)), figure])


def _figures(series: dict[str, np.ndarray], phases: Periods, before: str) -> dict[str, go.Figure]:
    figures = {}
    for name, (caption, axis) in _FIGURES.items():
        log = {"yaxis_type": "log", "yaxis_tickformat": "~g", "xaxis_tickformat": "~s", "showlegend": name == "loss"}
        traces: list[BaseTraceType] = [_curve(series, name)]
        if name == "loss":
            errors = (
                [_curve(series, "test_error", line={"width": THIN.width}, meta=THIN.meaning)]
                if "test_error" in series
                else []
            )
            traces = [*_shaded(series["step"], phases.phase[:, 0]), *traces, *errors]
        figures[name] = plot(f"long-run-{name}", before + caption, "step", axis, traces, **log)
    figures["loss"] = wide(figures["loss"].update_layout(**BANDED))
    return figures


def _curve(series: dict[str, np.ndarray], name: str, **style: object) -> go.Scatter:
    x: Iterable[float]
    y: Iterable[float]
    known = np.isfinite(series[name]) & (series[name] > 0)
    x, y = thin(series["step"][known], series[name][known], POINTS_ON_SCREEN, False) if known.any() else ([], [])
    curve = line(name.replace("_", " "), COLOUR, showlegend=False, **style)
    curve.update(x=list(x), y=list(y))
    return curve


def _shaded(steps: np.ndarray, phases: np.ndarray) -> list[BaseTraceType]:
    begins = np.flatnonzero(np.diff(phases, prepend=-1))
    ends = np.append(begins[1:], len(phases) - 1)
    bands = shades().traces([], [])
    for number, trace in enumerate(bands):
        mine = phases[begins] == number
        spans = zip(steps[begins[mine]], steps[ends[mine]], strict=True)
        corners = [corner for a, b in spans for corner in (float(a), float(a), float(b), float(b), float(a), None)]
        trace.update(x=corners, y=[0, 1, 1, 0, 0, None] * (len(corners) // 6))
    return bands


def _summary(name: str, series: dict[str, np.ndarray], phases: Periods) -> str:
    at = series["step"][phases.onsets[0]]
    apart = f", {np.diff(at).mean():.0f} steps apart on average" if len(at) > 1 else ""
    return f"<p>{name}: {series['step'][-1]:.0f} steps, {len(at)} breakdown{'' if len(at) == 1 else 's'}{apart}.</p>"
