"""Nodes that are chosen before it is known what they are for: how many of them stand in for one that is trained?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.teacher_student.bottom_up import BottomUp, BottomUpSettings, polynomial_counts
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, LOG_X, grey, limit, marks, theory
from widgets.labs.teacher_student import assumption_goals
from widgets.view.controls import Preset
from widgets.view.lines import Line, One, Points, Theory
from widgets.view.panels import Now, Panel
from widgets.view.view import LabView

MOST_INPUTS = 60
DIMENSIONS = (5, 10, 20, 40)


class BottomUpView(LabView[BottomUpSettings]):
    """What random nodes leave of one teacher node as they become more, and how many it takes, against the inputs."""

    name = "bottom_up"
    title = "Nodes that are chosen beforehand"
    experiment = BottomUp()
    methods = ()
    trains = False
    covered = ("needed",)
    goals = assumption_goals.BOTTOM_UP
    shown = ("dimension", "level", "seed")
    step_figures = ()
    presets = (
        Preset(
            "5, 10, 20, 40 inputs",
            "Random nodes become more and more. How many does it take to explain nine tenths of one teacher node?",
            tuple({"dimension": dimension} for dimension in DIMENSIONS),
            tuple(f"{dimension} inputs" for dimension in DIMENSIONS),  # given
        ),
        Preset(
            "closer",
            # holds: l7_closer_takes_a_higher_power
            "Only 3 % may be left: twice as many nodes with five inputs, more than three times as many with ten.",
            tuple({"dimension": dimension, "level": 0.03} for dimension in DIMENSIONS[:2]),
            tuple(f"{dimension} inputs" for dimension in DIMENSIONS[:2]),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[BottomUpSettings]]:
        rings: dict[str, Any] = {"marker": {"size": 9, "symbol": "circle-open", "line": {"width": 2}}}
        return {
            "unexplained": Panel(
                "What random nodes leave unexplained of a teacher node, mean of 20",
                "random nodes",
                "unexplained share",
                Line("unexplained", x="nodes"),
                Theory(_polynomials, "{lane}, polynomials", says="all polynomials of degree 0, 1, 2, 4"),
                legend=True,
                xaxis_range=[0, 3.2],
                yaxis_range=[-2.2, 0.1],
                height=380,
                **LOG,
                **LOG_X,
            ),
            "needed": Panel(
                "How many it takes, against the number of inputs, beside as many as there are polynomials",
                "inputs",
                "nodes",
                One(_needed, "random nodes", make=marks, **rings),
                One(_predicted, "polynomials", grey(0.95), make=theory, fixed=True),
                One(_trained, "one trained node", grey(0.9), make=limit, fixed=True),
                xaxis_tickvals=[2, 5, 10, 20, 50],
                xaxis_range=[0.3, np.log10(MOST_INPUTS)],
                yaxis_range=[-0.2, 3.5],
                height=380,
                showlegend=True,
                **LOG,
                **LOG_X,
            ),
        }

    table = (
        Now("random nodes", "nodes", form=".0f"),
        Now("unexplained", "unexplained"),
        Now("random nodes needed", lambda frame, lane: _needed_by(frame, lane)),
        Now("polynomials needed", lambda frame, lane: _polynomials_for(frame, lane)),
    )


def _needed_by(frame: Frame[BottomUpSettings], lane: int) -> float | str:
    needed = float(frame.history["needed"][frame.stop - 1, lane])
    return needed or "more than these"


def _polynomials_for(frame: Frame[BottomUpSettings], lane: int) -> str:
    own = frame.lanes.settings[lane]
    count = polynomial_counts(own.dimension, own.level)[2]
    return "of a degree above 6" if count is None else str(count)


def _polynomials(frame: Frame[BottomUpSettings], lane: int) -> Points:
    counts, left, _ = polynomial_counts(frame.lanes.settings[lane].dimension, 0.0)
    return counts, left


def _needed(frame: Frame[BottomUpSettings]) -> Points:
    needed = frame.history["needed"][frame.stop - 1]
    return [own.dimension for own in frame.lanes.settings], np.where(needed > 0, needed, np.nan)


def _predicted(frame: Frame[BottomUpSettings]) -> Points:
    level = frame.lanes.settings[frame.selected].level
    counts = [polynomial_counts(dimension, level)[2] for dimension in range(2, MOST_INPUTS + 1)]
    return np.arange(2, MOST_INPUTS + 1), [np.nan if count is None else count for count in counts]


def _trained(_frame: Frame[BottomUpSettings]) -> Points:
    return [2, MOST_INPUTS], [1, 1]
