"""The figure of a question whose answer is a curve."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from lessons.core.history import History
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.plots import drawn, theory
from widgets.view.lines import Curve, DrawnT, One, Part, Points
from widgets.view.panels import Panel

COLUMNS = 33
MEASURED, YOURS = LANE_COLOURS[:2]


class SketchPanel(Panel[DrawnT]):
    """The curve that the learner draws, dotted, and the measured one.

    Args:
        quantity: Begins the caption.
        x: Title of the x axis.
        y: Title of the y axis.
        measured: Function of a history that returns x and y of the measured curve, shape (T,) each.
        parts: What else is in it.
        hoverinfo: Of the learner's curve, as in plotly.
        layout: Further keywords of `plotly.graph_objects.Layout`; ranges of both axes among them.
    """

    def __init__(
        self,
        quantity: str,
        x: str,
        y: str,
        measured: Callable[[History], Points],
        *parts: Part[DrawnT],
        hoverinfo: str | None = None,
        **layout: Any,
    ):
        yours = Curve[DrawnT](
            lambda _frame, _number: None,  # the page draws it
            each=[("your curve", YOURS)],
            pointer=partial(drawn, columns=COLUMNS),
            make=theory,
            hoverinfo=hoverinfo,
        )
        found = One[DrawnT](lambda frame: measured(frame.history), "measured", MEASURED)
        caption = f"{quantity}: your curve and, after the run, the measured one"
        super().__init__(caption, x, y, yours, found, *parts, showlegend=True, **layout)
