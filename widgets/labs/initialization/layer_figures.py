"""Figures with the layer on the x axis: measured lines, the theory's dashes, and the histogram of each layer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from widgets.plots import line, plot, theory

LOWEST = 1e-45  # below, float32 is 0
SHADES = [
    (0.0, "rgba(47,126,216,0)"),
    (0.003, "rgba(47,126,216,0.12)"),
    (0.05, "rgba(47,126,216,0.45)"),
    (0.25, "rgba(47,126,216,0.75)"),
    (1.0, "rgba(20,60,140,1)"),
]


def by_layer(
    name: str, caption: str, y: str, names: Sequence[str], colours: Sequence[str], x: str = "layer", **layout: Any
) -> go.Figure:
    """Return a figure on a logarithmic axis: for each lane a line that is measured, then for each a dashed one."""
    pairs = list(zip(names, colours, strict=True))
    measured = [line(n, c, line={"width": 4}, opacity=0.5) for n, c in pairs]
    expected = [theory(f"{n}, theory", c, showlegend=False).update(opacity=1.0) for n, c in pairs]
    traces, shown = [*measured, *expected], {"yaxis_type": "log", "showlegend": len(names) > 1, **layout}
    return plot(name, caption, x, y, traces, **shown)


def shading(name: str, caption: str, x: str = "layer") -> go.Figure:
    """Return a figure for the histograms of all layers, one a column; lines for the mean and a deviation around it."""
    picture = go.Heatmap(
        z=[[0, 0], [0, 0]],
        x=[1, 2],
        y=[0, 1],
        zmin=0,
        zmax=1,
        zsmooth=False,
        showscale=False,
        hoverinfo="skip",
        colorscale=SHADES,
        name="histogram",
    )
    edge = {"line": {"width": 1.5}}
    lines = [line(label, "#b45fc9", **edge) for label in ("mean + standard deviation", "mean − standard deviation")]
    return plot(name, caption, x, "activation", [picture, *lines])


def decades(*values: ArrayLike) -> list[float]:
    """Return the range of a logarithmic axis, in whole decades and at least two of them, that holds all values."""
    known = np.concatenate([np.asarray(v, dtype=float).ravel() for v in values])
    known = known[np.isfinite(known) & (known > LOWEST)]
    if not len(known):
        return [-2.0, 1.0]
    low, high = np.floor(np.log10(known.min()) - 0.1), np.ceil(np.log10(known.max()) + 0.1)
    return [float(low), float(max(high, low + 2))]
