"""Students of four widths that train elsewhere and appear as they come back."""

from __future__ import annotations

import numpy as np

from lessons.core.sweeps.sweep import ExecutorLike
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.sweep import NUMBERS, WidthSweep, students_sweep
from widgets.figure.frame import Frame
from widgets.labs.teacher_student.recovery import KINDS, RecoveryView, groups_of, nodes_of
from widgets.view.controls import Reading
from widgets.view.lines import Curve, Part, Points
from widgets.view.sent_sweep import SentSweep, came_back, sent_readings


class SentRecoveryView(RecoveryView):
    """A `RecoveryView` whose rows are students that have come back, not steps.

    Args:
        executor: Where the students train.
        lanes_per_task: How many train side by side there.
    """

    trains = False
    waits = True

    def __init__(self, executor: ExecutorLike, lanes_per_task: int):
        super().__init__()
        self.experiment = SentSweep(students_sweep, executor, lanes_per_task, ("fvu",), WidthSweep())

    def draw(self, frame: Frame[TeacherStudentSettings]) -> None:
        if came_back(frame).any():
            super().draw(frame)

    def readings(self, frame: Frame[TeacherStudentSettings]) -> list[Reading]:
        return [*sent_readings(frame), *(super().readings(frame) if came_back(frame).any() else [])]

    @staticmethod
    def _now(frame: Frame) -> dict[str, np.ndarray]:
        return {name: frame.history.snapshot(name) for name in NUMBERS}

    @staticmethod
    def _known(frame: Frame[TeacherStudentSettings]) -> list[np.ndarray]:
        back = came_back(frame)
        return [lanes[back[lanes]] for lanes in groups_of(frame) if back[lanes].any()]

    def _found(self) -> Part[TeacherStudentSettings]:
        return Curve(_found, each=KINDS)


def _found(frame: Frame[TeacherStudentSettings], width: int) -> Points | None:
    found, back = frame.history.snapshot("found") / nodes_of(frame), came_back(frame)
    lanes = groups_of(frame)[width]
    steps = np.arange(found.shape[1]) * frame.lanes.shared.measure_every
    return (steps, found[lanes[back[lanes]]].mean(0)) if back[lanes].any() else None
