"""Two inputs: each node is a line, and the lines of student nodes slide onto those of teacher nodes."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch

from lessons.teacher_student.two_inputs import (
    MOST_TEACHER_NODES,
    TwoInputs,
    TwoInputsSettings,
    learned_from,
    zero_lines,
)
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import EQUAL_AXES, grey, line, marks, see_through
from widgets.labs.teacher_student import goals
from widgets.labs.teacher_student.nodes import is_due, taken, widths
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.view.controls import Preset
from widgets.view.lines import Curve, Line, One, Points
from widgets.view.panels import Now, OverSteps, Panel
from widgets.view.view import LabView

COLOURS = LANE_COLOURS[1 : 1 + MOST_TEACHER_NODES]
NAMED = [(f"teacher node {number}", colour) for number, colour in enumerate(COLOURS, 1)]
BROAD = [(name, see_through(colour, 0.35)) for name, colour in NAMED]
NONE = grey(0.45)
SHOWN, REACH, TICK = 3.0, 12.0, 0.25  # of the plane; of a line; of the mark on the side that fires
TEACHER_AT, STUDENT_AT = 0.0, 3.0  # in the picture of the nets: their inputs; hidden nodes 1 further, outputs 2
GAP = np.full((1, 2), np.nan)


class TwoInputsView(LabView[TwoInputsSettings]):
    """The line of each node in the plane of inputs, the two nets in the colours of the teacher nodes, and the loss."""

    name = "two_inputs"
    title = "Lines that slide onto a teacher's"
    experiment = TwoInputs()
    shown = ("overparameterization", "teacher_width", "init_scale")
    more = (
        "active_share",
        "learning_rate",
        "seed",
        "strength_decay",
        "top_scale",
        "data",
        "train_size",
        *(name for name in TASK_AND_TRAINING if name not in ("teacher_width", "dimension")),
    )
    step_figures = ("fvu",)
    speed = 300.0
    goals = goals.TWO_INPUTS
    presets = (
        Preset(
            "twenty for four",
            "Broad lines: where four teacher nodes begin to fire. Thin ones: twenty student nodes. Who ends on whom?",
            ({"measure_every": 10},),
            ("5×",),
            says=("overparameterization",),
        ),
        Preset(
            "four for four",
            # holds: l7_lines_found
            "As many lines as the teacher has. Here all four are found, though some take long.",
            ({"measure_every": 10, "overparameterization": 1.0},),
            ("1×",),
            says=("overparameterization",),
        ),
        Preset(
            "small initial weights",
            # holds: l7_small_lines_share
            "From weights a tenth as large nearly all of the twenty lines end on a teacher's: they share.",
            ({"measure_every": 10, "init_scale": 0.1, "top_scale": 0.1},),
            ("small weights",),
            says=("init_scale", "top_scale"),
        ),
    )

    def idle(self, settings: TwoInputsSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    @property
    def panels(self) -> Mapping[str, Panel[TwoInputsSettings]]:
        plane: dict[str, Any] = {"xaxis_range": [-SHOWN, SHOWN], "yaxis_range": [-SHOWN, SHOWN]}
        ends = {"size": 9, "color": NONE}  # over those of the nodes' own lines
        bare: dict[str, Any] = {
            f"{axis}_{key}": False for axis in ("xaxis", "yaxis") for key in ("showgrid", "zeroline", "showline")
        }
        return {
            "lines": Panel(
                "Where nodes begin to fire: teacher (broad), student (thin, in the colour of the node it has become; "
                "mark: its side)",
                "first input",
                "second input",
                Curve(_teacher_line, each=BROAD, fixed=True, line={"width": 9}, hoverinfo="skip"),
                One(partial(_student_lines, -1), "student node, none yet", NONE, when=is_due, line={"width": 1}),
                Curve(_student_lines_of, each=NAMED, when=is_due, line={"width": 2}),
                height=460,
                **plane,
                **EQUAL_AXES,
            ),
            "nets": Panel(
                "The two nets: inputs, hidden nodes, outputs. Left the teacher, right the student",
                "",
                "",
                Curve(_teacher_net, each=NAMED, fixed=True, make=_nodes, line={"width": 2}),
                One(partial(_student_net, -1), "student node, none yet", NONE, when=is_due, make=_nodes),
                Curve(_student_net_of, each=NAMED, when=is_due, make=_nodes, line={"width": 2}),
                One(_ends, "inputs and outputs", make=marks, fixed=True, marker=ends, hoverinfo="skip"),
                height=460,
                xaxis_range=[-0.3, STUDENT_AT + 2.3],
                yaxis_range=[-0.06, 1.06],
                xaxis_tickvals=[1, STUDENT_AT + 1],
                xaxis_ticktext=["teacher", "student"],
                yaxis_tickvals=[],
                **bare,
            ),
            "fvu": OverSteps(
                "Share of the teacher's variance not explained, on fresh inputs",
                "unexplained share",
                Line("fvu"),
                legend=True,
                yaxis_type="log",
            ),
        }

    table = (
        Now("teacher nodes found", lambda frame, lane: f"{_found(frame, lane)} of {widths(frame, lane)[1]}"),
        Now("student nodes that have become one", lambda frame, lane: _become(frame, lane)),
        Now("unexplained", "fvu"),
    )


def _nodes(name: str, colour: str, **style: Any) -> go.Scatter:
    """Links with a mark at each end."""
    return line(name, colour, **{"mode": "lines+markers", "marker": {"size": 8}, "line": {"width": 1}, **style})


def _found(frame: Frame[TwoInputsSettings], lane: int) -> int:
    return int(frame.history.newest("recovered", frame.last(lane))[lane, 0])


def _become(frame: Frame[TwoInputsSettings], lane: int) -> str:
    correlation = taken(frame, "correlation_1")
    if correlation is None:
        return ""
    own = learned_from(torch.as_tensor(correlation))[lane, : widths(frame, lane)[0]]
    return f"{int((own >= 0).sum())} of {len(own)}"


def _drawn(weights: np.ndarray) -> Points:
    """Lines and marks of some nodes, (m, D + 1), as one trace."""
    ends, sides = zero_lines(torch.as_tensor(weights), REACH)
    marks = torch.stack([sides[:, 0], sides[:, 0] + TICK * (sides[:, 1] - sides[:, 0])], 1)
    parts = [part for pair in zip(ends.numpy(), marks.numpy(), strict=True) for part in (pair[0], GAP, pair[1], GAP)]
    points = np.concatenate(parts) if parts else np.empty((0, 2))
    return points[:, 0], points[:, 1]


def _teacher_line(frame: Frame[TwoInputsSettings], number: int) -> Points | None:
    weights = taken(frame, "teacher_weights")
    if weights is None:
        return None
    return _drawn(weights[frame.selected, : widths(frame, frame.selected)[1]][number : number + 1])


def _of_students(frame: Frame[TwoInputsSettings]) -> tuple[np.ndarray, np.ndarray] | None:
    """Weights (m, D + 1) of the chosen lane's student nodes, and which teacher node each has become, (m,)."""
    weights, correlation = taken(frame, "student_weights"), taken(frame, "correlation_1")
    if weights is None or correlation is None:
        return None
    students = widths(frame, frame.selected)[0]
    become = learned_from(torch.as_tensor(correlation)).numpy()
    return weights[frame.selected, :students], become[frame.selected, :students]


