"""What a learner predicts in lesson 7, and the mistakes to find in what is often written: nodes, luck and tickets."""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar

import numpy as np
import plotly.graph_objects as go
import torch

from lessons.core.experiment import Experiment
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.lottery import Lottery, lottery_lanes
from lessons.teacher_student.luck import luck
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.shaking import lucky_nodes
from lessons.teacher_student.sweep import WidthSweep
from widgets.controls import LANE_COLOURS
from widgets.labs.teacher_student.data_questions import HeatReversed, NegativeBiases, RandomLabels, WidthSketch
from widgets.live_figure import LiveFigure
from widgets.plots import line, plot
from widgets.question import FAILS, HOLDS, Choice, Number, Outcome, Question

LEARNED = 1e-3


class _Groups(Question):
    """Groups of lanes, and for each a curve over the step."""

    groups: ClassVar[tuple[str, ...]]
    caption: ClassVar[str]
    axis: ClassVar[str]
    every: ClassVar[int]
    logarithmic: ClassVar[bool] = False

    @abstractmethod
    def curves(self, history: History) -> np.ndarray:
        """Return a curve for each group, shape (groups, T)."""

    def figure(self) -> go.Figure:
        lines = [line(name, colour) for name, colour in zip(self.groups, LANE_COLOURS, strict=False)]
        axes = {"yaxis_type": "log", "yaxis_tickformat": "~g"} if self.logarithmic else {"yaxis_rangemode": "tozero"}
        return plot("question", self.caption, "step", self.axis, lines, showlegend=len(lines) > 1, **axes)

    def draw(self, screen: LiveFigure, history: History, lanes: Lanes) -> None:
        for trace, curve in enumerate(self.curves(history)):
            steps = np.arange(0, len(curve), self.every)
            screen.replace("figure", trace, x=steps, y=curve[steps])


class ExactSize(_Groups):
    name = "exact_size"
    prompt = "Twelve students as wide as their teacher, and twelve twice as wide. Who finds all ten nodes more often?"
    statement = "A student with exactly as many nodes as its teacher is the best: what is more can only do harm."
    answer = Choice((HOLDS, FAILS))
    experiment: ClassVar[Experiment] = WidthSweep()
    groups = ("1×", "2×")
    caption = "Students that have found all ten nodes"
    axis = "students of twelve"
    every = 25

    def lanes(self) -> Lanes:
        common = {"steps": 1200, "horizon": 1200}
        widths = [(width, seed) for width in (1.0, 2.0) for seed in range(12)]
        return Lanes([TeacherStudentSettings(overparameterization=w, seed=seed, **common) for w, seed in widths])

    def curves(self, history: History) -> np.ndarray:
        return np.stack(np.split(history["recovered"][:, :, 0] == 10, 2, axis=1)).sum(2)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        exact, double = self.curves(history)[:, -1]
        has_all = np.split(history["recovered"][-1, :, 0] == 10, 2)
        left = [each[among] for each, among in zip(np.split(history["fvu"][-1], 2), has_all, strict=True)]
        median = [f"{np.median(each):.1g}" if len(each) else "none" for each in left]
        return Outcome(
            int(double > exact),
            f"{exact} of 12 found all ten nodes at the teacher's own width, and {double} of 12 at twice that. "
            "The exact size suffices for the teacher's function, and not for finding it. Those who have found all "
            f"leave unexplained, in the median, {median[0]} and {median[1]}.",
        )


