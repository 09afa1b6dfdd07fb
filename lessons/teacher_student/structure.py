"""Structured data is what a small teacher could have made: few students are used, and they generalize."""

from __future__ import annotations

from typing import Any

from lessons.core.lanes import Lanes
from lessons.core.spread import Seeds, crossed
from lessons.teacher_student.settings import TeacherStudentSettings

TEACHER_WIDTH, _SMALL = 50, 5
KINDS: dict[str, dict[str, Any]] = {
    "small teacher": {"left_out": TEACHER_WIDTH - _SMALL},
    "large teacher": {},
    "shuffled targets": {"left_out": TEACHER_WIDTH - _SMALL, "data": "shuffled"},
}
_COMMON = {
    "teacher_width": TEACHER_WIDTH,
    "overparameterization": 2.0,
    "data": "fixed",
    "train_size": 300,
    "init_scale": 0.1,
    "top_scale": 0.1,
}


def structure_lanes(seeds: int, first_seed: int = 0, **common: Any) -> Lanes[TeacherStudentSettings]:
    """Return lanes for teachers of 5 and of 50 nodes, and of 5 with shuffled targets.

    All students have 100 nodes and learn from 300 fixed points. `TeacherStudent` measures what tells them apart:
    `train_fvu` (all fit), `fvu` (only structure generalizes) and `effective_nodes` (few are used, or most).

    Args:
        seeds: S, how many students and teachers of each kind.
        first_seed: Theirs are this one and those after it.
        common: Settings of all lanes.

    Returns:
        3 S lanes: S seeds of the first of `KINDS`, then of the next.

    Raises:
        SettingError: If a value is not allowed.
    """
    own = Seeds(seeds, fields=("seed", "teacher_seed"))({"seed": first_seed})
    return crossed(TeacherStudentSettings, {**_COMMON, **common}, tuple(KINDS.items()), own)
