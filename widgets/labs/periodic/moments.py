"""The moments at which several lanes break down, a row a lane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lessons.core.settings import SettingsT
from lessons.periodic.phases import recorded_onsets
from widgets.figure.frame import Frame
from widgets.figure.plots import line
from widgets.view.lines import Curve, Points
from widgets.view.panels import OverSteps

MOST_DOTS = 40


class Moments(OverSteps[SettingsT]):
    """A row for each lane, from the top, with its name, and in it a mark for each breakdown."""

    def __init__(self) -> None:
        super().__init__(
            "A mark for each breakdown: the norm is up by 10 %, or the loss, once low, above 10 % of its first value",
            "lane",
            Curve(_breakdowns, make=_marks),
            wide=True,
            height=220,
            margin_l=150,
        )

    def figure(self, name: str, names: Sequence[str], colours: Sequence[str]) -> go.Figure:
        count = len(names)
        rows: dict[str, Any] = {
            "range": [count + 0.5, 0.5],
            "tickvals": list(range(1, count + 1)),
            "ticktext": list(names),
        }
        return super().figure(name, names, colours).update_yaxes(**rows)


def _breakdowns(frame: Frame[SettingsT], lane: int) -> Points:
    shown = recorded_onsets(frame.history["onset"][: frame.stop])[lane][-MOST_DOTS:]
    return shown, np.full(len(shown), lane + 1)


def _marks(name: str, colour: str) -> go.Scatter:
    marker = {"size": 11, "symbol": "line-ns-open", "line": {"width": 3}, "color": colour}
    return line(name, colour, mode="markers", marker=marker)
