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
from lessons.teacher_student.same_error import first_below
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.shaking import nearest_nodes
from lessons.teacher_student.spreads import FEWEST, SAME_ERROR, SIZES, FewestSettings, SameErrorSettings
from lessons.teacher_student.sweep import WidthSweep
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import bars, theory, thin
from widgets.quiz.answer_kinds import Choice, Number
from widgets.quiz.question import Misreading, Outcome, Question
from widgets.view.lines import Level, Line, One, Points
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
            "Nodes in common: share of the pairs of teachers (by chance: ten of fifty drawn, twice)",
            "nearest to nodes of both teachers of a pair, of ten",
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


class SameError(Question[TeacherStudentSettings]):
    name = "same_training_error"
    prompt = (
        "One net of fifty nodes, 150 points; its first weights are small (0.1) or large (1). When 2 % is left "
        "unexplained on the points, how much do the large ones leave on fresh inputs, compared with the small ones?"
    )
    answer = Choice(("about the same", "about half as much again", "about three times as much"))
    experiment = TeacherStudent()
    ratios: ClassVar = (1.0, 1.5, 3.0)
    groups: ClassVar = (("small first weights", LANE_COLOURS[0]), ("large first weights", LANE_COLOURS[2]))

    def lanes(self) -> Lanes[TeacherStudentSettings]:
        every = SAME_ERROR.lanes([SameErrorSettings(students=4, steps=1200, horizon=2000)], ["net"])
        return Lanes([own for own in every.settings if own.init_scale != SIZES["middle"]])

    @property
    def panel(self) -> Panel[TeacherStudentSettings]:
        fresh = Line(partial(self._median, "fvu"), each=self.groups, measured="fvu")
        train = Line(
            partial(self._median, "train_fvu"),
            each=[(f"{name}, on the points", colour) for name, colour in self.groups],
            measured="fvu",
            make=thin,
            says="on the training points",
        )
        caption = "Unexplained on fresh inputs and on the training points, medians of four"
        return Panel(caption, "step", "unexplained share", fresh, train, yaxis_type="log", showlegend=True)

    @staticmethod
    def _median(quantity: str, frame: Frame[TeacherStudentSettings], group: int, steps: np.ndarray) -> np.ndarray:
        return np.median(np.split(frame.history[quantity][steps], 2, axis=1)[group], axis=1)

    def outcome(self, history: History, lanes: Lanes[TeacherStudentSettings]) -> Outcome:
        rows = np.flatnonzero(history.measured("fvu"))
        left = np.split(first_below(history["train_fvu"][rows], history["fvu"][rows]), 2)
        small, large = (float(np.nanmedian(each)) for each in left)
        return Outcome(
            # holds: l7_same_error
            int(np.abs(np.log(self.ratios) - np.log(large / small)).argmin()),
            f"{large:.2f} of the variance beside {small:.2f}: {large / small:.1f} times as much, at the same training "
            "error. What a net knows depends on the way to it, so how it is trained and how it generalizes cannot be "
            "told apart.",
            (Misreading(0, "The training error is the same, and it says nothing about where the net is between."),),
        )


class FewestNodes(Question[TeacherStudentSettings]):
    name = "fewest_nodes"
    prompt = (
        "Students of a hundred nodes learn a teacher of five, from small first weights, until less than 0.1 % is "
        "left unexplained. How many of the hundred add at least 1 % of what the largest adds? (Median of three.)"
    )
    answer = Number(low=0, high=100, step=1, tolerance=15)
    experiment = WidthSweep()

    def lanes(self) -> Lanes[TeacherStudentSettings]:
        every = FEWEST.lanes([FewestSettings()], ["student"])
        return Lanes([own for own in every.settings if own.overparameterization == 20 and own.init_scale < 1])

    @property
    def panel(self) -> Panel[TeacherStudentSettings]:
        used = Line(self._used, each=[("in use", LANE_COLOURS[0])], measured="used_nodes")
        caption = "Nodes that add at least 1 % of what the largest adds, median of three"
        return Panel(caption, "step", "nodes in use", used, Level(5, "the teacher's"), yaxis_range=[0, 103])

    @staticmethod
    def _used(frame: Frame[TeacherStudentSettings], _: int, steps: np.ndarray) -> np.ndarray:
        return np.median(frame.history["used_nodes"][steps][..., 0], axis=1)

    def outcome(self, history: History, lanes: Lanes[TeacherStudentSettings]) -> Outcome:
        used, effect = (float(np.median(history.newest(name))) for name in ("used_nodes", "effective_nodes"))
        return Outcome(
            # holds: l7_fewest_nodes, l7_fewest_in_effect
            used,
            f"{used:.0f} of a hundred are in use; the work of five is shared among them, about as {effect:.0f} equal "
            "ones would share it. That training finds the fewest nodes is not so: it lets nodes fade that began large "
            "and lost, and shares the work where all begin small.",
            (Misreading(5, "That is the fewest that can do it, and from large first weights it comes near to that."),),
        )