class LuckiestWins(Question):
    name = "luckiest_wins"
    prompt = (
        "Fifty student nodes, ten teacher nodes. For each teacher node look at the student node that is nearest to it "
        "after training. In how many per cent of cases was it the nearest at the start already?"
    )
    answer = Number(low=0, high=100, step=1, tolerance=12, unit="%")
    experiment: ClassVar[Experiment] = TeacherStudent()

    def lanes(self) -> Lanes:
        return Lanes([TeacherStudentSettings(seed=seed, steps=1000, horizon=1000) for seed in range(8)])

    def figure(self) -> go.Figure:
        caption = "Best correlation with a teacher node: mean over eight students and all teacher nodes"
        return plot(
            "question", caption, "step", "best correlation", [line("mean", LANE_COLOURS[0])], yaxis_range=[0, 1.02]
        )

    def draw(self, screen: LiveFigure, history: History, lanes: Lanes) -> None:
        best = history["best_correlation"].mean((1, 2, 3))
        steps = np.arange(0, len(best), 25)
        screen.replace("figure", 0, x=steps, y=best[steps])

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        pair = [torch.as_tensor(history.snapshot(name)) for name in ("initial_correlation_1", "correlation_1")]
        seen = luck(*pair)
        first, three = seen.share_within(1), seen.share_within(3)
        return Outcome(
            100 * first,
            f"In {first:.0%} of {seen.rank.numel()} cases the luckiest won, and in {three:.0%} one of the luckiest "
            "three; by chance it would be 2 % and 6 %. Luck decides much, and not all.",
        )


class IrrelevantNodes(_Groups):
    name = "irrelevant_nodes"
    prompt = (
        "After training you shake one node: its incoming weights are drawn anew. How much more does the loss rise, in "
        "the mean, if it is lucky (nearest to a teacher node, or correlated above 0.9) than if it is one of the rest?"
    )
    times: ClassVar = (1, 3, 10, 100)
    answer = Choice(("about as much", "about three times as much", "about ten times", "about a hundred times, or more"))
    experiment: ClassVar[Experiment] = TeacherStudent()
    groups = ("unexplained share",)
    caption = "The training; then each node is shaken by itself"
    axis = "unexplained share"
    every = 25
    logarithmic = True

    def lanes(self) -> Lanes:
        return Lanes([TeacherStudentSettings(top_scale=1.0)])

    def curves(self, history: History) -> np.ndarray:
        return history["fvu"].mean(1)[None]

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        rise = history.snapshot("shake_rise")
        is_lucky = lucky_nodes(torch.as_tensor(history.snapshot("correlation_1"))).numpy()
        lucky, others = float(rise[is_lucky].mean()), float(rise[~is_lucky].mean())
        nearest = int(np.abs(np.log(self.times) - np.log(max(lucky / others, 1.0))).argmin())
        return Outcome(
            nearest,
            f"Shaking a lucky one raised the unexplained share by {lucky:.2g} in the mean, one of the rest by "
            f"{others:.2g}: {lucky / others:.2g} times as much. What the others add to the output has faded, so their "
            "incoming weights are directions in which the loss is flat.",
        )


class TicketIsTheMask(_Groups):
    name = "ticket_is_the_mask"
    prompt = "Ten of fifty nodes are kept, the ones that mattered. Do they train as well with new first weights?"
    statement = "A lottery ticket is the right set of nodes: keep these, draw their weights anew, and train."
    answer = Choice((HOLDS, FAILS))
    experiment: ClassVar[Experiment] = Lottery()
    tickets: ClassVar = ("rewound", "re-initialised")
    groups = ("first weights", "new weights")
    caption = "Two trainings, one after the other: students that have learned the teacher"
    axis = "students of eight"
    every = 25

    def lanes(self) -> Lanes:
        every = lottery_lanes(8, steps=2001, prune_at=1000, horizon=1000)
        return Lanes([own for own in every.settings if own.ticket in self.tickets])

    def curves(self, history: History) -> np.ndarray:
        return np.stack(np.split(history["fvu"] < LEARNED, 2, axis=1)).sum(2)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        first, new = self.curves(history)[:, -1]
        return Outcome(
            int(first > new),
            f"{first} of 8 learned with the first weights of these nodes, {new} of 8 with new ones. The ticket is the "
            "nodes with the weights that they began with: without these a kept node is as good as any. And with five "
            "nodes to spare all tickets win: it depends on the setting.",
        )


ALL: tuple[Question, ...] = (
    ExactSize(),
    LuckiestWins(),
    IrrelevantNodes(),
    TicketIsTheMask(),
    RandomLabels(),
    WidthSketch(),
    NegativeBiases(),
    HeatReversed(),
)
