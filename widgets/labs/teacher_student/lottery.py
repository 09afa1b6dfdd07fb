"""The lottery: all nodes, the winners with their first weights, with new ones, and nodes taken at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.teacher_student.lottery import TICKETS, Lottery, LotterySettings
from lessons.teacher_student.spreads import LOTTERY, TicketsSettings
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import theory
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.strips import medians, strips
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line, One, Points
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

LEARNED = 1e-3
SHORT_NAMES = ("full", "rewound", "re-init.", "random")


class LotteryView(LabView[LotterySettings, TicketsSettings]):
    """Median over the step, each run's end, and how many have learned the teacher."""

    name = "lottery"
    title = "The lottery of nodes"
    experiment = Lottery()
    spread = LOTTERY
    compare = False
    seeds = 24
    step_figures = ()
    shown = ("keep", "students", "overparameterization", "init_scale", "learning_rate", "seed")
    more = (
        "prune_at",
        "top_scale",
        "active_share",
        *TASK_AND_TRAINING,
    )
    presets = (
        Preset(
            "keep 10 of 50",
            "Ten nodes for ten: the winners with their first weights, or with new ones. Who will learn?",
            ({},),
        ),
        Preset(
            "keep 15: no effect",
            # holds: l7_keep_15
            "With five nodes to spare nearly every ticket wins. The effect depends on the setting.",
            ({"keep": 15},),
        ),
        Preset(
            "keep 8: too few",
            # holds: l7_keep_8
            "Eight nodes cannot be ten. Only all fifty learn the teacher; the first weights are of no help.",
            ({"keep": 8},),
        ),
    )

    def idle(self, settings: TicketsSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    @property
    def panels(self) -> Mapping[str, Panel[LotterySettings]]:
        tickets, short = (list(zip(names, LANE_COLOURS, strict=False)) for names in (TICKETS, SHORT_NAMES))
        return {
            "median": OverSteps(
                "First training, the way back, second training: median of the students with each ticket",
                "unexplained share",
                medians("fvu", _groups, short),
                fit=_way_back,
                showlegend=True,
                height=360,
                yaxis_type="log",
            ),
            "ends": strips(
                "Where each of them is now: a dot for each student (dashes: learned, below 0.001)",
                "ticket",
                "unexplained share",
                short,
                lambda frame: np.split(np.maximum(frame.history.newest("fvu", frame.stop - 1), 1e-12), len(TICKETS)),
                One(_learned, "learned", "#888", make=theory, fixed=True),
                height=360,
                yaxis_type="log",
            ),
            "share": OverSteps(
                "Share of the students that have learned the teacher",
                "share below 0.001",
                Line(_share_learned, each=tickets, measured="fvu"),
                fit=_way_back,
                yaxis_range=[0, 1.05],
            ),
        }

    def readings(self, frame: Frame[LotterySettings]) -> list[Reading]:
        shape, fvu = frame.lanes.shared, frame.history.newest("fvu", frame.stop - 1)
        lines = [Reading(0, "now", "first training" if frame.stop - 1 <= shape.prune_at else "second training")]
        for ticket, lanes in zip(TICKETS, _groups(frame), strict=True):
            own = fvu[lanes]
            said = f"{(own < LEARNED).mean():.0%} learned; median {np.median(own):.2g}"
            lines.append(Reading(0, ticket, said))
        return lines


def _groups(frame: Frame) -> list[np.ndarray]:
    """The lanes of each ticket."""
    return np.split(np.arange(len(frame.lanes)), len(TICKETS))


def _share_learned(frame: Frame[LotterySettings], ticket: int, steps: np.ndarray) -> np.ndarray:
    return (frame.history["fvu"][steps][:, _groups(frame)[ticket]] < LEARNED).mean(1)


def _learned(_frame: Frame[LotterySettings]) -> Points:
    return [0.4, len(TICKETS) + 0.6], [LEARNED, LEARNED]


def _way_back(frame: Frame[LotterySettings]) -> dict[str, Any]:
    """A dotted line where the students go back to their first weights."""
    shape = frame.lanes.shared
    back = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": shape.prune_at, "x1": shape.prune_at}
    mark = {**back, "line": {"color": "#888", "width": 1, "dash": "dot"}}
    return {"shapes": [mark] if shape.prune_at < shape.steps else []}
