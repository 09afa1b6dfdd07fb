"""The phases of a training as coloured bands behind a curve over the step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lessons.periodic.phases import Phase
from widgets.figure.frame import Frame
from widgets.view.lines import Curve, Points

PHASE_COLOURS = {Phase.A: "#1f9d7a", Phase.B: "#b98600", Phase.C: "#d6457b"}
PHASE_NAMES = {Phase.A: "A high loss", Phase.B: "B low loss", Phase.C: "C breakdown"}
_TINTS = {
    Phase.A: "rgba(31,157,122,0.28)",
    Phase.B: "rgba(185,134,0,0.13)",
    Phase.C: "rgba(214,69,123,0.45)",
}
MOST_BANDS = 40


# Layout of a figure with the hidden axis from 0 to 1 that bands are drawn on, behind all else.
BANDED: dict[str, Any] = {
    "yaxis2": {"range": [0, 1], "visible": False, "fixedrange": True},
    "yaxis_overlaying": "y2",
    "yaxis_tickmode": "auto",
}


def band(name: str, colour: str, showlegend: bool = True) -> go.Scatter:
    """Return an empty trace for bands over the whole height of a figure that is `BANDED`."""
    return go.Scatter(
        x=[],
        y=[],
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=colour,
        name=name,
        hoverinfo="skip",
        yaxis="y2",
        showlegend=showlegend,
    )


def shades(showlegend: bool = True) -> Curve[Any]:
    """Return the bands of the three phases of the chosen lane, to stand first among a figure's lines."""
    each = [(PHASE_NAMES[phase], _TINTS[phase]) for phase in Phase]
    return Curve(_shade, each=each, make=band, showlegend=showlegend)


def bands(spans: Sequence[tuple[float, float]]) -> Points:
    """Return the points of bands from and to these steps, one beside the other."""
    corners = [[a, a, b, b, a, np.nan] for a, b in spans[-MOST_BANDS:]]
    return np.ravel(corners), [0, 1, 1, 0, 0, np.nan] * len(corners)


def _shade(frame: Frame, number: int) -> Points:
    """The stretches in which the chosen lane has been in a phase so far."""
    lane = min(frame.selected, len(frame.lanes) - 1)
    phases = frame.history["phase"][: frame.last(lane) + 1, lane].astype(int)
    begins = np.flatnonzero(np.diff(phases, prepend=-1))
    ends = np.append(begins[1:], len(phases) - 1)
    mine = phases[begins] == list(Phase)[number]
    return bands(list(zip(begins[mine], ends[mine], strict=True)))
