"""Figures that show nothing yet: what they would show answers the question beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import plotly.graph_objects as go

from widgets.figure.live_figure import LiveFigure, Numbers

WORDS = "Predict, then press Play"


def covered(figure: go.Figure) -> go.Figure:
    """Return an empty figure with a sentence in its middle."""
    figure = go.Figure(figure)
    middle = {"xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5, "xanchor": "center", "yanchor": "middle"}
    figure.layout.annotations = [{"text": WORDS, "showarrow": False, **middle}]
    return figure


class CoveredScreen:
    """A screen on which some figures take no points; the others are drawn.

    Args:
        figure: What is drawn on.
        names: Of the figures that are covered.
    """

    def __init__(self, figure: LiveFigure, names: Collection[str]):
        self._figure, self._names = figure, names

    def extend(self, figure: str, trace: int, x: Numbers, y: Numbers, path: bool = False) -> None:
        """As `LiveFigure.extend`."""
        if figure not in self._names:
            self._figure.extend(figure, trace, x, y, path)

    def replace(self, figure: str, trace: int, **arrays: Numbers) -> None:
        """As `LiveFigure.replace`."""
        if figure not in self._names:
            self._figure.replace(figure, trace, **arrays)

    def relayout(self, figure: str, changes: Mapping[str, Any]) -> None:
        """As `LiveFigure.relayout`, but for annotations, which name what they stand beside."""
        if figure in self._names:
            changes = {name: value for name, value in changes.items() if not name.startswith(("annotations", "shapes"))}
        self._figure.relayout(figure, changes)


class NoScreen(CoveredScreen):
    """A screen on which nothing is drawn, for a frame that is asked for its numbers alone."""

    def __init__(self) -> None:
        pass

    def extend(self, figure: str, trace: int, x: Numbers, y: Numbers, path: bool = False) -> None:
        """Draw nothing."""

    def replace(self, figure: str, trace: int, **arrays: Numbers) -> None:
        """Draw nothing."""

    def relayout(self, figure: str, changes: Mapping[str, Any]) -> None:
        """Draw nothing."""
