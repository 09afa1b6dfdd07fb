"""Plotly figures in one style: quiet axes, large enough type, no template to send along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import plotly.graph_objects as go

from widgets.figure.line_styles import BROAD, LIMIT, MEASURED, PLACE, PREDICTED, THIN, styled


def grey(opacity: float) -> str:
    """A grey that is seen on white and on near-black."""
    return f"rgba(128,128,128,{opacity})"


FAINT = grey(0.55)
MOST_AT_ENDS = 4  # lines that are named at their ends; as in `end_names.js`
TWO_CLASSES = [("class 0", ""), ("class 1", "")]
# Layout of logarithmic axes with plain numbers.
LOG: dict[str, Any] = {"yaxis_type": "log", "yaxis_tickformat": "~g"}
LOG_X: dict[str, Any] = {"xaxis_type": "log", "xaxis_tickformat": "~g"}
# Layout of a plane: both axes have one scale, whatever shape the figure has; there, angles and lengths mean something.
EQUAL_AXES: dict[str, Any] = {"xaxis_constrain": "domain", "yaxis_constrain": "domain", "yaxis_scaleanchor": "x"}


def see_through(colour: str, opacity: float) -> str:
    """A colour of a lane, "#rrggbb", through which what lies under it is seen."""
    red, green, blue = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return f"rgba({red},{green},{blue},{opacity})"


def plot(name: str, caption: str, x: str, y: str, traces: Sequence[Any], **layout: Any) -> go.Figure:
    """Return a figure with titled axes.

    Margins are fixed and labels may touch them: plotly.js measures text for anything else, at each redraw.

    Args:
        name: File name of a saved picture.
        caption: Says above the figure, in text that wraps, what it shows; also its name for screen readers.
        x: Title of the x axis.
        y: Title of the y axis.
        traces: The traces.
        layout: Further keywords of `plotly.graph_objects.Layout`.
    """
    axis = {
        "showline": True,
        "ticks": "outside",
        "ticklen": 4,
        "automargin": False,
        "ticklabeloverflow": "allow",
        "exponentformat": "power",
        "tickfont": {"size": 11},
    }
    figure = go.Figure(
        data=list(traces),
        layout={
            "template": {},
            "meta": {"name": name, "caption": caption},
            "font": {"size": 13, "family": "system-ui, sans-serif"},
            "margin": {"l": 64, "r": 14, "t": 30, "b": 44},
            "height": 300,
            "xaxis": {**axis, "title": {"text": x, "standoff": 6, "font": {"size": 13}}},
            "yaxis": {**axis, "title": {"text": y, "standoff": 6, "font": {"size": 13}}},
            "showlegend": False,
            "legend": {"orientation": "h", "x": 0, "y": 1.0, "yanchor": "bottom", "font": {"size": 12}},
            "hovermode": "closest",
        },
    )
    return figure.update_layout(**layout)


def _meta(figure: go.Figure) -> dict[str, Any]:
    return cast(dict[str, Any], figure.layout.meta)


def wide(figure: go.Figure) -> go.Figure:
    """Let a figure take a whole row."""
    return figure.update_layout(meta={**_meta(figure), "wide": True})


def with_lanes(figure: go.Figure, names: Sequence[str], colours: Sequence[str]) -> go.Figure:
    """Tell a figure its lanes, if there are several: on the page they are named beside it, in a saved picture in it."""
    lanes = [{"name": name, "colour": colour} for name, colour in zip(names, colours, strict=True)]
    return figure.update_layout(meta={**_meta(figure), "lanes": lanes if len(lanes) > 1 else []})


def with_key(figure: go.Figure, items: Sequence[dict[str, Any]]) -> go.Figure:
    """Name lines under the caption, each with a sample of it; `items` are as of `line_styles.named`."""
    return figure.update_layout(meta={**_meta(figure), "key": list(items)})


def with_free_end(figure: go.Figure) -> go.Figure:
    """Let an axis from 0 to about 1 come nearer to the data: that of an accuracy from below, of an error from above.

    Not further than to a step that the browser chooses (`axes.js`), and while a run goes on only outwards.
    """
    axis = figure.layout.yaxis
    free = {"accuracy": "below", "error": "above"}.get(axis.title.text)
    if free is None or axis.type == "log" or not axis.range or axis.range[0] != 0 or axis.range[1] < 1:
        return figure
    return figure.update_layout(meta={**_meta(figure), "free": free})


def with_ends(figure: go.Figure) -> go.Figure:
    """Let a few lines over the step be named at their ends instead of in a legend (`end_names.js`)."""
    return figure.update_layout(meta={**_meta(figure), "ends": True})


def placed(figure: go.Figure, trace: int, invitation: str = "", step: float | None = None) -> go.Figure:
    """Let a person place the start of a trace by click, drag or arrow keys.

    Args:
        figure: The figure.
        trace: Number of the trace.
        invitation: Says so after the caption; not in what is saved, where nothing can be placed.
        step: How far a key goes, in data.
    """
    wish = {"kind": "place", "trace": trace, "step": step}
    return figure.update_layout(meta={**_meta(figure), "pointer": wish, "invitation": invitation})


def drawn(figure: go.Figure, trace: int, columns: int, invitation: str = "") -> go.Figure:
    """Let a person draw a trace, as one value for each of some columns evenly spaced along the x axis.

    `invitation` is as of `placed`.
    """
    wish = {"kind": "draw", "trace": trace, "columns": columns}
    return figure.update_layout(meta={**_meta(figure), "pointer": wish, "invitation": invitation})


def two_classes(name: str, _colour: str, **kwargs: Any) -> go.Scatter:
    """Return empty marks for "class 0" or "class 1": told apart by shape, since colours are the lanes'."""
    circle, cross = {"symbol": "circle-open", "size": 6}, {"symbol": "x", "size": 5}
    mark = {**circle, "color": grey(0.9)} if name == "class 0" else {**cross, "color": grey(0.7)}
    return go.Scatter(x=[], y=[], mode="markers", name=name, marker=mark, hoverinfo="skip", **kwargs)


