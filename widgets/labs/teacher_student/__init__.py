"""The labs of lesson 7: teachers and students, luck, lottery tickets, width."""

from __future__ import annotations

from typing import Any

from lessons.core.sweeps.sweep import ExecutorLike
from widgets.lab.lab import Lab
from widgets.labs.teacher_student import questions
from widgets.labs.teacher_student.biases import BiasesView, biases_in
from widgets.labs.teacher_student.descent import DescentView
from widgets.labs.teacher_student.firing import FiringView
from widgets.labs.teacher_student.layers import LayersView
from widgets.labs.teacher_student.lottery import LotteryView
from widgets.labs.teacher_student.luck import LuckView
from widgets.labs.teacher_student.memory import MemoryView
from widgets.labs.teacher_student.recovery import RecoveryView
from widgets.labs.teacher_student.sent_recovery import SentRecoveryView
from widgets.labs.teacher_student.shaken import ShakenView
from widgets.labs.teacher_student.structure import StructureView
from widgets.labs.teacher_student.students import StudentsView
from widgets.quiz.quiz import Quiz

__all__ = [
    "answers",
    "ask",
    "biases",
    "biases_in",
    "descent",
    "firing",
    "layerwise",
    "lottery",
    "luck",
    "memorization",
    "recovery",
    "shaken",
    "structure",
    "students",
]

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers


def students(**changes: Any) -> Lab:
    """Students and the matrix of correlations; keywords are settings of `TeacherStudentSettings`."""
    return Lab(StudentsView(), **changes)


def recovery(executor: ExecutorLike = None, lanes_per_task: int = 4, **changes: Any) -> Lab:
    """Students of four widths; keywords are settings of `RecoverySettings`.

    With an executor, see `lessons.core.sweeps.sweep.Sweep.start`, the students train there, so many to a task.
    """
    return Lab(RecoveryView() if executor is None else SentRecoveryView(executor, lanes_per_task), **changes)


def luck(**changes: Any) -> Lab:
    """Sixteen students, their start and their end; keywords are settings of `LuckSettings`."""
    return Lab(LuckView(), **changes)


def shaken(**changes: Any) -> Lab:
    """Nodes to be shaken; keywords are settings of `TeacherStudentSettings`."""
    return Lab(ShakenView(), **changes)


def lottery(**changes: Any) -> Lab:
    """Four lottery tickets; keywords are settings of `TicketsSettings`."""
    return Lab(LotteryView(), **changes)


def structure(**changes: Any) -> Lab:
    """Structured data and random data; keywords are settings of `StructureSettings`."""
    return Lab(StructureView(), **changes)


def memorization(**changes: Any) -> Lab:
    """Real labels and random ones; keywords are settings of `MemorizationSettings`."""
    return Lab(MemoryView(), **changes)


def descent(**changes: Any) -> Lab:
    """Test error against width; keywords are settings of `DoubleDescentSettings`."""
    return Lab(DescentView(), **changes)


def firing(**changes: Any) -> Lab:
    """Two nodes that fire together; keywords are settings of `FiringSettings`."""
    return Lab(FiringView(), **changes)


def biases(**changes: Any) -> Lab:
    """Biases of batch normalization; keywords are settings of `BiasSignsSettings`."""
    return Lab(BiasesView(), **changes)


def layerwise(**changes: Any) -> Lab:
    """Three ways to train two layers; keywords are settings of `LayerwiseSettings`."""
    return Lab(LayersView(), **changes)
