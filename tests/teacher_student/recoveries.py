"""Students in two layers, and what those of each width found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lessons.core.sweeps.sweep import Sweep
from lessons.core.sweeps.sweep_results import SweepResults
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.sweep import NUMBERS

_TWO_LAYERS = {"depth": 2, "outputs": 20, "init_scale": 0.5, "top_scale": 0.5, "steps": 3000, "horizon": 3000}


@dataclass(frozen=True)
class Recovery:
    """The nodes that S students of one width found of their teacher, after training.

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


def two_layer_settings(**changes: Any) -> TeacherStudentSettings:
    """Return settings in which students with two hidden layers find the nodes of both.

    Raises:
        SettingError: If a value is not allowed.
    """
    return TeacherStudentSettings.checked({**_TWO_LAYERS, **changes})


def recoveries(sweep: Sweep[TeacherStudentSettings], results: SweepResults) -> list[Recovery]:
    """Return what the students of each width found, width by width; those that have not come back are nan."""
    width = np.array([settings.overparameterization for settings in sweep.settings])
    kept = {name: torch.from_numpy(results[name]) for name in NUMBERS}
    return [
        Recovery(own, **{name: value[torch.from_numpy(width == own)] for name, value in kept.items()})
        for own in dict.fromkeys(width.tolist())
    ]
