"""One lab: students learn a teacher's nodes; the matrix of correlations, and every node's way."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.settings import StudentSettings, TeacherStudentSettings
from widgets.colours import LANE_COLOURS
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.teacher_student.nodes import (
    Nodes,
    draw_matrix,
    draw_paths,
    is_due,
    matrix_figure,
    path_figure,
    widths,
)
from widgets.plots import line, plot
from widgets.readings import number
from widgets.view import LabView

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
    shown = (
        "overparameterization",
        "depth",
        "active_share",
        "strength_decay",
        "init_scale",
        "data",
        "train_size",
        "learning_rate",
        "seed",
    )
    more = (
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
            # holds: l7_width_is_a_lottery
            "More nodes, more tickets: this 1× student misses some of the ten nodes, the wider ones find all.",
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
            "A hundred points are fitted (dots), and no teacher node is found. With a thousand (nearly) all are.",
            tuple({"data": "fixed", "train_size": size, "steps": 4000, "horizon": 4000} for size in (100, 1000)),
            ("100 points", "1000 points"),
        ),
    )

    def idle(self, settings: TeacherStudentSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        dots = [line(f"{n}, on its points", c, line={"dash": "dot", "width": 1.5}, showlegend=False) for n, c in pairs]
        fvu = plot(
            "students-fvu",
            "Share of the teacher's variance not explained, on fresh inputs (dots: on the training points)",
            "step",
            "unexplained share",
            [*(line(n, c) for n, c in pairs), *dots],
            yaxis_type="log",
            showlegend=len(pairs) > 1,
        )
        found = plot(
            "students-found",
            "Teacher nodes found: some student node correlates above 0.99 with them",
            "step",
            "teacher nodes found",
            [line(n, c, line={"shape": "hv"}) for n, c in pairs],
            yaxis_rangemode="tozero",
        )
        caption = "Each student node's largest correlation with any teacher node, chosen lane"
        paths = path_figure("students-paths", caption, "largest correlation", WINNERS, yaxis_range=[-0.1, 1.03])
        return {"matrix": matrix_figure("students-matrix"), "paths": paths, "fvu": fvu, "found": found}

    def begin(self, frame: Frame[TeacherStudentSettings]) -> None:
        steps, shape = frame.lanes.shared.steps, frame.lanes.shared
        for figure in ("fvu", "found", "paths"):
            frame.screen.relayout(figure, {"xaxis.range": [0, steps]})
        most = shape.depth * max(widths(frame, lane)[1] for lane in range(len(frame.lanes)))
        frame.screen.relayout("found", {"yaxis.range": [0, 1.05 * most]})
        self._nodes(frame)

    def draw(self, frame: Frame[TeacherStudentSettings]) -> None:
        every = frame.lanes.shared.measure_every
        for lane in range(len(frame.lanes)):
            frame.curve("fvu", lane, lane, "fvu", every)
            if frame.lanes.settings[lane].data != "fresh":
                frame.curve("fvu", len(frame.lanes) + lane, lane, "train_fvu", every)
            rows = frame.rows(lane)
            steps = np.arange(rows.start, rows.stop)
            steps = steps[steps % every == 0]
            frame.screen.extend("found", lane, steps, frame.history["recovered"][steps, lane].sum(1))
        if is_due(frame):
            self._nodes(frame)

    @staticmethod
    def _nodes(frame: Frame[TeacherStudentSettings]) -> None:
        if nodes := Nodes.of(frame):
            draw_matrix(frame, "matrix", nodes[frame.selected])
            draw_paths(frame, "paths", nodes[frame.selected].is_nearest, "trail_correlation")

    def readings(self, frame: Frame[TeacherStudentSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row, teachers = frame.last(lane), widths(frame, lane)[1]
            best = frame.history["best_correlation"][row, lane, :, :teachers]
            found = frame.history["recovered"][row, lane]
            cosine = frame.history["weight_cosine"][row, lane, :teachers]
            lines += [
                Reading(lane, "teacher nodes found", " + ".join(f"{count:.0f} of {teachers}" for count in found)),
                Reading(lane, "best correlation, mean", " / ".join(number(float(each.mean())) for each in best)),
                Reading(lane, "weight cosine, lowest", float(cosine.min())),
                Reading(lane, "unexplained", float(frame.history["fvu"][row, lane])),
            ]
        return lines
