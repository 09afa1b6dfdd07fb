"""What moves one hidden node: pulls of the teacher nodes of its layer, and pushes of its colleagues."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import torch

from lessons.teacher_student.pulls import PullsOnNodes, PullsSettings, chosen_node
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import bars, broad, cells, grey, marks
from widgets.labs.teacher_student import start_goals
from widgets.labs.teacher_student.nodes import OTHERS, SCALE, in_one_line, is_due, taken, widths
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import One, Points
from widgets.view.panels import OverSteps, Panel
from widgets.view.readings import number
from widgets.view.view import LabView

NEAREST, COLLEAGUES, OWN = LANE_COLOURS[1], LANE_COLOURS[6], LANE_COLOURS[0]
PUSHES = ("colleagues_push", "own_push")
LOSER = 35
SHORT = {"steps": 1000, "horizon": 1000}


class PullsView(LabView[PullsSettings]):
    """Forces on one node over the step, the matrices A and B of its layer, and its gradient computed in two ways."""

    name = "pulls"
    title = "What moves a hidden node?"
    experiment = PullsOnNodes()
    goals = start_goals.PULLS
    shown = ("node", "overparameterization", "init_scale")
    more = (
        "depth",
        "top_scale",
        "learning_rate",
        "seed",
        "active_share",
        "strength_decay",
        "data",
        "train_size",
        *TASK_AND_TRAINING,
    )
    step_figures = ("forces", "nearness")
    presets = (
        Preset(
            "the luckiest node",
            "Ten teacher nodes pull at the node that began nearest to one of them. Which pulls hardest, and how soon?",
            ({**SHORT, "seed": 2},),
            ("5×",),
            says=("overparameterization",),
        ),
        Preset(
            "winner and loser",
            # holds: l7_colleagues_cancel
            "Choose the second lane: colleagues cancel what teacher nodes pull that node with, and leave it nothing.",
            ({**SHORT, "seed": 2}, {**SHORT, "seed": 2, "node": LOSER}),
            ("node 1", f"node {LOSER}"),
        ),
        Preset(
            "lucky, and lost",
            # holds: l7_a_lucky_node_loses
            "Another draw of the weights: here the luckiest node loses. When do its colleagues begin to push?",
            (SHORT,),
            ("5×",),
            says=("overparameterization",),
        ),
        Preset(
            "two hidden layers",
            # holds: l7_gradient_structure
            "The first of two hidden layers: A and B depend on the input now (means are drawn), and the sum is exact.",
            (
                {
                    "overparameterization": 2.0,
                    "depth": 2,
                    "outputs": 20,
                    "init_scale": 0.5,
                    "top_scale": 0.5,
                    "steps": 2000,
                    "horizon": 2000,
                },
            ),
            ("2×, two layers",),
            says=("overparameterization", "depth"),
        ),
    )

    def idle(self, settings: PullsSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    @property
    def panels(self) -> Mapping[str, Panel[PullsSettings]]:
        due: dict[str, Any] = {"when": is_due}
        bar = {"thickness": 8, "outlinewidth": 0, "tickfont": {"size": 11}, "tickvals": [-1, 0, 1], "xpad": 4}
        colours: dict[str, Any] = {"zmin": -1, "zmax": 1, "colorscale": SCALE, "colorbar": bar}
        return {
            "forces": OverSteps(
                "Forces on the chosen node along its weights: pulls of teacher nodes, pushes of students",
                "force",
                One(_other_pulls, "other teacher nodes", OTHERS, line={"width": 1}, **due),
                One(_nearest_pull, "its teacher node", NEAREST, **due),
                One(partial(_push, "colleagues_push"), "colleagues", COLLEAGUES, **due),
                One(partial(_push, "own_push"), "itself", OWN, **due),
                One(_sum, "sum", grey(0.95), make=broad, **due),
                height=400,
                showlegend=True,
            ),
            "matrices": Panel(
                "Left A, right B: products of outgoing weights, each student node (the luckiest on top) with all nodes",
                "teacher node | student node, by luck",
                "student node, by luck",
                One(_matrices, "A and B", make=cells, **due, **colours),
                One(_chosen_row, "chosen node", grey(0.95), line={"width": 1}, hoverinfo="skip", **due),
                fit=_axes,
                height=400,
                xaxis_tickangle=0,
                xaxis_showgrid=False,
                yaxis_showgrid=False,
                xaxis_zeroline=False,
                yaxis_zeroline=False,
            ),
            "nearness": OverSteps(
                "The chosen node's correlation with the teacher node it is nearest to",
                "largest correlation",
                One(_nearness, "correlation", NEAREST, **due),
                yaxis_range=[-0.1, 1.03],
            ),
            "gradient": Panel(
                "The gradient by its weights and bias (the last): D(Bf − Af* + c) as bars, automatic differentiation "
                "as rings",
                "weight",
                "gradient",
                One(partial(_gradient, "gradient"), "D(Bf − Af* + c)", OWN, make=bars, **due),
                One(
                    partial(_gradient, "autograd_gradient"),
                    "automatic differentiation",
                    make=marks,
                    marker={"size": 7, "symbol": "circle-open", "color": NEAREST, "line": {"width": 2}},
                    **due,
                ),
                showlegend=True,
            ),
        }

    def readings(self, frame: Frame[PullsSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            seen = Chosen.of(frame, lane)
            if seen is None:
                return []
            pulls, colleagues, own = (seen.trail(frame, name)[-1] for name in ("pull", *PUSHES))
            differ = cast(np.ndarray, taken(frame, "trail_difference"))[lane, -1]
            lines += [
                Reading(lane, "nearest to teacher node", f"{seen.nearest + 1} (correlation {seen.correlation:.2f})"),
                Reading(lane, "pulled hardest by", f"{pulls[: seen.teachers].argmax() + 1}"),
                Reading(lane, "all pulls", float(pulls.sum())),
                Reading(lane, "push of colleagues", float(colleagues)),
                Reading(lane, "its own push", float(own)),
                Reading(lane, "formula and autograd differ by", f"{number(differ, 1)} of a pull"),
            ]
        return lines


@dataclass(frozen=True)
class Chosen:
    """The chosen node of a lane.

    Attributes:
        order: The student nodes, the luckiest first, shape (m,).
        lane: Whose it is.
        node: Its number in the network, from 0.
        place: Its place in `order`, from 0.
        nearest: The teacher node that it correlates most with now, from 0.
        correlation: With that one.
        teachers: How many teacher nodes there are.
    """

    order: np.ndarray
    lane: int
    node: int
    place: int
    nearest: int
    correlation: float
    teachers: int

    @classmethod
    def of(cls, frame: Frame[PullsSettings], lane: int) -> Chosen | None:
        """Return it as it is now; None while the run is on its way back to a past step."""
        first, last = taken(frame, "initial_correlation_1"), taken(frame, "correlation_1")
        if first is None or last is None:
            return None
        students, teachers = widths(frame, lane)
        initial = first[lane, :students, :teachers]
        node = chosen_node(torch.as_tensor(initial), int(frame.lanes.settings[lane].node))
        order = np.argsort(-initial.max(1), kind="stable")
        own = last[lane, node, :teachers]
        place = int(np.flatnonzero(order == node)[0])
        return cls(order, lane, node, place, int(own.argmax()), float(own.max()), teachers)

    def trail(self, frame: Frame[PullsSettings], quantity: str) -> np.ndarray:
        """What was measured of this node so far, T times, shape (T, ...)."""
        return cast(np.ndarray, taken(frame, f"trail_{quantity}"))[self.lane, :, self.node]


def _of_selected(frame: Frame[PullsSettings]) -> Chosen | None:
    return Chosen.of(frame, frame.selected)


def _steps(frame: Frame[PullsSettings]) -> np.ndarray:
    return cast(np.ndarray, taken(frame, "trail_step"))[frame.selected]


def _nearest_pull(frame: Frame[PullsSettings]) -> Points | None:
    seen = frame.once(_of_selected)
    return None if seen is None else (_steps(frame), seen.trail(frame, "pull")[:, seen.nearest])


def _other_pulls(frame: Frame[PullsSettings]) -> Points | None:
    seen = frame.once(_of_selected)
    if seen is None:
        return None
    others = np.delete(seen.trail(frame, "pull")[:, : seen.teachers], seen.nearest, axis=1)
    return in_one_line(_steps(frame), others)


def _push(quantity: str, frame: Frame[PullsSettings]) -> Points | None:
    seen = frame.once(_of_selected)
    return None if seen is None else (_steps(frame), -seen.trail(frame, quantity))


def _sum(frame: Frame[PullsSettings]) -> Points | None:
    """All forces, those of the biases above among them."""
    seen = frame.once(_of_selected)
    if seen is None:
        return None
    pushes = [seen.trail(frame, quantity) for quantity in (*PUSHES, "offset_push")]
    return _steps(frame), seen.trail(frame, "pull").sum(1) - np.sum(pushes, axis=0)


def _nearness(frame: Frame[PullsSettings]) -> Points | None:
    seen, trail = frame.once(_of_selected), taken(frame, "trail_correlation")
    return None if seen is None or trail is None else (_steps(frame), trail[seen.lane, :, 0, seen.node])


def _matrices(frame: Frame[PullsSettings]) -> Points | None:
    seen, a, b = frame.once(_of_selected), taken(frame, "to_teachers"), taken(frame, "to_students")
    if seen is None or a is None or b is None:
        return None
    lane, order = frame.selected, seen.order
    gap = np.full((len(order), 1), np.nan)
    z = np.concatenate([a[lane][order, : seen.teachers], gap, b[lane][np.ix_(order, order)]], axis=1)
    return np.arange(1, z.shape[1] + 1), np.arange(1, len(z) + 1), z


def _chosen_row(frame: Frame[PullsSettings]) -> Points | None:
    seen = frame.once(_of_selected)
    if seen is None:
        return None
    end = seen.teachers + len(seen.order) + 1.5
    low, high = seen.place + 0.5, seen.place + 1.5
    return [0.5, end, np.nan, 0.5, end], [low, low, np.nan, high, high]


def _axes(frame: Frame[PullsSettings]) -> dict[str, Any]:
    students, teachers = widths(frame, frame.selected)
    shown = [number for number in range(1, students + 1) if number % max(5, students // 5) == 0]
    return {
        "xaxis.tickvals": [1, teachers, *(teachers + 1 + number for number in shown)],
        "xaxis.ticktext": ["1", str(teachers), *map(str, shown)],
        "xaxis.range": [0.5, students + teachers + 1.5],
        "yaxis.range": [students + 0.5, 0.5],
    }


def _gradient(quantity: str, frame: Frame[PullsSettings]) -> Points | None:
    seen, found = frame.once(_of_selected), taken(frame, quantity)
    if seen is None or found is None:
        return None
    own = found[frame.selected, seen.node]
    return np.arange(1, len(own) + 1), own
