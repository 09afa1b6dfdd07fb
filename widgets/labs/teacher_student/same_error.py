"""One net, one set of points, one training error: what fresh inputs show depends on the first weights."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.same_error import LEVEL, first_below
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.spreads import SAME_ERROR, SIZES, SameErrorSettings
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import limit
from widgets.labs.teacher_student import start_goals
from widgets.labs.teacher_student.nodes import in_one_line, is_due
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.strips import strips
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, One, Points
from widgets.view.panels import Panel
from widgets.view.view import LabView

SHORT_NAMES = tuple(f"{name} ({scale:g})" for name, scale in SIZES.items())
X_RANGE = [0.3, -3.4]  # of the errors on the training points, as powers of ten, from right to left


class SameErrorView(LabView[TeacherStudentSettings, SameErrorSettings]):
    """The way of each net in the plane of both errors, and where each crosses the line of equal training error."""

    name = "same_error"
    title = "Same net, other first weights"
    experiment = TeacherStudent()
    spread = SAME_ERROR
    compare = False
    seeds = 16
    step_figures = ()
    goals = start_goals.SAME_ERROR
    shown = ("train_size", "overparameterization", "students")
    more = ("learning_rate", "seed", "active_share", "strength_decay", *TASK_AND_TRAINING)
    presets = (
        Preset(
            "150 points",
            "Each line is one training of the same net, from right to left. Where will they cross the dotted line?",
            ({},),
        ),
        Preset(
            "1000 points",
            # holds: l7_with_points_enough
            "With points enough it does not matter where one begins: all cross the line at the same place.",
            ({"train_size": 1000},),
        ),
        Preset(
            "twenty nodes, 100 points",
            # holds: l7_draw_alone
            "Look at the small first weights: the draw alone makes the worst net leave half as much again as the best.",
            ({"train_size": 100, "overparameterization": 2.0, "students": 12},),
        ),
    )

    def idle(self, settings: SameErrorSettings) -> tuple[str, ...]:
        return tuple(name for name in idle_student_fields(settings) if name != "train_size")

    @property
    def panels(self) -> Mapping[str, Panel[TeacherStudentSettings]]:
        kinds = list(zip(SHORT_NAMES, LANE_COLOURS, strict=False))
        return {
            "ways": Panel(
                "Each net's way: unexplained on fresh inputs against the training points",
                "unexplained on the training points",
                "unexplained on fresh inputs",
                Curve(_ways, each=kinds, when=is_due, line={"width": 1.2}),
                One(
                    _line,
                    "same training error",
                    "#888",
                    make=limit,
                    fixed=True,
                    says=f"same training error, {LEVEL:.0%}",
                ),
                xaxis_type="log",
                xaxis_range=X_RANGE,
                yaxis_type="log",
                showlegend=True,
                height=400,
            ),
            "crossing": strips(
                f"Unexplained on fresh inputs when {LEVEL:.0%} is left on the training points: a dot for each net",
                "first weights (their scale)",
                "unexplained on fresh inputs",
                kinds,
                lambda frame: np.split(frame.once(_crossings), len(SIZES)),
                yaxis_rangemode="tozero",
                height=400,
            ),
        }

    def readings(self, frame: Frame[TeacherStudentSettings]) -> list[Reading]:
        lines = []
        for name, own in zip(SHORT_NAMES, np.split(frame.once(_crossings), len(SIZES)), strict=True):
            there = own[~np.isnan(own)]
            said = f"{len(there)} of {len(own)} have come to it"
            if len(there):
                said += f"; {there.min():.2g} to {there.max():.2g} unexplained on fresh inputs"
            lines.append(Reading(0, f"{name}, at {LEVEL:.0%} in training", said))
        return lines


def _measured(frame: Frame[TeacherStudentSettings]) -> tuple[np.ndarray, np.ndarray]:
    """The errors on the points and on fresh inputs at all measurements so far, (T, K) each."""
    steps = np.flatnonzero(frame.history.measured("fvu")[: frame.stop])
    return frame.history["train_fvu"][steps], frame.history["fvu"][steps]


def _crossings(frame: Frame[TeacherStudentSettings]) -> np.ndarray:
    """The error of each net on fresh inputs where it crosses the line, (K,); NaN where it has not."""
    return first_below(*frame.once(_measured))


def _ways(frame: Frame[TeacherStudentSettings], kind: int) -> Points:
    """The ways of the nets of one kind, end to end with gaps between."""
    of_kind = (np.split(each, len(SIZES), axis=1)[kind] for each in frame.once(_measured))
    return in_one_line(*of_kind)


def _line(_frame: Frame[TeacherStudentSettings]) -> Points:
    return [LEVEL, LEVEL], [LEVEL, 3.0]
