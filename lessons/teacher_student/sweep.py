"""How well teacher nodes are found, over widths and many students."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from lessons.core.experiment import Measurement
from lessons.core.lanes import Lanes
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.settings import TeacherStudentSettings

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


def _recovery(width: float, last: Measurement) -> Recovery:
    names = ("fvu", "best_correlation", "weight_cosine", "recovered")
    return Recovery(width, *(last[name] for name in names))
