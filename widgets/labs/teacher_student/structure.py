"""Structured data against random data: how many student nodes are used, and who generalizes?"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.spreads import STRUCTURE, StructureSettings
from lessons.teacher_student.structure import KINDS
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import thin
from widgets.labs.teacher_student import data_goals
from widgets.labs.teacher_student.strips import medians, strips
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Level
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

SHORT_NAMES = ("small teacher", "large", "shuffled")


class StructureView(LabView[TeacherStudentSettings, StructureSettings]):
    """Nodes in use over the step, and what is left unexplained on the training points and on fresh ones."""

    name = "structure"
    title = "Structure, or noise?"
    experiment = TeacherStudent()
    spread = STRUCTURE
    compare = False
    seeds = 8
    step_figures = ()
    goals = data_goals.STRUCTURE
    shown = ("train_size", "overparameterization", "init_scale")
    more = (
        "students",
        "seed",
        "top_scale",
        "learning_rate",
        "momentum",
        "active_share",
        "dimension",
        "outputs",
        "batch_size",
        "horizon",
        "measure_every",
        "steps",
    )
    presets = (
        Preset(
            "300 points, 100 nodes",
            "All three will be fitted. Which will be understood, and how many nodes will carry it?",
            ({},),
        ),
        Preset(
            "1000 points",
            # holds: l7_thousand_points
            "More points: the large teacher is understood, too, and noise can no longer be fitted.",
            ({"train_size": 1000},),
        ),
        Preset(
            "large initial weights",
            # holds: l7_large_weights, l7_fitted_and_understood
            "Weights ten times as large: many nodes stay in use whatever the data, and the small teacher is understood "
            "less well.",
            ({"init_scale": 1.0, "top_scale": 1.0, "learning_rate": 0.02},),
        ),
    )

    def idle(self, settings: StructureSettings) -> tuple[str, ...]:
        return tuple(name for name in idle_student_fields(settings) if name != "train_size")

    @property
    def panels(self) -> Mapping[str, Panel[TeacherStudentSettings]]:
        kinds, short = (list(zip(names, LANE_COLOURS, strict=False)) for names in (KINDS, SHORT_NAMES))
        fresh = [(f"{kind}, fresh", colour) for kind, colour in kinds]
        return {
            "used": OverSteps(
                "Nodes in use (participation ratio of what they add), median of each kind",
                "nodes in use",
                medians("effective_nodes", _groups, kinds),
                yaxis_rangemode="tozero",
                showlegend=True,
                height=360,
            ),
            "left": OverSteps(
                "Unexplained on the training points, and on fresh ones",
                "unexplained share",
                medians("train_fvu", _groups, kinds, says="on the training points"),
                medians("fvu", _groups, fresh, make=thin, says="on fresh points"),
                Level(1, "guessing the mean"),
                yaxis_type="log",
                height=360,
            ),
            "ends": strips(
                "Nodes in use now: a dot for each student",
                "data",
                "nodes in use",
                short,
                lambda frame: np.split(frame.history.newest("effective_nodes", frame.stop - 1)[:, 0], len(KINDS)),
                yaxis_rangemode="tozero",
            ),
        }

    def readings(self, frame: Frame) -> list[Reading]:
        row, lines = frame.stop - 1, []
        for kind, lanes in zip(KINDS, _groups(frame), strict=True):
            used = frame.history.newest("effective_nodes", row)[lanes, 0]
            known, fresh = (float(np.median(frame.history.newest(name, row)[lanes])) for name in ("train_fvu", "fvu"))
            said = f"{used.min():.0f} to {used.max():.0f} nodes; unexplained {known:.2g}, on fresh points {fresh:.2g}"
            lines.append(Reading(0, kind, said))
        return lines


def _groups(frame: Frame) -> list[np.ndarray]:
    """The lanes of each kind of data."""
    return np.split(np.arange(len(frame.lanes)), len(KINDS))
