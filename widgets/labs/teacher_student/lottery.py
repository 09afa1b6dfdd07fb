"""The lottery: all nodes, the winners with their first weights, with new ones, and nodes taken at random."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.teacher_student.lottery import TICKETS, Lottery, LotterySettings
from lessons.teacher_student.nearest import median_nearest
from lessons.teacher_student.overlap import RECOVERED
from lessons.teacher_student.spreads import LOTTERY, TicketsSettings
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import grey, limit, marks, theory
from widgets.labs.teacher_student import goals
from widgets.labs.teacher_student.nodes import is_due, taken, widths
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.strips import in_strip, medians, strips
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line, One, Points
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

LEARNED = 1e-3
RING: dict[str, Any] = {"size": 10, "symbol": "circle-open", "line": {"width": 1.5}, "color": grey(0.9)}
SHORT_NAMES = ("full", "rewound", "re-init.", "random")


class LotteryView(LabView[LotterySettings, TicketsSettings]):
    """Median over the step, each run's end, how near each ticket began, and how many have learned the teacher."""

    name = "lottery"
    title = "The lottery of nodes"
    experiment = Lottery()
    spread = LOTTERY
    compare = False
    seeds = 24
    step_figures = ()
    shown = ("keep", "overparameterization", "students")
    more = (
        "init_scale",
        "learning_rate",
        "seed",
        "prune_at",
        "top_scale",
        "active_share",
        *TASK_AND_TRAINING,
    )
    goals = goals.LOTTERY
    presets = (
        Preset(
            "keep 10 of 50",
            "Ten nodes for ten: the largest contributors with their first weights, or with new ones. Who will learn?",
            ({},),
        ),
        Preset(
            "keep 15: no effect",
            # holds: l7_keep_15
            "With five nodes to spare nearly every ticket learns. The effect depends on the setting.",
            ({"keep": 15},),
        ),
        Preset(
            "keep 8: too few",
            # holds: l7_keep_8
            "Eight nodes cannot stand for ten. Only all fifty learn the teacher; the first weights are of no help.",
            ({"keep": 8},),
        ),
    )

    def idle(self, settings: TicketsSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    @property
    def panels(self) -> Mapping[str, Panel[LotterySettings]]:
        tickets, short = (list(zip(names, LANE_COLOURS, strict=False)) for names in (TICKETS, SHORT_NAMES))
        return {
            "median": OverSteps(
                "First training, the way back, second training: median of the students with each ticket",
                "unexplained share",
                medians("fvu", _groups, short),
                fit=_way_back,
                showlegend=True,
                height=360,
                yaxis_type="log",
            ),
            "ends": strips(
                "Where each of them is now: a dot for each student (learned: below 0.001)",
                "ticket",
                "unexplained share",
                short,
                lambda frame: np.split(np.maximum(frame.history.newest("fvu", frame.stop - 1), 1e-12), len(TICKETS)),
                One(_learned, "learned", "#888", make=limit, fixed=True),
                height=360,
                yaxis_type="log",
            ),
            "near": strips(
                "Each teacher node's largest correlation with a node of the ticket at the start (ring: not found yet)",
                "ticket",
                "largest correlation at its start",
                short,
                lambda frame: [near for near, _ in frame.once(_nearness)],
                One(_not_found, "not found", grey(0.9), make=marks, marker=RING, when=is_due),
                One(
                    _by_chance, "random nodes", "#888", make=theory, when=is_due, says="as many random nodes, by theory"
                ),
                yaxis_range=[-0.05, 0.85],
                height=360,
            ),
            "share": OverSteps(
                "Share of the students that have learned the teacher",
                "share below 0.001",
                Line(_share_learned, each=tickets, measured="fvu"),
                fit=_way_back,
                yaxis_range=[0, 1.05],
            ),
        }

    def readings(self, frame: Frame[LotterySettings]) -> list[Reading]:
        shape, fvu = frame.lanes.shared, frame.history.newest("fvu", frame.stop - 1)
        lines = [Reading(0, "now", "first training" if frame.stop - 1 <= shape.prune_at else "second training")]
        for ticket, lanes in zip(TICKETS, _groups(frame), strict=True):
            own = fvu[lanes]
            said = f"{(own < LEARNED).mean():.0%} learned; median {np.median(own):.2g}"
            lines.append(Reading(0, ticket, said))
        for ticket, (near, _) in zip(TICKETS, frame.once(_nearness), strict=True):
            began = float(np.median(near)) if len(near) else float("nan")
            lines.append(Reading(0, f"{ticket}: nearest began at", began, _random_nodes(frame, ticket)))
        return lines


def _groups(frame: Frame) -> list[np.ndarray]:
    """The lanes of each ticket."""
    return np.split(np.arange(len(frame.lanes)), len(TICKETS))


def _nearness(frame: Frame[LotterySettings]) -> list[tuple[np.ndarray, np.ndarray]]:
    """For each ticket, of all teacher nodes of its students: largest correlation with a node at the start of the
    training that goes on, and whether it is found by now; both (S n,), and empty while there is no snapshot.
    """
    layer = frame.lanes.shared.depth
    initial = taken(frame, f"initial_correlation_{layer}")
    if initial is None:
        return [(np.zeros(0), np.zeros(0, bool)) for _ in TICKETS]
    found = frame.history.newest("best_correlation", frame.stop - 1)[:, -1] > RECOVERED
    near = initial.max(1)
    return [(near[lanes].ravel(), found[lanes].ravel()) for lanes in _groups(frame)]


def _not_found(frame: Frame[LotterySettings]) -> Points:
    """Rings around the teacher nodes that no student node has become."""
    x, y = [], []
    for kind, (near, found) in enumerate(frame.once(_nearness)):
        x.append(in_strip(kind, len(near))[~found])
        y.append(near[~found])
    return np.concatenate(x), np.concatenate(y)


def _random_nodes(frame: Frame[LotterySettings], ticket: str) -> float | None:
    """Median of the largest correlation with random nodes: as many as a ticket draws, which is all but for new weights
    and for nodes taken at random; the winners were chosen from all.
    """
    shape, own = frame.lanes.shared, frame.lanes.settings[0]
    if shape.depth > 1 or shape.dimension < 2:
        return None
    every = widths(frame, 0)[0]
    is_drawn = ticket in ("re-initialized", "random nodes") and frame.stop - 1 > shape.prune_at
    kept = min(own.keep, every) if is_drawn else every
    return median_nearest(kept, own.active_share, shape.dimension)


def _by_chance(frame: Frame[LotterySettings]) -> Points:
    """A dashed level under each ticket, what its number of random nodes would give, with gaps between them."""
    levels = [_random_nodes(frame, ticket) for ticket in TICKETS]
    x = np.concatenate([[kind + 0.6, kind + 1.4, np.nan] for kind in range(len(TICKETS))])
    return x, np.repeat([np.nan if level is None else level for level in levels], 3)


def _share_learned(frame: Frame[LotterySettings], ticket: int, steps: np.ndarray) -> np.ndarray:
    return (frame.history["fvu"][steps][:, _groups(frame)[ticket]] < LEARNED).mean(1)


def _learned(_frame: Frame[LotterySettings]) -> Points:
    return [0.4, len(TICKETS) + 0.6], [LEARNED, LEARNED]


def _way_back(frame: Frame[LotterySettings]) -> dict[str, Any]:
    """A dotted line where the students go back to their first weights."""
    shape = frame.lanes.shared
    back = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": shape.prune_at, "x1": shape.prune_at}
    mark = {**back, "line": {"color": "#888", "width": 1, "dash": "dot"}}
    return {"shapes": [mark] if shape.prune_at < shape.steps else []}
