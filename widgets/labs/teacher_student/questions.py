"""Predictions to make in lesson 7, and sentences that are often written, true or not: nodes, luck and tickets."""

from __future__ import annotations

from abc import abstractmethod
from functools import partial
from typing import Any, ClassVar

import numpy as np
import torch

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.lottery import Lottery, lottery_lanes
from lessons.teacher_student.luck import Luck, luck
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.shaking import winners
from lessons.teacher_student.sweep import WidthSweep
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import bars, grey, theory
from widgets.labs.teacher_student.data_questions import (
    HeatReversed,
    NegativeBiases,
    RandomLabels,
    StructureFirst,
    WidthSketch,
)
from widgets.labs.teacher_student.hidden_questions import (
    ChosenBeforehand,
    LinesOnTeachers,
    StrongestPull,
    WhenDependent,
)
from widgets.labs.teacher_student.start_questions import FewestNodes, SameError, TwoStructures
from widgets.quiz.answer_kinds import Choice, Number
from widgets.quiz.question import FAILS, HOLDS, Misreading, Outcome, Question
from widgets.view.lines import Curve, One, Points
from widgets.view.panels import Panel

LEARNED = 1e-3
LEAST = 1e-10


class _Groups(Question):
    """Groups of lanes, and for each a curve over the step."""

    groups: ClassVar[tuple[str, ...]]
    caption: ClassVar[str]
    axis: ClassVar[str]
    quantity: ClassVar[str]

    @abstractmethod
    def counts(self, measured: np.ndarray) -> np.ndarray:
        """Return what is drawn of the quantity, shape (T, K, ...): a curve for each group, shape (groups, T)."""

    @property
    def panel(self) -> Panel:
        groups = list(zip(self.groups, LANE_COLOURS, strict=False))
        curve: Curve = Curve(self._curve, each=groups)
        several = len(groups) > 1
        return Panel(self.caption, "step", self.axis, curve, yaxis_rangemode="tozero", showlegend=several)

    def _curve(self, frame: Frame, group: int) -> Points:
        steps = np.flatnonzero(frame.history.measured(self.quantity))
        return steps, self.counts(frame.history[self.quantity][steps])[group]


class ExactSize(_Groups):
    name = "exact_size"
    prompt = "Twelve students as wide as their teacher, and twelve twice as wide. Who finds all ten nodes more often?"
    statement = (
        "Ten nodes suffice to write the teacher down, and yet a student with twenty, half of them superfluous, finds "
        "all ten of the teacher's nodes more often."
    )
    answer = Choice((HOLDS, FAILS))
    experiment = WidthSweep()
    groups = ("1×", "2×")
    caption = "Students that have found all ten nodes"
    axis = "students of twelve"
    quantity = "recovered"

    def lanes(self) -> Lanes:
        common: dict[str, Any] = {"steps": 1200, "horizon": 1200}
        widths = [(width, seed) for width in (1.0, 2.0) for seed in range(12)]
        return Lanes([TeacherStudentSettings(overparameterization=w, seed=seed, **common) for w, seed in widths])

    def counts(self, measured: np.ndarray) -> np.ndarray:
        return np.stack(np.split(measured[:, :, 0] == 10, 2, axis=1)).sum(2)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        recovered, fvu = history.newest("recovered"), history.newest("fvu")
        exact, double = self.counts(recovered[None])[:, 0]
        left = [each[among] for each, among in zip(np.split(fvu, 2), np.split(recovered[:, 0] == 10, 2), strict=True)]
        median = [f"{np.median(each):.1g}" if len(each) else "none" for each in left]
        return Outcome(
            # holds: l7_exact_size
            int(double <= exact),
            f"After 1200 steps {exact} of 12 have found all ten nodes at the teacher's own width, and {double} of 12 "
            "at twice that; with more time more of the first do. Ten nodes can express the teacher; to find it, "
            "spare nodes help. They cost something, too: those who have "
            f"found all leave unexplained, in the median, {median[0]} at 1× and {median[1]} at 2×.",
        )


class LuckiestWins(Question[TeacherStudentSettings]):
    name = "luckiest_wins"
    prompt = (
        "Fifty student nodes, ten teacher nodes. For each teacher node look at the student node that is nearest to it "
        "after training. In what percentage of cases was it among the three nearest at the start?"
    )
    answer = Number(low=0, high=100, step=1, tolerance=10, unit="%")
    experiment = TeacherStudent()
    places: ClassVar = 10

    def lanes(self) -> Lanes[TeacherStudentSettings]:
        return Lanes([TeacherStudentSettings(seed=seed, steps=1000, horizon=1000) for seed in range(16)])

    @property
    def panel(self) -> Panel[TeacherStudentSettings]:
        return Panel(
            "Who is nearest now: its place at the start, of sixteen students",
            "place at the start, 1 is the luckiest",
            "share",
            One(self._shares, "measured", LANE_COLOURS[0], make=bars),
            One(lambda _: (self._places(), np.full(self.places, 1 / 50)), "by chance", "#888", make=theory),
            yaxis_range=[0, 1.02],
        )

    def _places(self) -> np.ndarray:
        return np.arange(1, self.places + 1)

    def _shares(self, frame: Frame[TeacherStudentSettings]) -> Points:
        rank = self._seen(frame.history).rank
        return self._places(), [(rank == place).float().mean().item() for place in range(self.places)]

    @staticmethod
    def _seen(history: History) -> Luck:
        start, now = (torch.as_tensor(history.snapshot(name)) for name in ("initial_correlation_1", "correlation_1"))
        return luck(start, now)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        seen = self._seen(history)
        first, three = seen.share_within(1), seen.share_within(3)
        return Outcome(
            # holds: l7_luckiest_wins
            100 * three,
            f"In {three:.0%} of {seen.rank.numel()} cases it was one of the luckiest three, in {first:.0%} the very "
            "luckiest; by chance it would be 6 % and 2 %. Luck decides much, and not all.",
            (
                Misreading(6, "That would be chance: three nodes of fifty. Who starts near has a long lead."),
                Misreading(
                    100 * first, f"It was the very luckiest in {first:.0%}; you were asked for the first three."
                ),
            ),
        )


