"""Sixteen students at once: does who begins near end as the winner?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.luck import WON, arrival, luck
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.shaking import nearest_nodes
from lessons.teacher_student.spreads import LUCK, STUDENTS, LuckSettings
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import bars, grey, limit, theory
from widgets.labs.teacher_student import start_goals
from widgets.labs.teacher_student.nodes import is_due, taken
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import One, Points
from widgets.view.panels import Panel
from widgets.view.view import LabView

PLACES = 10
WINNER = LANE_COLOURS[1]


class LuckView(LabView[TeacherStudentSettings, LuckSettings]):
    """Nearness at the start against nearness now, the winners' places at the start, and who is found when."""

    name = "luck"
    title = "Lucky nodes"
    experiment = TeacherStudent()
    spread = LUCK
    compare = False
    seeds = STUDENTS
    step_figures = ()
    goals = start_goals.LUCK
    shown = ("init_scale", "top_scale", "overparameterization")
    more = (
        "active_share",
        "learning_rate",
        "seed",
        "strength_decay",
        "data",
        "train_size",
        *TASK_AND_TRAINING,
    )
    presets = (
        Preset(
            "sixteen students",
            "Each node of sixteen students, where it begins and where it ends. Will those who begin near arrive?",
            ({},),
        ),
        Preset(
            "small initial weights",
            # holds: l7_luck_is_a_tendency, l7_small_weights_share
            "From weights a tenth as large nodes have time to turn: luck counts for less, and most nodes arrive.",
            ({"init_scale": 0.1, "top_scale": 0.1},),
        ),
        Preset(
            "a strong top layer",
            # holds: l7_luck_is_a_tendency
            "The outgoing weights begin at full size, and pull at random: beginning near counts for less.",
            ({"top_scale": 1.0},),
        ),
        Preset(
            "twice as wide",
            "Two tickets for each prize: half of the student nodes are needed, lucky or not.",
            ({"overparameterization": 2.0},),
        ),
    )

    def idle(self, settings: LuckSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    @property
    def panels(self) -> Mapping[str, Panel[TeacherStudentSettings]]:
        dots: dict[str, Any] = {"when": is_due, "mode": "markers", "hoverinfo": "skip"}
        return {
            "overlap": Panel(
                f"All nodes of {STUDENTS} students: nearness to a teacher node at the start and now",
                "largest correlation at the start",
                "largest correlation now",
                One(partial(_overlap, False), "other student nodes", grey(0.5), marker={"size": 4}, **dots),
                One(partial(_overlap, True), "nearest to a teacher node", WINNER, marker={"size": 5}, **dots),
                One(_no_change, "no change", "#888", make=limit, fixed=True),
                xaxis_range=[-0.1, 0.9],
                yaxis_range=[-0.1, 1.03],
                height=400,
                showlegend=True,
            ),
            "places": Panel(
                "Who is nearest now: its place at the start",
                "place at the start, 1 is the luckiest",
                "share of teacher nodes",
                One(_places, "measured", make=bars, when=is_due),
                One(_by_chance, "by chance", "#888", make=theory, when=is_due),
                yaxis_rangemode="tozero",
                xaxis_tickvals=list(range(1, PLACES + 2)),
                xaxis_ticktext=[*map(str, range(1, PLACES + 1)), f"{PLACES + 1}+"],
                height=400,
            ),
            "sooner": Panel(
                f"When each teacher node is found (correlation {WON:g}), against its luck; median of each fifth",
                "best correlation at the start",
                "step of arrival",
                One(_arrivals, "a teacher node", grey(0.6), marker={"size": 5}, **dots),
                One(_median_arrivals, "median", mode="lines+markers", when=is_due),
                yaxis_rangemode="tozero",
            ),
        }

    def readings(self, frame: Frame) -> list[Reading]:
        overlaps = frame.once(_overlaps)
        if overlaps is None:
            return []
        seen, students = luck(*overlaps), overlaps[0].shape[1]
        lowest, highest = seen.won_by_quintile[[0, -1]].tolist()
        return [
            Reading(0, "nearest now was the luckiest", seen.share_within(1), 1 / students, "chance"),
            Reading(0, "it was among the luckiest three", seen.share_within(3), min(1.0, 3 / students), "chance"),
            Reading(0, f"unluckiest fifth: above {WON:g} now", lowest),
            Reading(0, f"luckiest fifth: above {WON:g} now", highest),
            Reading(0, "rank correlation of start and now", float(seen.rank_correlation.nanmean())),
        ]


def _overlaps(frame: Frame) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Correlations at the start and now, (K, m, n)."""
    initial, now = taken(frame, "initial_correlation_1"), taken(frame, "correlation_1")
    return None if initial is None or now is None else (torch.as_tensor(initial), torch.as_tensor(now))


def _overlap(nearest: bool, frame: Frame[TeacherStudentSettings]) -> Points | None:
    """Of the nodes that are nearest to a teacher node now, or are not: nearness at the start and now."""
    overlaps = frame.once(_overlaps)
    if overlaps is None:
        return None
    initial, now = overlaps
    among = nearest_nodes(now) == nearest
    return initial.amax(2)[among].numpy(), now.amax(2)[among].numpy()


def _no_change(_frame: Frame[TeacherStudentSettings]) -> Points:
    return [-0.1, 0.9], [-0.1, 0.9]


def _places(frame: Frame[TeacherStudentSettings]) -> Points | None:
    overlaps = frame.once(_overlaps)
    if overlaps is None:
        return None
    rank = luck(*overlaps).rank
    shares = [(rank == place).float().mean().item() for place in range(PLACES)]
    return np.arange(1, PLACES + 2), [*shares, max(0.0, 1 - sum(shares))]


def _by_chance(frame: Frame[TeacherStudentSettings]) -> Points | None:
    overlaps = frame.once(_overlaps)
    if overlaps is None:
        return None
    students = overlaps[0].shape[1]
    return np.arange(1, PLACES + 1), [1 / students if place < students else 0.0 for place in range(PLACES)]


def _luck_and_arrival(frame: Frame[TeacherStudentSettings]) -> tuple[np.ndarray, np.ndarray]:
    """Of each teacher node: best correlation at the start, and the step at which it is found; NaN until then."""
    best = torch.as_tensor(frame.history["best_correlation"][: frame.stop, :, 0])
    when = arrival(best).flatten().numpy().astype(float)
    return best[0].flatten().numpy(), np.where(when >= frame.stop, np.nan, when)


def _arrivals(frame: Frame[TeacherStudentSettings]) -> Points | None:
    return None if frame.once(_overlaps) is None else frame.once(_luck_and_arrival)


def _median_arrivals(frame: Frame[TeacherStudentSettings]) -> Points | None:
    if frame.once(_overlaps) is None:
        return None
    luckiest, when = frame.once(_luck_and_arrival)
    fifths = np.array_split(np.argsort(luckiest), 5)
    late = np.where(np.isnan(when), np.inf, when)
    middle = np.array([np.median(late[each]) for each in fifths])
    return [float(np.median(luckiest[each])) for each in fifths], np.where(np.isfinite(middle), middle, np.nan)
