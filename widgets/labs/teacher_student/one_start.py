"""One start and several teachers: the same first weights become the nodes of whoever teaches."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.one_start import crossed_correlation, in_common, won_so_far
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.shaking import nearest_nodes
from lessons.teacher_student.spreads import ONE_START, OneStartSettings
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import cells, grey, theory
from widgets.labs.teacher_student import start_goals
from widgets.labs.teacher_student.nodes import MATRIX, is_due, taken, widths
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import One, Points
from widgets.view.panels import Panel
from widgets.view.view import LabView

A, B = 0, 1
COLOURS = LANE_COLOURS[:2]


class OneStartView(LabView[TeacherStudentSettings, OneStartSettings]):
    """The same nodes in the matrices of teachers A and B, their nearness to either, and who has ever won."""

    name = "one_start"
    title = "One start, two teachers"
    experiment = TeacherStudent()
    spread = ONE_START
    compare = False
    step_figures = ()
    goals = start_goals.ONE_START
    shown = ("teachers", "overparameterization", "init_scale")
    more = (
        "top_scale",
        "learning_rate",
        "seed",
        "active_share",
        "strength_decay",
        "data",
        "train_size",
        *TASK_AND_TRAINING,
    )
    presets = (
        Preset(
            "eight teachers",
            "A row is one node in two trainings. Will the rows that turn orange on the left do so on the right?",
            ({},),
        ),
        Preset(
            "sixteen teachers",
            # holds: l7_every_node_wins
            "Twice as many: nearly every one of the fifty nodes has become a teacher node at least once.",
            ({"teachers": 16},),
        ),
        Preset(
            "twice as wide",
            # holds: l7_every_node_wins
            "Twenty nodes for ten: after a few teachers each of the twenty has been one.",
            ({"overparameterization": 2.0},),
        ),
    )

    def idle(self, settings: OneStartSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    @property
    def panels(self) -> Mapping[str, Panel[TeacherStudentSettings]]:
        dots: dict[str, Any] = {"when": is_due, "mode": "markers", "hoverinfo": "skip"}
        ring = {"size": 7, "symbol": "circle-open"}
        return {
            "matrix": Panel(
                "One start, two trainings: correlation of the nodes (luckiest for A on top) with teachers A and B",
                "node of A (left), of B (right)",
                "student node, by luck for A",
                One(_matrices, "correlation", make=cells, when=is_due, **MATRIX),
                fit=_axes,
                height=400,
                xaxis_showgrid=False,
                yaxis_showgrid=False,
                xaxis_tickangle=0,
            ),
            "plane": Panel(
                "Each node's nearness to A and to B: at the common start (rings), and where either teacher drew it",
                "largest correlation with a node of A",
                "with a node of B",
                One(partial(_places, None), "start", grey(0.8), marker=ring, **dots),
                One(partial(_places, A), "taught by A", COLOURS[A], marker={"size": 6}, **dots),
                One(partial(_places, B), "taught by B", COLOURS[B], marker={"size": 6}, **dots),
                xaxis_range=[-0.1, 1.05],
                yaxis_range=[-0.1, 1.05],
                height=400,
                showlegend=True,
            ),
            "ever": Panel(
                "Nodes that are nearest to a node of at least one teacher (by chance: drawn anew for each)",
                "teachers",
                "nodes of the one start",
                One(partial(_ever, 0), "measured", LANE_COLOURS[0], mode="lines+markers", when=is_due),
                One(partial(_ever, 1), "by chance", "#888", make=theory, when=is_due),
                fit=_whole,
            ),
        }

    def readings(self, frame: Frame[TeacherStudentSettings]) -> list[Reading]:
        won = frame.once(_won)
        if won is None:
            return []
        found, nodes = frame.history.newest("recovered", frame.stop - 1)[:, 0], won.shape[1]
        each, shared = won.sum(1), float((won[A] & won[B]).sum())
        measured, chance = won_so_far(won)
        pairs = in_common(won).double().mean().item()
        return [
            Reading(0, "teacher nodes found of A, of B", f"{found[A]:.0f}, {found[B]:.0f}"),
            Reading(0, "nodes that won for A and for B", shared, float(each[A] * each[B]) / nodes, "chance"),
            Reading(0, "the same, mean of all pairs", pairs, float(each.double().mean() ** 2) / nodes, "chance"),
            Reading(0, f"of {nodes} nodes won at least once", int(measured[-1]), float(chance[-1]), "chance"),
        ]


def _won(frame: Frame[TeacherStudentSettings]) -> torch.Tensor | None:
    """Which nodes are nearest to a node of each lane's teacher now, (K, m)."""
    now = taken(frame, "correlation_1")
    return None if now is None else nearest_nodes(torch.as_tensor(now))


def _matrices(frame: Frame[TeacherStudentSettings]) -> Points | None:
    first, now = taken(frame, "initial_correlation_1"), taken(frame, "correlation_1")
    if first is None or now is None:
        return None
    order = np.argsort(-first[A].max(1), kind="stable")
    z = np.concatenate([now[A][order], np.full((len(order), 1), np.nan), now[B][order]], axis=1)
    return np.arange(1, z.shape[1] + 1), np.arange(1, len(z) + 1), z


def _axes(frame: Frame[TeacherStudentSettings]) -> dict[str, Any]:
    """Ranges; and the nodes of both teachers, each numbered from 1."""
    students, count = widths(frame, A)
    shown = range(1, count + 1) if count <= 10 else range(2, count + 1, 2)
    return {
        "xaxis.tickvals": [start + number for start in (0, count + 1) for number in shown],
        "xaxis.ticktext": [str(number) for _ in "AB" for number in shown],
        "xaxis.range": [0.5, 2 * count + 1.5],
        "yaxis.range": [students + 0.5, 0.5],
    }


def _nearness(frame: Frame[TeacherStudentSettings]) -> dict[int | None, Points] | None:
    """Largest correlation of each node with a node of A and of B: at the start (None), taught by A, taught by B."""
    first, own, given = (taken(frame, f"{name}_weights") for name in ("first", "student", "teacher"))
    if first is None or own is None or given is None:
        return None
    nets = torch.cat([torch.as_tensor(first[:1]), torch.as_tensor(own[: B + 1])])
    near = crossed_correlation(nets, torch.as_tensor(given[: B + 1])).amax(3).numpy()
    return {None: tuple(near[0]), A: tuple(near[1]), B: tuple(near[2])}


def _places(which: int | None, frame: Frame[TeacherStudentSettings]) -> Points | None:
    every = frame.once(_nearness)
    return None if every is None else every[which]


def _ever(which: int, frame: Frame[TeacherStudentSettings]) -> Points | None:
    won = frame.once(_won)
    return None if won is None else (np.arange(1, len(won) + 1), won_so_far(won)[which].numpy())


def _whole(frame: Frame[TeacherStudentSettings]) -> dict[str, Any]:
    return {"xaxis.range": [0.5, len(frame.lanes) + 0.5], "yaxis.range": [0, 1.05 * widths(frame, A)[0]]}
