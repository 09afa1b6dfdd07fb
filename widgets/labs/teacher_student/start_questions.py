"""Questions of lesson 7 on what the first weights decide."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

import numpy as np
import torch

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.one_start import common_by_chance, in_common
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.shaking import nearest_nodes
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import bars, theory
from widgets.quiz.question import Misreading, Number, Outcome, Question
from widgets.view.lines import One, Points
from widgets.view.panels import Panel


class TwoStructures(Question[TeacherStudentSettings]):
    name = "two_structures"
    prompt = (
        "The same fifty random nodes learn teacher A and, in another training, teacher B. Ten become nodes of A. "
        "How many of these ten become a node of B, too? (Eight teachers, mean of all pairs.)"
    )
    answer = Number(low=0, high=10, step=0.5, tolerance=1.25)
    experiment = TeacherStudent()
    teachers: ClassVar = 8

    def lanes(self) -> Lanes[TeacherStudentSettings]:
        seeds = range(self.teachers)
        return Lanes([TeacherStudentSettings(teacher_seed=seed, steps=1000, horizon=1000) for seed in seeds])

    @property
    def panel(self) -> Panel[TeacherStudentSettings]:
        return Panel(
            "Winners in common: share of the pairs of teachers (dashes: ten of fifty drawn by chance, twice)",
            "winners for both teachers of a pair, of ten",
            "share of pairs",
            One(partial(self._share, False), "measured", LANE_COLOURS[0], make=bars),
            One(partial(self._share, True), "by chance", "#888", make=theory),
            xaxis_range=[-0.6, 10.6],
            yaxis_rangemode="tozero",
        )

    @staticmethod
    def _common(history: History) -> np.ndarray:
        return in_common(nearest_nodes(torch.as_tensor(history.snapshot("correlation_1")))).numpy()

    def _share(self, by_chance: bool, frame: Frame[TeacherStudentSettings]) -> Points:
        if by_chance:
            shares = common_by_chance(50, 10).numpy()
        else:
            common = self._common(frame.history)
            shares = np.bincount(common, minlength=11) / len(common)
        return np.arange(11), shares

    def outcome(self, history: History, lanes: Lanes[TeacherStudentSettings]) -> Outcome:
        common = self._common(history)
        return Outcome(
            # holds: l7_two_structures
            float(common.mean()),
            f"On average {common.mean():.1f} of ten, from {common.min()} to {common.max()}; two draws of ten from "
            "fifty have 2 in common by chance. No node is born to win: who wins is decided by who teaches.",
            (
                Misreading(10, "You took luck for a gift of the node. It is nearness to *this* teacher's node."),
                Misreading(0, "A node that A took is not used up: training with B starts from the same first weights."),
            ),
        )
