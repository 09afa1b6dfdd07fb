"""Teachers and students of two inputs, whose nodes are lines in the plane."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lessons.core.record import Change
from lessons.core.spread import fewer
from lessons.core.training import TrainingExperiment
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.overlap import RECOVERED
from lessons.teacher_student.scripts import student_script
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.training import StudentTraining

MOST_TEACHER_NODES = 8


class TwoInputsSettings(TeacherStudentSettings):
    """Settings of `TwoInputs`."""

    dimension: int = fewer(TeacherStudentSettings, "dimension", 2)
    learning_rate: float = fewer(TeacherStudentSettings, "learning_rate", 0.1, hot=True)
    teacher_width: int = fewer(TeacherStudentSettings, "teacher_width", 4, MOST_TEACHER_NODES)
    overparameterization: float = fewer(TeacherStudentSettings, "overparameterization", 5.0, 10.0)
    teacher_seed: int = fewer(TeacherStudentSettings, "teacher_seed", 1)


class TwoInputsTraining(StudentTraining[TwoInputsSettings]):
    """The training of students, in the plane."""


class TwoInputs(TrainingExperiment[TwoInputsSettings]):
    """The training of `TeacherStudent` with two inputs: node j fires on one side of the line w_j.x + b_j = 0.

    Measures what `TeacherStudent` does.
    """

    name = "two inputs"
    title = "Students of two inputs"
    settings_type = TwoInputsSettings
    references = TeacherStudent.references
    training = TwoInputsTraining

    def script(self, settings: TwoInputsSettings, changes: Sequence[Change] = ()) -> str | None:
        return student_script(settings, changes)


def learned_from(correlation: Tensor) -> Tensor:
    """Return of each student node the teacher node that it has become, from 0, or -1 while it is none.

    It is the one with which its activation correlates most, if above `RECOVERED`.

    Args:
        correlation: Of student and teacher nodes, shape (K, m, n).

    Returns:
        Shape (K, m).
    """
    largest, which = correlation.max(2)
    return torch.where(largest > RECOVERED, which, -1)


def zero_lines(weights: Tensor, reach: float) -> tuple[Tensor, Tensor]:
    """Return where nodes begin to fire, w.x + b = 0, and to which side they do.

    Args:
        weights: Of each node, bias last, shape (m, D + 1). With further inputs: in the plane where these are 0.
        reach: How far a line goes to either side of its point nearest to the origin.

    Returns:
        The ends of each line, shape (m, 2, 2): end, coordinate; and that nearest point, and the point at a distance of
        1 from it on the side that fires, in the same shape. NaN where both weights are 0.
    """
    w, b = weights[:, :2], weights[:, -1:]
    length = w.norm(dim=1, keepdim=True)
    normal = w / length
    foot = -b / length * normal
    along = reach * torch.stack([-normal[:, 1], normal[:, 0]], 1)
    return torch.stack([foot - along, foot + along], 1), torch.stack([foot, foot + normal], 1)
