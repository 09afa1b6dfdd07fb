"""The labs of lesson 7: teachers and students, luck, lottery tickets, width."""

from __future__ import annotations

from typing import Any

from lessons.core.sweeps.sweep import ExecutorLike
from widgets.lab.lab import Lab
from widgets.lab.opens import opens
from widgets.labs.teacher_student import questions
from widgets.labs.teacher_student.biases import BiasesView
from widgets.labs.teacher_student.biases import biases_in as biases_in
from widgets.labs.teacher_student.bottom_up import BottomUpView
from widgets.labs.teacher_student.descent import DescentView
from widgets.labs.teacher_student.fewest import FewestView
from widgets.labs.teacher_student.firing import FiringView
from widgets.labs.teacher_student.given_biases import given_biases as given_biases
from widgets.labs.teacher_student.independence import IndependenceView
from widgets.labs.teacher_student.layers import LayersView
from widgets.labs.teacher_student.lottery import LotteryView
from widgets.labs.teacher_student.luck import LuckView
from widgets.labs.teacher_student.memory import MemoryView
from widgets.labs.teacher_student.one_start import OneStartView
from widgets.labs.teacher_student.pulls import PullsView
from widgets.labs.teacher_student.recovery import RecoveryView
from widgets.labs.teacher_student.same_error import SameErrorView
from widgets.labs.teacher_student.sent_recovery import SentRecoveryView
from widgets.labs.teacher_student.shaken import ShakenView
from widgets.labs.teacher_student.structure import StructureView
from widgets.labs.teacher_student.students import StudentsView
from widgets.labs.teacher_student.two_inputs import TwoInputsView
from widgets.quiz.quiz import Quiz

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers
two_inputs = opens(TwoInputsView)
students = opens(StudentsView)
pulls = opens(PullsView)
luck = opens(LuckView)
independence = opens(IndependenceView)
shaken = opens(ShakenView)
one_start = opens(OneStartView)
lottery = opens(LotteryView)
fewest = opens(FewestView)
same_error = opens(SameErrorView)
structure = opens(StructureView)
memorization = opens(MemoryView)
descent = opens(DescentView)
firing = opens(FiringView)
biases = opens(BiasesView)
layerwise = opens(LayersView)
bottom_up = opens(BottomUpView)


def recovery(executor: ExecutorLike = None, lanes_per_task: int = 4, **changes: Any) -> Lab:
    """Students of four widths; keywords are settings of `RecoverySettings`.

    With an executor, see `lessons.core.sweeps.sweep.Sweep.start`, the students train there, so many to a task.
    """
    return Lab(RecoveryView() if executor is None else SentRecoveryView(executor, lanes_per_task), **changes)
