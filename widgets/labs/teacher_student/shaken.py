"""One lab: nodes that do not matter. Shake them, and the loss hardly moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.settings import TeacherStudentSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import grey
from widgets.labs.teacher_student import start_goals
from widgets.labs.teacher_student.nodes import Nodes, is_due, paths_panel, taken, widths
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.students import WINNERS, idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line, One, Points
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.view import LabView

LEAST = 1e-8
WON = "winners, or nearest so far"
LONG = {"top_scale": 1.0, "steps": 3000, "horizon": 4000, "measure_every": 20}


class ShakenView(LabView[TeacherStudentSettings]):
    """Loss with the moments of shaking marked, what each node adds over time, and what shaking it would do."""

    name = "shaken"
    title = "Shake a node"
    experiment = TeacherStudent()
    goals = start_goals.SHAKEN
    shown = ("shake", "shake_again", "init_scale")
    more = (
        "shaken_node",
        "overparameterization",
        "top_scale",
        "learning_rate",
        "seed",
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

    @property
    def panels(self) -> Mapping[str, Panel[TeacherStudentSettings]]:
        log: dict[str, Any] = {"yaxis_type": "log"}
        dots: dict[str, Any] = {"when": is_due, "mode": "markers"}
        return {
            "loss": OverSteps(
                "Loss of the batches; a dotted line where something was shaken",
                "loss",
                Line("loss"),
                height=380,
                **log,
            ),
            "added": paths_panel(
                "What each node adds to the next layer: outgoing weight × standard deviation of its activation",
                "contribution",
                "trail_contribution",
                lambda nodes: nodes.has_won,
                WINNERS,
                WON,
                **log,
            ),
            "nodes": Panel(
                "If this one were shaken: rise of the unexplained share, chosen lane (less than 10⁻⁸ is drawn at 10⁻⁸)",
                "number of the student node",
                "rise of the unexplained share",
                One(_others, "other student nodes", grey(0.6), marker={"size": 8, "symbol": "circle-open"}, **dots),
                One(_winners, WON, WINNERS[0], marker={"size": 8}, **dots),
                fit=lambda frame: {"xaxis.range": [0, widths(frame, frame.selected)[0] + 1]},
                height=380,
                showlegend=True,
                **log,
            ),
        }

    def readings(self, frame: Frame[TeacherStudentSettings]) -> list[Reading]:
        lines = [Reading(lane, "unexplained", now(frame, "fvu", lane)) for lane in range(len(frame.lanes))]
        for lane, nodes, added, rise in frame.once(_matter):
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
    every = enumerate(frame.once(Nodes.of))
    return [(k, nodes, added[k, : len(nodes.now[-1])], rise[k, : len(nodes.now[-1])]) for k, nodes in every]


def _rises(frame: Frame[TeacherStudentSettings], won: bool) -> Points | None:
    """Of the chosen lane: numbers of the nodes that have won or have not, and what shaking each would do."""
    for lane, nodes, _, rise in frame.once(_matter):
        if lane == frame.selected:
            among = nodes.has_won[-1] == won
            return np.flatnonzero(among) + 1, np.maximum(rise[among], LEAST)
    return None


def _others(frame: Frame[TeacherStudentSettings]) -> Points | None:
    return _rises(frame, False)


def _winners(frame: Frame[TeacherStudentSettings]) -> Points | None:
    return _rises(frame, True)


def _mean(values: np.ndarray) -> float | str:
    return float(values.mean()) if len(values) else "none"