class IrrelevantNodes(Question[TeacherStudentSettings]):
    name = "irrelevant_nodes"
    prompt = (
        "After training you shake one node: its incoming weights are drawn anew. How much more does the unexplained "
        "share rise, on average, for a winner (nearest to a teacher node, or correlated above 0.9) than for the others?"
    )
    borders: ClassVar = (10, 1000, 100_000)
    answer = Choice(
        ("up to 10 times as much", "10 to 1,000 times", "1,000 to 100,000 times", "more than 100,000 times")
    )
    experiment = TeacherStudent()

    def lanes(self) -> Lanes[TeacherStudentSettings]:
        return Lanes([TeacherStudentSettings(top_scale=1.0)])

    @property
    def panel(self) -> Panel[TeacherStudentSettings]:
        ring, dot = {"size": 8, "symbol": "circle-open"}, {"size": 8}
        return Panel(
            "How much the unexplained share would rise if this node were shaken now",
            "number of the student node",
            "rise of the unexplained share",
            One(partial(self._rises, False), "others", grey(0.6), mode="markers", marker=ring),
            One(partial(self._rises, True), "winners so far", LANE_COLOURS[1], mode="markers", marker=dot),
            xaxis_range=[0, 51],
            yaxis_type="log",
            showlegend=True,
        )

    def _rises(self, winning: bool, frame: Frame[TeacherStudentSettings]) -> Points:
        rise, has_won = self._shaken(frame.history)
        among = has_won == winning
        return np.flatnonzero(among) + 1, np.maximum(rise[among], LEAST)

    @staticmethod
    def _shaken(history: History) -> tuple[np.ndarray, np.ndarray]:
        """For each node of the one student what shaking it does, and whether it is a winner."""
        rise, now = history.snapshot("shake_rise")[0], history.snapshot("correlation_1")[0]
        return rise, winners(torch.as_tensor(now)).numpy()

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        rise, has_won = self._shaken(history)
        won, others = float(rise[has_won].mean()), float(rise[~has_won].mean())
        return Outcome(
            # holds: l7_irrelevant_nodes
            int(np.searchsorted(self.borders, won / others)),
            f"Shaking a winner raised the unexplained share by {won:.2g} on average, one of the others by "
            f"{others:.1g}: about {float(f'{won / others:.1g}'):,.0f} times as much. What the others add to the output "
            "has faded, so their incoming weights are directions in which the loss is flat.",
            (
                Misreading(0, "You took all nodes for equal. Nodes that did not win lose their outgoing weights."),
                Misreading(1, "The others do not merely matter less: what they add fades for as long as it trains."),
            ),
        )


class TicketIsTheMask(_Groups):
    name = "ticket_is_the_mask"
    prompt = "Ten of fifty nodes are kept, the ones that mattered. Do they learn as often with new first weights?"
    statement = "A lottery ticket is the right set of nodes: keep these, draw their weights anew, and train."
    answer = Choice((HOLDS, FAILS))
    experiment = Lottery()
    tickets: ClassVar = ("rewound", "re-initialized")
    groups = ("first weights", "new weights")
    caption = "Two trainings, one after the other: students that have learned the teacher"
    axis = "students of eight"
    quantity = "fvu"

    def lanes(self) -> Lanes:
        every = lottery_lanes(8, steps=2001, prune_at=1000, horizon=1000)
        return Lanes([own for own in every.settings if own.ticket in self.tickets])

    def counts(self, measured: np.ndarray) -> np.ndarray:
        return np.stack(np.split(measured < LEARNED, 2, axis=1)).sum(2)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        first, new = self.counts(history.newest("fvu")[None])[:, 0]
        return Outcome(
            # holds: l7_ticket_is_the_mask, l7_keep_15
            int(first > new),
            f"{first} of 8 learned with the first weights of these nodes, {new} of 8 with new ones. The ticket is the "
            "nodes together with the weights that they began with: those lay near a teacher node. With five nodes to "
            "spare it would make no difference.",
        )


ALL: tuple[Question, ...] = (
    LinesOnTeachers(),
    StrongestPull(),
    ExactSize(),
    LuckiestWins(),
    WhenDependent(),
    IrrelevantNodes(),
    TwoStructures(),
    TicketIsTheMask(),
    RandomLabels(),
    StructureFirst(),
    FewestNodes(),
    SameError(),
    WidthSketch(),
    NegativeBiases(),
    ChosenBeforehand(),
    HeatReversed(),
)
