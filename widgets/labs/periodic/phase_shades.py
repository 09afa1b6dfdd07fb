"""The phases of a training as coloured bands behind a curve over the step."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.periodic.phases import Phase
from widgets.frame import Frame

PHASE_COLOURS = {Phase.A: "#1f9d7a", Phase.B: "#b98600", Phase.C: "#d6457b"}
PHASE_NAMES = {Phase.A: "A high loss", Phase.B: "B low loss", Phase.C: "C breakdown"}
_TINTS = {
    Phase.A: "rgba(31,157,122,0.28)",
    Phase.B: "rgba(185,134,0,0.13)",
    Phase.C: "rgba(214,69,123,0.45)",
}
SHADES = len(Phase)
MOST_BANDS = 40


def band(name: str, colour: str, legend: bool = True) -> go.Scatter:
    """Return an empty trace for bands over the whole height of a figure that is `banded`."""
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
        showlegend=legend,
    )


def shades(legend: bool = True) -> list[go.Scatter]:
    """Return the empty bands of the three phases, to stand first among a figure's traces."""
    return [band(PHASE_NAMES[phase], _TINTS[phase], legend) for phase in Phase]


def banded(figure: go.Figure) -> go.Figure:
    """Give a figure the hidden axis from 0 to 1 that bands are drawn on, behind all else."""
    hidden = {"range": [0, 1], "visible": False, "fixedrange": True}
    return figure.update_layout(yaxis2=hidden, yaxis_overlaying="y2", yaxis_tickmode="auto")


def draw_bands(frame: Frame, figure: str, trace: int, spans: Sequence[tuple[float, float]]) -> None:
    """Draw bands from and to these steps, one beside the other."""
    corners = [[a, a, b, b, a, np.nan] for a, b in spans[-MOST_BANDS:]]
    heights = [0, 1, 1, 0, 0, np.nan] * len(corners)
    frame.screen.replace(figure, trace, x=np.ravel(corners), y=heights)


def draw_shades(frame: Frame, figure: str) -> None:
    """Draw the phases of the chosen lane so far, behind the figure's curves."""
    lane = min(frame.selected, len(frame.lanes) - 1)
    phases = frame.history["phase"][: frame.last(lane) + 1, lane].astype(int)
    begins = np.flatnonzero(np.diff(phases, prepend=-1))
    ends = np.append(begins[1:], len(phases) - 1)
    for number, phase in enumerate(Phase):
        mine = phases[begins] == phase
        draw_bands(frame, figure, number, list(zip(begins[mine], ends[mine], strict=True)))
