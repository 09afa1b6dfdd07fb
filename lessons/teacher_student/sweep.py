"""How well teacher nodes are found, over widths and many students, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.student import student_widths

WIDTHS = (1.0, 2.0, 5.0, 10.0)
SEEDS = 20
_TWO_LAYERS = {"depth": 2, "outputs": 20, "init_scale": 0.5, "top_scale": 0.5, "steps": 3000, "horizon": 3000}


@dataclass(frozen=True)
class Recovery:
    """What S students of one width found of their teacher, after training.

    Attributes:
        overparameterization: Student nodes for each teacher node.
        fvu: Fraction of variance unexplained, shape (S,).
        best_correlation: Of each teacher node, shape (S, L, n).
        weight_cosine: Of each first-layer teacher node, shape (S, n).
        recovered: Teacher nodes found in each layer, shape (S, L).
    """

    overparameterization: float
    fvu: Tensor
    best_correlation: Tensor
    weight_cosine: Tensor
    recovered: Tensor


def two_layer_settings(**changes) -> TeacherStudentSettings:
    """Return settings in which students with two hidden layers find the nodes of both.

    Raises:
        SettingError: If a value is not allowed.
    """
    return TeacherStudentSettings.checked({**_TWO_LAYERS, **changes})


def width_lanes(base: TeacherStudentSettings, width: float, seeds: int = SEEDS) -> Lanes:
    """Return students of one width that differ in their seeds.

    Raises:
        SettingError: If the width is not allowed.
    """
    wide = base.with_value("overparameterization", width)
    return Lanes([wide.with_value("seed", seed) for seed in range(seeds)], [f"seed {seed}" for seed in range(seeds)])


def recovery_sweep(
    base: TeacherStudentSettings, widths: Sequence[float] = WIDTHS, seeds: int = SEEDS
) -> Iterator[tuple[float, Recovery | None]]:
    """Train students of one width after the other; each width's students side by side.

    Yields:
        At each step the share of all work that is done, and a width's result when it has ended, else None. Work is
        counted in steps times width.
    """
    done, total = 0.0, sum(widths) * base.steps
    for width in widths:
        for measurement in TeacherStudent().run(width_lanes(base, width, seeds)):
            ended = measurement.step == base.steps
            yield (done + measurement.step * width) / total, _recovery(width, measurement) if ended else None
        done += base.steps * width


class WidthSweep(Experiment):
    """Students of many widths; those of one width train side by side, and none is filled up to the widest.

    Measures what `TeacherStudent` does; offers no snapshots.
    """

    name = "width sweep"
    title = "How many teacher nodes are found, over width"
    settings_type = TeacherStudentSettings
    references = TeacherStudent.references

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        groups = _groups(lanes)
        return self._together(lanes, groups, [TeacherStudent().run(part, device) for part, _ in groups])

    def resume(self, lanes: Lanes, device: str, state: list) -> Iterator[Measurement]:
        groups = _groups(lanes)
        runs = [TeacherStudent().resume(part, device, own) for (part, _), own in zip(groups, state, strict=True)]
        return self._together(lanes, groups, runs)

    @staticmethod
    def _together(lanes: Lanes, groups: list, runs: list) -> Iterator[Measurement]:
        back = torch.tensor([lane for _, members in groups for lane in members]).argsort()
        while True:
            for part, members in groups:
                _follow(part, lanes, members)
            found = [measured for measured in (next(run, None) for run in runs) if measured is not None]
            if not found:
                return
            values = {name: torch.cat([each[name] for each in found])[back] for name in found[0].values}
            yield Measurement(found[0].step, values, state=[each.state for each in found])


def _groups(lanes: Lanes) -> list[tuple[Lanes, list[int]]]:
    """Lanes of one width each, and which of all lanes they are."""
    widths = student_widths(lanes).tolist()
    members = [[k for k, width in enumerate(widths) if width == own] for own in dict.fromkeys(widths)]
    return [(Lanes([lanes.settings[k] for k in each]), each) for each in members]


def _follow(part: Lanes, lanes: Lanes, members: list[int]) -> None:
    """Take over what has changed in flight."""
    for own, lane in enumerate(members):
        wanted = lanes.settings[lane]
        if part.settings[own] is not wanted:
            for name in (name for name, field in lanes.fields.items() if field.hot):
                part.change(own, name, getattr(wanted, name))
            part.settings[own] = wanted


def _recovery(width: float, last: Measurement) -> Recovery:
    names = ("fvu", "best_correlation", "weight_cosine", "recovered")
    return Recovery(width, *(last[name] for name in names))
