"""Students of four widths that train elsewhere and appear as they come back."""

from __future__ import annotations

from functools import partial

import numpy as np

from lessons.core.lanes import Lanes
from lessons.core.sweep import ExecutorLike, Sweep
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
        make = partial(_sweep, lanes_per_task=lanes_per_task)
        self.experiment = SentSweep(make, executor, ("fvu",), WidthSweep())

    def draw(self, frame: Frame) -> None:
        if came_back(frame).any():
            super().draw(frame)

    def readings(self, frame: Frame) -> list[Reading]:
        return [*sent_readings(frame), *(super().readings(frame) if came_back(frame).any() else [])]

    @staticmethod
    def _now(frame: Frame) -> dict[str, np.ndarray]:
        return {name: frame.history.snapshot(name) for name in NUMBERS}

    @staticmethod
    def _known(frame: Frame) -> list[np.ndarray]:
        back = came_back(frame)
        return [lanes[back[lanes]] for lanes in groups_of(frame) if back[lanes].any()]

    def _draw_found(self, frame: Frame) -> None:
        found, back = frame.history.snapshot("found") / nodes_of(frame), came_back(frame)
        steps = np.arange(found.shape[1]) * frame.lanes.shared.measure_every
        for trace, lanes in enumerate(groups_of(frame)):
            if back[lanes].any():
                frame.screen.replace("found", trace, x=steps, y=found[lanes[back[lanes]]].mean(0))


def _sweep(lanes: Lanes, device: str, lanes_per_task: int) -> Sweep:
    return students_sweep(lanes, lanes_per_task, device)
