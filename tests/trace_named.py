"""Which trace of a figure has a name."""

from __future__ import annotations

from widgets.view.view import LabView


def trace_named(view: LabView, figure: str, name: str, lanes: int = 1) -> int:
    """The number of the first trace that the legend calls so; the lanes are called 0, 1, ..."""
    drawn = view.figures([str(lane) for lane in range(lanes)], ["#111111"] * lanes)[figure]
    return [trace.name for trace in drawn.data].index(name)