def _student_lines(which: int, frame: Frame[TwoInputsSettings]) -> Points | None:
    found = frame.once(_of_students)
    return None if found is None else _drawn(found[0][found[1] == which])


def _student_lines_of(frame: Frame[TwoInputsSettings], number: int) -> Points | None:
    return _student_lines(number, frame)


def _net(at: float, among: np.ndarray, count: int) -> Points:
    """Hidden nodes of a net that begins at x = `at`, numbers `among` of `count`, with their links.

    The same trace goes from one input to the node, to the outputs, back to the node and to the other input.
    """
    height = 1 - (among + 0.5) / count
    x = np.tile([at, at + 1, at + 2, at + 1, at, np.nan], len(among))
    rows = [np.array([0.65, own, 0.5, own, 0.35, np.nan]) for own in height]
    return x, np.concatenate(rows) if rows else np.empty(0)


def _ends(_frame: Frame[TwoInputsSettings]) -> Points:
    """Inputs and outputs of both nets, which belong to no hidden node."""
    x = [start + far for start in (TEACHER_AT, STUDENT_AT) for far in (0, 0, 2)]
    return x, [0.65, 0.35, 0.5] * 2


def _teacher_net(frame: Frame[TwoInputsSettings], number: int) -> Points:
    count = widths(frame, frame.selected)[1]
    return _net(TEACHER_AT, np.arange(count)[number : number + 1], count)


def _student_net(which: int, frame: Frame[TwoInputsSettings]) -> Points | None:
    found = frame.once(_of_students)
    return None if found is None else _net(STUDENT_AT, np.flatnonzero(found[1] == which), len(found[1]))


def _student_net_of(frame: Frame[TwoInputsSettings], number: int) -> Points | None:
    return _student_net(number, frame)
