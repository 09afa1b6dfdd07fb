"""One lab: students learn a teacher's nodes; the matrix of correlations, and every node's way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.settings import StudentSettings, TeacherStudentSettings
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import thin
from widgets.labs.teacher_student import goals
from widgets.labs.teacher_student.nodes import matrix_panel, paths_panel, widths
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.readings import number
from widgets.view.view import LabView

TWO_LAYERS = {"depth": 2, "outputs": 20, "init_scale": 0.5, "top_scale": 0.5, "steps": 3000, "horizon": 3000}
WIDTHS = (1.0, 2.0, 5.0, 10.0)
WINNERS = (LANE_COLOURS[1], LANE_COLOURS[3])


def idle_student_fields(settings: StudentSettings) -> tuple[str, ...]:
    """Name the fields of `StudentSettings` that the others switch off."""
    found: tuple[str, ...] = () if settings.optimizer == "heavy ball" else ("momentum",)
    if settings.schedule == "constant":
        found += ("horizon",)
    return (*found, "train_size") if settings.data == "fresh" else found


class StudentsView(LabView[TeacherStudentSettings]):
    """Unexplained variance, the matrix of the chosen lane, and each of its nodes' nearness to a teacher node."""

    name = "students"
    title = "Students of a teacher"
    experiment = TeacherStudent()
    shown = ("overparameterization", "depth", "strength_decay")
    more = (
        "active_share",
        "init_scale",
        "data",
        "train_size",
        "learning_rate",
        "seed",
        "teacher_width",
        "left_out",
        "dimension",
        "outputs",
        "top_scale",
        "optimizer",
        "momentum",
        "schedule",
        "horizon",
        "batch_size",
        "teacher_seed",
        "measure_every",
        "steps",
    )
    step_figures = ("fvu",)
    goals = goals.STUDENTS
    presets = (
        Preset(
            "five times as wide",
            "Fifty nodes, ten to find, and the luckiest on top. In which rows will orange cells grow?",
            ({},),
            ("5×",),
            says=("overparameterization",),
        ),
        Preset(
            "1×, 2×, 5×, 10×",
            "Four widths. Choose a lane to see its matrix: in which will a column stay without an orange cell?",
            tuple({"overparameterization": each, "seed": 2} for each in WIDTHS),
            ("1×", "2×", "5×", "10×"),
        ),
        Preset(
            "two hidden layers",
            # holds: l7_two_layers
            "Two matrices at once. Nobody tells the hidden layers what to be, and they become the teacher's.",
            ({**TWO_LAYERS, "overparameterization": 2.0},),
            ("2×, two layers",),
            says=("overparameterization", "depth"),
        ),
        Preset(
            "strong nodes first",
            # holds: l7_strong_first
            "The i-th teacher node's outgoing weights are 1/√i long: columns light up roughly from left to right.",
            ({"strength_decay": 0.5, "learning_rate": 0.1, "steps": 3000, "horizon": 3000},),
            ("strength 1/√i",),
            says=("strength_decay",),
        ),
        Preset(
            "too few examples",
            # holds: l7_too_few_examples
            "A hundred points are fitted (thin), and no teacher node is found. With a thousand (nearly) all are.",
            tuple({"data": "fixed", "train_size": size, "steps": 4000, "horizon": 4000} for size in (100, 1000)),
            ("100 points", "1000 points"),
        ),
    )

    def idle(self, settings: TeacherStudentSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    @property
    def panels(self) -> Mapping[str, Panel[TeacherStudentSettings]]:
        return {
            "matrix": matrix_panel(),
            "paths": paths_panel(
                "Each student node's largest correlation with any teacher node, chosen lane",
                "largest correlation",
                "trail_correlation",
                lambda nodes: nodes.is_nearest,
                WINNERS,
                yaxis_range=[-0.1, 1.03],
            ),
            "fvu": OverSteps(
                "Share of the teacher's variance not explained, on fresh inputs and on the training points",
                "unexplained share",
                Line("fvu", says="on fresh inputs"),
                Line(_on_its_points, "{lane}, on its points", measured="train_fvu", make=thin),
                legend=True,
                yaxis_type="log",
            ),
            "found": OverSteps(
                "Teacher nodes found: some student node correlates above 0.99 with them",
                "teacher nodes found",
                Line(_found, measured="recovered"),
                fit=_most,
                yaxis_rangemode="tozero",
            ),
        }

    def readings(self, frame: Frame[TeacherStudentSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row, teachers = frame.last(lane), widths(frame, lane)[1]
            best = frame.history.newest("best_correlation", row)[lane, :, :teachers]
            found = frame.history.newest("recovered", row)[lane]
            cosine = frame.history.newest("weight_cosine", row)[lane, :teachers]
            lines += [
                Reading(lane, "teacher nodes found", " + ".join(f"{count:.0f} of {teachers}" for count in found)),
                Reading(lane, "best correlation, mean", " / ".join(number(float(each.mean())) for each in best)),
                Reading(lane, "weight cosine, lowest", float(cosine.min())),
                Reading(lane, "unexplained", now(frame, "fvu", lane)),
            ]
        return lines


def _on_its_points(frame: Frame[TeacherStudentSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    """The share that a student leaves unexplained on its training points, where these are not fresh ones."""
    fresh = frame.lanes.settings[lane].data == "fresh"
    return np.full(len(steps), np.nan) if fresh else frame.history["train_fvu"][steps, lane]


def _found(frame: Frame[TeacherStudentSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    return frame.history["recovered"][steps, lane].sum(1)


def _most(frame: Frame[TeacherStudentSettings]) -> dict[str, Any]:
    most = frame.lanes.shared.depth * max(widths(frame, lane)[1] for lane in range(len(frame.lanes)))
    return {"yaxis.range": [0, 1.05 * most]}
