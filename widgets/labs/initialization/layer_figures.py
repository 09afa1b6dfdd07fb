"""Lines over the layer: what is measured, the theory's dashes, and the histogram of each layer."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

LOWEST = 1e-45  # below, float32 is 0
# One blue over the page's ground: the more, the darker on white, and the lighter in the dark.
SHADES = [
    (0.0, "rgba(47,126,216,0)"),
    (0.003, "rgba(47,126,216,0.12)"),
    (0.05, "rgba(47,126,216,0.4)"),
    (0.25, "rgba(47,126,216,0.65)"),
    (1.0, "rgba(47,126,216,1)"),
]


def shading(name: str, _colour: str) -> go.Heatmap:
    """Return an empty picture of the histograms of all layers, one a column."""
    return go.Heatmap(
        z=[[0, 0], [0, 0]],
        x=[1, 2],
        y=[0, 1],
        zmin=0,
        zmax=1,
        zsmooth=False,
        showscale=False,
        hoverinfo="skip",
        colorscale=SHADES,
        name=name,
    )


def decades(*values: ArrayLike) -> list[float]:
    """Return the range of a logarithmic axis, in whole decades and at least two of them, that holds all values."""
    known = np.concatenate([np.asarray(v, dtype=float).ravel() for v in values])
    known = known[np.isfinite(known) & (known > LOWEST)]
    if not len(known):
        return [-2.0, 1.0]
    low, high = np.floor(np.log10(known.min()) - 0.1), np.ceil(np.log10(known.max()) + 0.1)
    return [float(low), float(max(high, low + 2))]
