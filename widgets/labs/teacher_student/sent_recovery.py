"""Students of four widths that train elsewhere and appear as they come back."""

from __future__ import annotations

import numpy as np

from lessons.core.sweep import ExecutorLike
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.sweep import NUMBERS, WidthSweep, students_sweep
from widgets.controls import Reading
from widgets.frame import Frame
from widgets.labs.teacher_student.recovery import RecoveryView, groups_of, nodes_of
from widgets.sent_sweep import SentSweep, came_back, sent_readings


class SentRecoveryView(RecoveryView):
    """As `RecoveryView`; its rows are students that have come back, not steps.

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

    def _draw_found(self, frame: Frame[TeacherStudentSettings]) -> None:
        found, back = frame.history.snapshot("found") / nodes_of(frame), came_back(frame)
        steps = np.arange(found.shape[1]) * frame.lanes.shared.measure_every
        for trace, lanes in enumerate(groups_of(frame)):
            if back[lanes].any():
                frame.screen.replace("found", trace, x=steps, y=found[lanes[back[lanes]]].mean(0))