def line(name: str, colour: str, **kwargs: Any) -> go.Scatter:
    """Return an empty line that will grow, for what is measured."""
    return styled(MEASURED, name, colour, **kwargs)


def broad(name: str, colour: str, **kwargs: Any) -> go.Scatter:
    """Return an empty pale broad line, for what is measured where another line will lie on it."""
    return styled(BROAD, name, colour, **kwargs)


def thin(name: str, colour: str, **kwargs: Any) -> go.Scatter:
    """Return an empty thin line, for a second quantity that is measured in the same lane."""
    return styled(THIN, name, colour, **{"showlegend": False, **kwargs})


def marks(name: str, _colour: str, **kwargs: Any) -> go.Scatter:
    """Return empty marks, whose colour is that of `marker`."""
    return go.Scatter(x=[], y=[], mode="markers", name=name, **kwargs)


def bars(name: str, colour: str, **kwargs: Any) -> go.Bar:
    """Return empty bars."""
    return go.Bar(x=[], y=[], name=name, marker={"color": colour}, **kwargs)


def cells(name: str, _colour: str, **kwargs: Any) -> go.Heatmap:
    """Return empty cells, whose colours are those of `colorscale`."""
    return go.Heatmap(x=[], y=[], z=[], name=name, **kwargs)


def numbered_cells(_name: str, _colour: str, **kwargs: Any) -> go.Heatmap:
    """Return empty cells with their numbers written in them."""
    seen: dict[str, Any] = {"texttemplate": "%{z:.2f}", "showscale": False, "hoverinfo": "skip", "xgap": 2, "ygap": 2}
    return go.Heatmap(x=[], y=[], z=[], **seen, **kwargs)


def theory(name: str, colour: str, **kwargs: Any) -> go.Scatter:
    """Return an empty dashed line for a prediction, which the key of its figure names."""
    return styled(PREDICTED, name, colour, **{"showlegend": False, "hoverinfo": "skip", **kwargs})


def limit(name: str, colour: str, **kwargs: Any) -> go.Scatter:
    """Return an empty dotted line for a limit, or a level to compare with, which the key of its figure names."""
    return styled(LIMIT, name, colour, **{"showlegend": False, "hoverinfo": "skip", **kwargs})


def ring(name: str, colour: str, **kwargs: Any) -> go.Scatter:
    """Return an empty line that goes round a place, which the key of its figure names.

    A mark would have to be drawn by plotly.js anew at each frame; a line has not.
    """
    return styled(PLACE, name, colour, **{"showlegend": False, "hoverinfo": "skip", **kwargs})


def as_text(text: str) -> str:
    """Return a name as text for the title of an axis, where plotly would read markup."""
    return text.replace("&", "&amp;").replace("<", "&lt;")
