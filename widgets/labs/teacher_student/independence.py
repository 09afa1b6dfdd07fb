"""Independent at the start, and then not: outgoing weights that are dealt out anew, and who is near whom."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import torch

from lessons.teacher_student.independence import PAIRS, Independence, binomial, candidates
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.spreads import LUCK, STUDENTS, LuckSettings
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import bars, grey, marks, theory
from widgets.labs.teacher_student import assumption_goals
from widgets.labs.teacher_student.nodes import is_due, taken
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line, One, Points
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

MOST = 4
DEALT = LANE_COLOURS[6]
SHORT = {"steps": 600, "measure_every": 20}


class IndependenceView(LabView[TeacherStudentSettings, LuckSettings]):
    """Unexplained share as trained and with outgoing weights dealt out anew; how many are near each teacher node."""

    name = "independence"
    title = "Independent weights?"
    experiment = Independence()
    spread = LUCK
    compare = False
    seeds = STUDENTS
    step_figures = ("dealt",)
    goals = assumption_goals.INDEPENDENCE
    shown = ("init_scale", "overparameterization", "learning_rate")
    more = ("top_scale", "seed", "active_share", "strength_decay", "data", "train_size", *TASK_AND_TRAINING)
    presets = (
        Preset(
            "sixteen students",
            "Deal a net's outgoing weights out to its nodes anew. When does it begin to matter who has which?",
            (SHORT,),
        ),
        Preset(
            "the first fifty steps",
            # holds: l7_dependent_after_five_steps
            "Each step is measured. After five the net rests on who has which outgoing weights.",
            ({"steps": 50, "measure_every": 1},),
        ),
        Preset(
            "twice as wide",
            # holds: l7_dependent_when_wide
            "A hundred nodes instead of fifty: their weights do not stay independent either.",
            ({**SHORT, "overparameterization": 10.0, "learning_rate": 0.03},),
        ),
    )

    def idle(self, settings: LuckSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    @property
    def panels(self) -> Mapping[str, Panel[TeacherStudentSettings]]:
        due: dict[str, Any] = {"when": is_due}
        cross = {"size": 5, "symbol": "x-thin", "color": grey(0.9), "line": {"width": 1, "color": grey(0.9)}}
        return {
            "dealt": OverSteps(
                f"Unexplained share, median of {STUDENTS} students, and with their outgoing weights dealt out anew",
                "unexplained share",
                Line(partial(_median, "fvu"), each=[("as they are", LANE_COLOURS[0])], measured="fvu"),
                Line(partial(_median, "dealt"), each=[("dealt out, all ways", DEALT)], measured="dealt"),
                Line(
                    partial(_median, "moved"),
                    each=[("one way", grey(0.9))],
                    measured="moved",
                    mode="markers",
                    marker=cross,
                ),
                height=400,
                showlegend=True,
                yaxis_type="log",
            ),
            "candidates": Panel(
                f"Closest pairs of student and teacher nodes, {PAIRS:g} for each teacher node: how often each occurs",
                "student nodes near a teacher node",
                "share of teacher nodes",
                One(_now, "now", LANE_COLOURS[0], make=bars, **due),
                One(_at_the_start, "at the start", make=marks, marker={"size": 10, "color": DEALT}, **due),
                One(_independent, "if independent", grey(0.95), make=theory, **due),
                yaxis_range=[0, 1.02],
                xaxis_tickvals=list(range(MOST + 1)),
                xaxis_ticktext=[*map(str, range(MOST)), f"{MOST}+"],
                height=400,
                showlegend=True,
            ),
        }

    def readings(self, frame: Frame[TeacherStudentSettings]) -> list[Reading]:
        row, shares = frame.last(0), _shares(frame, "correlation_1")
        lines = [
            Reading(0, title, float(np.median(frame.history.newest(name, row))))
            for title, name in (("unexplained", "fvu"), ("dealt out, all ways", "dealt"), ("one way", "moved"))
        ]
        if shares is None:
            return lines
        expected = _expected(frame)
        titles = ("teacher nodes with none near", "with one")
        return lines + [
            Reading(0, t, float(s), float(e), "chance") for t, s, e in zip(titles, shares, expected, strict=False)
        ]


def _median(quantity: str, frame: Frame[TeacherStudentSettings], _: int, steps: np.ndarray) -> np.ndarray:
    return np.median(frame.history[quantity][steps], axis=1)


def _shares(frame: Frame[TeacherStudentSettings], name: str) -> np.ndarray | None:
    """Of teacher nodes with 0, 1, ... and `MOST` or more student nodes near, shape (MOST + 1,)."""
    correlation = taken(frame, name)
    if correlation is None:
        return None
    counts = candidates(torch.as_tensor(correlation)).clamp(max=MOST).flatten().numpy()
    return np.bincount(counts, minlength=MOST + 1) / len(counts)


def _expected(frame: Frame[TeacherStudentSettings]) -> np.ndarray:
    teachers = frame.lanes.shared.teacher_width
    found = binomial(round(PAIRS * teachers), teachers, MOST - 1).numpy()
    return np.append(found, 1 - found.sum())


def _with_numbers(shares: np.ndarray | None) -> Points | None:
    return None if shares is None else (np.arange(MOST + 1), shares)


def _now(frame: Frame[TeacherStudentSettings]) -> Points | None:
    return _with_numbers(_shares(frame, "correlation_1"))


def _at_the_start(frame: Frame[TeacherStudentSettings]) -> Points | None:
    return _with_numbers(_shares(frame, "initial_correlation_1"))


def _independent(frame: Frame[TeacherStudentSettings]) -> Points | None:
    return _with_numbers(_expected(frame))
