"""Questions of lesson 7 on what moves hidden nodes, where to, and what it would take without."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import torch

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.teacher_student.bottom_up import BottomUp, BottomUpSettings, polynomial_counts
from lessons.teacher_student.independence import Independence
from lessons.teacher_student.pulls import PullsOnNodes, PullsSettings, strongest_is_nearest
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.two_inputs import TwoInputs, TwoInputsSettings, learned_from
from widgets.figure.frame import Frame
from widgets.labs.teacher_student.bottom_up import BottomUpView
from widgets.labs.teacher_student.independence import IndependenceView
from widgets.labs.teacher_student.nodes import is_due, taken
from widgets.labs.teacher_student.two_inputs import TwoInputsView
from widgets.quiz.answer_kinds import Choice, Number
from widgets.quiz.question import Misreading, Outcome, Question
from widgets.view.lines import One, Points
from widgets.view.panels import OverSteps, Panel

EARLY = 25


class StrongestPull(Question[PullsSettings]):
    name = "strongest_pull"
    prompt = (
        "Ten teacher nodes pull at each student node. Take the student nodes that will be nearest to a teacher node in "
        f"the end. In what percentage of cases does that teacher node pull hardest after {EARLY} steps already?"
    )
    answer = Number(low=0, high=100, step=1, tolerance=12, unit="%")
    experiment = PullsOnNodes()

    def lanes(self) -> Lanes[PullsSettings]:
        return Lanes([PullsSettings(seed=seed, steps=600, horizon=600, measure_every=EARLY) for seed in range(8)])

    @property
    def panel(self) -> Panel[PullsSettings]:
        return OverSteps(
            "Teacher nodes that pull hardest at the student node that is nearest to them now",
            "share of teacher nodes",
            One(_share_over_steps, "share", when=is_due),
            yaxis_range=[0, 1.03],
        )

    def outcome(self, history: History, lanes: Lanes[PullsSettings]) -> Outcome:
        nearest = torch.as_tensor(history.snapshot("correlation_1"))
        shares = _shares(history, nearest)
        first, early = shares[0], shares[1]
        return Outcome(
            # holds: l7_strongest_pull
            100 * early,
            f"In {early:.0%} of 80 cases; at step 0, where outgoing weights are random, in {first:.0%}. The first "
            "steps turn a node's outgoing weights to the teacher nodes that it fires with, and from then on their pull "
            "comes down to it: who it will be is decided long before it looks like it.",
            (
                Misreading(10, "That would be chance, one of ten. It is near that at step 0 only."),
                Misreading(50, "A few steps suffice: outgoing weights turn much sooner than incoming ones."),
            ),
        )


def _shares(history: History, nearness: torch.Tensor) -> list[float]:
    """Return of each measurement the share of teacher nodes that pull hardest at the node that is nearest to them."""
    pulls = torch.as_tensor(history.snapshot("trail_pull")).unbind(1)
    return [strongest_is_nearest(pull, nearness).float().mean().item() for pull in pulls]


def _share_over_steps(frame: Frame[PullsSettings]) -> Points | None:
    nearness, steps = taken(frame, "correlation_1"), taken(frame, "trail_step")
    if nearness is None or steps is None:
        return None
    return steps[0], _shares(frame.history, torch.as_tensor(nearness))


class LinesOnTeachers(Question[TwoInputsSettings]):
    name = "lines_on_teachers"
    prompt = (
        "With two inputs a node is a line: on one side of it, the node fires. A teacher has four such lines, a student "
        "twenty. After training, how many of the twenty lie on one of the teacher's (correlation above 0.99)?"
    )
    answer = Choice(("four, one on each", "five to fifteen", "more than fifteen"))
    experiment = TwoInputs()
    panel = TwoInputsView().panels["lines"]

    def lanes(self) -> Lanes[TwoInputsSettings]:
        return Lanes([TwoInputsSettings(measure_every=10)])

    def outcome(self, history: History, lanes: Lanes[TwoInputsSettings]) -> Outcome:
        become = learned_from(torch.as_tensor(history.snapshot("correlation_1")))[0]
        own = [int((become == number).sum()) for number in range(4)]
        return Outcome(
            # holds: l7_lines_found, l7_lines_shared
            0 if max(own) == 1 else 1 if sum(own) <= 15 else 2,
            f"{sum(own)} of them: {', '.join(map(str, own[:-1]))} and {own[-1]} on the four lines. In a plane there "
            "are not many directions, so several begin near each teacher node and share it. The others stay where "
            "they happen to be, and add little.",
            (
                Misreading(0, "In twenty dimensions it is nearly so. In a plane several begin near the same line."),
                Misreading(2, "Once a teacher node is explained, nothing pulls the rest of them there."),
            ),
        )


class WhenDependent(Question[TeacherStudentSettings]):
    name = "when_dependent"
    prompt = (
        "At the start all weights are independent random numbers: it does not matter which node has which outgoing "
        "weights. When would dealing them out anew first raise the unexplained share by half?"
    )
    borders: ClassVar = (20, 300)
    answer = Choice(("within ten steps or so", "after about a hundred steps", "only near the end, of 600 steps"))
    experiment = Independence()
    panel = IndependenceView().panels["dealt"]

    def lanes(self) -> Lanes[TeacherStudentSettings]:
        common: dict[str, Any] = {"steps": 600, "measure_every": 5}
        return Lanes([TeacherStudentSettings(seed=seed, **common) for seed in range(8)])

    def outcome(self, history: History, lanes: Lanes[TeacherStudentSettings]) -> Outcome:
        steps = np.flatnonzero(history.measured("dealt"))
        own, dealt = (np.median(history[name][steps], axis=1) for name in ("fvu", "dealt"))
        apart = np.flatnonzero(dealt > 1.5 * own)
        first = int(steps[apart[0]]) if len(apart) else lanes.shared.steps
        return Outcome(
            # holds: l7_independent_at_the_start, l7_dependent_after_five_steps, l7_dealt_is_worse_than_nothing
            int(np.searchsorted(self.borders, first)),
            f"At step {first}; at the start the two were equal. In the end {own[-1]:.1g} is left as they are, and "
            f"{dealt[-1]:.1f} with the same weights dealt out anew. What was learned is who has which weights.",
            (
                Misreading(1, "Its nodes look random for longer than that. Their outgoing weights adapt sooner."),
                Misreading(2, "In the end nothing is left of independence, but it goes in the first few steps."),
            ),
        )


class ChosenBeforehand(Question[BottomUpSettings]):
    name = "chosen_beforehand"
    prompt = (
        "Twenty inputs, and one teacher node without bias. You may not train any hidden node, but only weigh random "
        "ones. How many of them does it take to explain nine tenths of the teacher node's variance?"
    )
    borders: ClassVar = (70, 700)
    answer = Choice(("about 20", "about 200", "about 2000"))
    experiment = BottomUp()
    panel = BottomUpView().panels["unexplained"]

    def lanes(self) -> Lanes[BottomUpSettings]:
        return Lanes([BottomUpSettings()])

    def outcome(self, history: History, lanes: Lanes[BottomUpSettings]) -> Outcome:
        needed = float(history["needed"][-1, 0])
        count = polynomial_counts(20, 0.1)[2]
        return Outcome(
            # holds: l7_nodes_beforehand
            int(np.searchsorted(self.borders, needed)),
            f"It took {needed:.0f}. There are {count} polynomials of degree 2 and less in twenty inputs, and whoever "
            "chooses before the teacher node is known has to provide for all of them. One trained node would do.",
            (
                Misreading(0, "Twenty nodes span all directions, but a ReLU node is not linear: its bend is missing."),
                Misreading(2, "For nine tenths its bend to second order is enough; for more it does take thousands."),
            ),
        )
