"""Many students of several widths side by side, and how well they find the teacher's nodes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lessons.core.experiment import Measurement
from lessons.core.lanes import Lanes, lanes_of_each
from lessons.core.spread import Each, Seeds, crossed
from lessons.core.sweeps.sweep import Sweep
from lessons.core.training import State, Training, TrainingExperiment
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.student import student_widths
from lessons.teacher_student.training import StudentState, StudentTraining

WIDTHS = (1.0, 2.0, 5.0, 10.0)
SEEDS = 20
NUMBERS = ("fvu", "best_correlation", "weight_cosine", "recovered")


def width_lanes(
    base: TeacherStudentSettings, widths: Sequence[float] = WIDTHS, seeds: int = SEEDS
) -> Lanes[TeacherStudentSettings]:
    """Return so many students of each width: all of the first, from the base's seed on, then of the next.

    Raises:
        SettingError: If a width or a seed is not allowed.
    """
    common = base.model_dump()
    own = Each("overparameterization", [float(width) for width in widths], "{:g}×")
    return crossed(type(base), common, own(common), Seeds(seeds)(common))


def students_sweep(
    lanes: Lanes[TeacherStudentSettings], lanes_per_task: int = 1, device: str = "cpu"
) -> Sweep[TeacherStudentSettings]:
    """Return students as a sweep, which can be sent to other processes; it keeps `student_numbers`."""
    return Sweep(WidthSweep(), lanes.settings, student_numbers, lanes.names, lanes_per_task, device)


def student_numbers(
    lanes: Lanes[TeacherStudentSettings], measurements: Iterator[Measurement]
) -> dict[str, np.ndarray | Tensor]:
    """Reduce a run to `NUMBERS` at its end, see `TeacherStudent`, and what was found on the way.

    `found` is the number of teacher nodes recovered in all layers at each `measure_every`-th step, shape (K, points).
    """
    del lanes
    found: list[Tensor] = []
    newest: dict[str, Tensor] = {}
    for measurement in measurements:
        newest.update(measurement.values)
        if "recovered" in measurement.values:
            found.append(measurement["recovered"].sum(1))
    return {**{name: newest[name] for name in NUMBERS}, "found": torch.stack(found, 1)}


@dataclass
class WidthsState(State):
    """State of the students of each width."""

    parts: list[StudentState]


class WidthsTraining(Training[WidthsState, TeacherStudentSettings]):
    """One training for each width."""

    def __init__(self, lanes: Lanes[TeacherStudentSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.groups = _groups(lanes)
        self.trainings = [StudentTraining(part, device) for part, _ in self.groups]
        self.back = torch.tensor([lane for _, rows in self.groups for lane in _numbers(lanes, rows)]).argsort()

    def start(self) -> WidthsState:
        return WidthsState([training.start() for training in self.trainings])

    def measure(self, now: WidthsState) -> dict[str, Tensor]:
        found = [training.measure(part) for training, part in zip(self.trainings, now.parts, strict=True)]
        return {name: torch.cat([each[name] for each in found])[self.back] for name in found[0]}

    def advance(self, now: WidthsState) -> None:
        for (lanes, rows), training, part in zip(self.groups, self.trainings, now.parts, strict=True):
            _follow(lanes, self.lanes, rows)
            training.make_step(part)


class WidthSweep(TrainingExperiment[TeacherStudentSettings]):
    """Students of many widths; those of one width train side by side, and none is filled up to the widest.

    Measures what `TeacherStudent` does; offers no snapshots.
    """

    name = "width sweep"
    title = "How many teacher nodes are found, over width"
    settings_type = TeacherStudentSettings
    references = TeacherStudent.references
    training = WidthsTraining


def _groups(
    lanes: Lanes[TeacherStudentSettings],
) -> list[tuple[Lanes[TeacherStudentSettings], Tensor | slice]]:
    """Lanes of one width each, and which of all lanes they are, as an index of rows."""
    rows_of_width = lanes_of_each(student_widths(lanes).tolist())
    return [(Lanes([lanes.settings[k] for k in _numbers(lanes, rows)]), rows) for rows in rows_of_width.values()]


def _numbers(lanes: Lanes, rows: Tensor | slice) -> list[int]:
    return list(range(len(lanes))[rows]) if isinstance(rows, slice) else rows.tolist()


def _follow(part: Lanes, lanes: Lanes, rows: Tensor | slice) -> None:
    """Take over what may have changed in flight."""
    part.settings = [lanes.settings[k] for k in _numbers(lanes, rows)]
    part.stacked |= {name: lanes.stacked[name][rows] for name in part.stacked if lanes.fields[name].hot}
