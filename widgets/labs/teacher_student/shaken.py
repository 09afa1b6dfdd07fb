"""One lab: nodes that do not matter. Shake them, and the loss hardly moves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.settings import TeacherStudentSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.teacher_student.nodes import Nodes, draw_paths, is_due, path_figure, taken
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.students import WINNERS, idle_student_fields
from widgets.plots import grey, line, plot
from widgets.view import LabView

LEAST = 1e-8
WON = "winners, or nearest so far"
LONG = {"top_scale": 1.0, "steps": 3000, "horizon": 4000, "measure_every": 20}


class ShakenView(LabView[TeacherStudentSettings]):
    """Loss with the moments of shaking marked, what each node adds over time, and what shaking it would do."""

    name = "shaken"
    title = "Shake a node"
    experiment = TeacherStudent()
    shown = (
        "shake",
        "shake_again",
        "shaken_node",
        "overparameterization",
        "init_scale",
        "top_scale",
        "learning_rate",
        "seed",
    )
    more = (
        "depth",
        "active_share",
        "data",
        "train_size",
        *TASK_AND_TRAINING,
    )
    step_figures = ("loss",)
    presets = (
        Preset(
            "who matters?",
            "Let it train for a thousand steps, then choose what to shake. Will more than the winners (orange) matter?",
            (LONG,),
            ("5×",),
            says=("overparameterization",),
        ),
        Preset(
            "small initial weights",
            # holds: l7_small_weights_share
            "Weights a tenth as large: several student nodes share a teacher node, and few are irrelevant.",
            ({**LONG, "init_scale": 0.1, "top_scale": 0.1},),
            ("small weights",),
            says=("init_scale", "top_scale"),
        ),
        Preset(
            "large and small",
            "Both, side by side: choose a lane to see its nodes.",
            (LONG, {**LONG, "init_scale": 0.1, "top_scale": 0.1}),
            ("scale 1", "scale 0.1"),
        ),
        Preset(
            "two hidden layers",
            "Nodes of the second hidden layer are shaken.",
            ({**LONG, "depth": 2, "outputs": 20, "init_scale": 0.5, "top_scale": 0.5, "overparameterization": 2.0},),
            ("2×, two layers",),
            says=("overparameterization", "depth"),
        ),
    )

    def idle(self, settings: TeacherStudentSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        log = {"yaxis_type": "log"}
        caption = "Loss of the batches; a dotted line where something was shaken"
        loss = plot("shaken-loss", caption, "step", "loss", [line(n, c) for n, c in pairs], height=380, **log)
        marks = {"mode": "markers"}
        nodes = plot(
            "shaken-nodes",
            "If this one were shaken: rise of the unexplained share, chosen lane (less than 10⁻⁸ stands there)",
            "number of the student node",
            "rise of the unexplained share",
            [
                line("other student nodes", grey(0.6), **marks, marker={"size": 8, "symbol": "circle-open"}),
                line(WON, WINNERS[0], **marks, marker={"size": 8}),
            ],
            height=380,
            showlegend=True,
            **log,
        )
        caption = "What each node adds to the next layer: outgoing weight × standard deviation of its activation"
        added = path_figure("shaken-added", caption, "contribution", WINNERS, WON, **log)
        return {"loss": loss, "added": added, "nodes": nodes}

    def begin(self, frame: Frame[TeacherStudentSettings]) -> None:
        for figure in ("loss", "added"):
            frame.screen.relayout(figure, {"xaxis.range": [0, frame.lanes.shared.steps]})
        self._nodes(frame)

    def draw(self, frame: Frame[TeacherStudentSettings]) -> None:
        for lane in range(len(frame.lanes)):
            frame.curve("loss", lane, lane, "loss")
        if is_due(frame):
            self._nodes(frame)

    @staticmethod
    def _nodes(frame: Frame[TeacherStudentSettings]) -> None:
        for lane, nodes, _, rise in _matter(frame):
            if lane != frame.selected:
                continue
            draw_paths(frame, "added", nodes.has_won, "trail_contribution")
            for trace, among in enumerate((~nodes.has_won[-1], nodes.has_won[-1])):
                frame.screen.replace("nodes", trace, x=np.flatnonzero(among) + 1, y=np.maximum(rise[among], LEAST))
            frame.screen.relayout("nodes", {"xaxis.range": [0, len(rise) + 1]})

    def readings(self, frame: Frame[TeacherStudentSettings]) -> list[Reading]:
        last = [float(frame.history["fvu"][frame.last(lane), lane]) for lane in range(len(frame.lanes))]
        lines = [Reading(lane, "unexplained", value) for lane, value in enumerate(last)]
        for lane, nodes, added, rise in _matter(frame):
            both = [("winners", nodes.has_won[-1]), ("others", ~nodes.has_won[-1])]
            lines += [Reading(lane, f"{name}: nodes", f"{among.sum()}") for name, among in both]
            lines += [Reading(lane, f"{name}: add, mean", _mean(added[among])) for name, among in both]
            lines += [Reading(lane, f"{name}: rise if shaken, mean", _mean(rise[among])) for name, among in both]
        return lines


def _matter(frame: Frame[TeacherStudentSettings]) -> list[tuple[int, Nodes, np.ndarray, np.ndarray]]:
    """For each lane what each node of the last hidden layer adds and what shaking it would do, (m,) each."""
    rise, added = taken(frame, "shake_rise"), taken(frame, f"contribution_{frame.lanes.shared.depth}")
    if rise is None or added is None:
        return []
    every = enumerate(Nodes.of(frame))
    return [(k, nodes, added[k, : len(nodes.now[-1])], rise[k, : len(nodes.now[-1])]) for k, nodes in every]


def _mean(values: np.ndarray) -> float | str:
    return float(values.mean()) if len(values) else "none"
