"""A small teacher and students of many widths: do they use as few nodes as would do?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from lessons.core.experiment import Experiment
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.spreads import FEWEST, FEWEST_WIDTHS, STARTS, FewestSettings
from lessons.teacher_student.sweep import WidthSweep
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, LOG_X, limit
from widgets.labs.teacher_student import data_goals
from widgets.labs.teacher_student.nodes import is_due
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, One, Points
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

KINDS = list(zip(STARTS, LANE_COLOURS, strict=False))
DOTS = [(f"{name}, each student", colour) for name, colour in KINDS]


class FewestView(LabView[TeacherStudentSettings, FewestSettings]):
    """Nodes that add anything, and nodes in effect, over the student's width; and over the step for the widest."""

    name = "fewest"
    title = "The fewest nodes?"
    experiment: Experiment[TeacherStudentSettings] = WidthSweep()
    spread = FEWEST
    compare = False
    seeds = 8
    step_figures = ("widest",)
    goals = data_goals.FEWEST
    shown = ("teacher_width", "students", "train_size")
    more = (
        "data",
        "learning_rate",
        "seed",
        "active_share",
        "dimension",
        "outputs",
        "optimizer",
        "momentum",
        "schedule",
        "horizon",
        "batch_size",
        "measure_every",
        "steps",
    )
    presets = (
        Preset(
            "five to find",
            "All of these students come to know their teacher of five nodes. With how many nodes each?",
            ({},),
        ),
        Preset(
            "four times the steps",
            # holds: l7_fewest_with_time
            "With time large incoming weights fade to nearly the fewest nodes; from small ones most nodes stay in use.",
            ({"steps": 6000, "horizon": 6000},),
        ),
        Preset(
            "300 points",
            # holds: l7_fewest_points
            "Fixed points: wide students with large incoming weights use all their nodes, and do not find five.",
            ({"data": "fixed", "train_size": 300},),
        ),
    )

    def idle(self, settings: FewestSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    @property
    def panels(self) -> Mapping[str, Panel[TeacherStudentSettings]]:
        return {
            "used": _over_width(
                "Nodes that add at least 1 % of what the largest adds",
                "nodes in use",
                "used_nodes",
            ),
            "effect": _over_width(
                "The same as a participation ratio, which counts a node by what it adds",
                "nodes in effect",
                "effective_nodes",
            ),
            "widest": OverSteps(
                "Nodes in use over the step: the widest students, median",
                "nodes in use",
                Line(_widest, each=KINDS, measured="used_nodes"),
                **LOG,
                yaxis_range=[0.3, 2.3],
                yaxis_dtick="D2",
                showlegend=True,
            ),
        }

    def readings(self, frame: Frame[TeacherStudentSettings]) -> list[Reading]:
        nodes = ", ".join(f"{count:g}" for count in _student_nodes(frame))
        lines = [Reading(0, "nodes of the students", nodes)]
        for kind, (name, _) in enumerate(KINDS):
            used = np.median(_counts(frame, "used_nodes")[kind], axis=1)
            lines.append(Reading(0, f"{name}: in use, median", ", ".join(f"{count:g}" for count in used)))
        found = _by_student(frame.history.newest("recovered", frame.stop - 1)[:, 0]) == frame.lanes.shared.teacher_width
        return [*lines, Reading(0, "students that have found all nodes", f"{found.mean():.0%}")]


def _over_width(caption: str, y: str, quantity: str) -> Panel[TeacherStudentSettings]:
    """A count of nodes over the student's: medians as lines, each student as a dot."""
    dot = {"size": 5}
    return Panel(
        caption,
        "nodes of the student",
        y,
        One(_all_of_them, "all", "#888", make=limit, fixed=True, says="all (rising)"),
        One(_fewest, "the teacher's", "#888", make=limit, fixed=True, says="the teacher's (level)"),
        Curve(partial(_dots, quantity), each=DOTS, when=is_due, mode="markers", marker=dot, showlegend=False),
        Curve(partial(_medians, quantity), each=KINDS, when=is_due),
        fit=_ticks,
        **LOG_X,
        **LOG,
        yaxis_range=[0.3, 2.3],
        showlegend=True,
        height=360,
    )


def _by_student(values: np.ndarray) -> np.ndarray:
    """A value of each lane as (starts, widths, students)."""
    return values.reshape(len(STARTS), len(FEWEST_WIDTHS), -1)


def _counts(frame: Frame[TeacherStudentSettings], quantity: str) -> np.ndarray:
    return _by_student(frame.history.newest(quantity, frame.stop - 1)[:, 0])


def _student_nodes(frame: Frame[TeacherStudentSettings]) -> np.ndarray:
    return np.array([round(width * frame.lanes.shared.teacher_width) for width in FEWEST_WIDTHS])


def _ticks(frame: Frame[TeacherStudentSettings]) -> dict[str, Any]:
    return {"xaxis.tickvals": _student_nodes(frame).tolist()}


def _medians(quantity: str, frame: Frame[TeacherStudentSettings], kind: int) -> Points:
    return _student_nodes(frame), np.median(_counts(frame, quantity)[kind], axis=1)


def _dots(quantity: str, frame: Frame[TeacherStudentSettings], kind: int) -> Points:
    counts = _counts(frame, quantity)[kind]
    return np.repeat(_student_nodes(frame), counts.shape[1]), counts.ravel()


def _all_of_them(frame: Frame[TeacherStudentSettings]) -> Points:
    return _student_nodes(frame), _student_nodes(frame)


def _fewest(frame: Frame[TeacherStudentSettings]) -> Points:
    return _student_nodes(frame), np.full(len(FEWEST_WIDTHS), frame.lanes.shared.teacher_width)


def _widest(frame: Frame[TeacherStudentSettings], kind: int, steps: np.ndarray) -> np.ndarray:
    own = _by_student(np.arange(len(frame.lanes)))[kind, -1]
    return np.median(frame.history["used_nodes"][steps][:, own, 0], axis=1)
