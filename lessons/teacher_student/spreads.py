"""Settings of lesson 7's many students at once, and the lanes that come of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from lessons.core.settings import setting
from lessons.core.spread import Cases, Each, Seeds, Spread, fewer, first_seed
from lessons.teacher_student.lottery import TICKETS, LotterySettings
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.structure import KINDS, TEACHER_WIDTH

STUDENTS = 16
TEACHERS = 16
RANGES = {"1, 2, 5, 10": (1.0, 2.0, 5.0, 10.0), "0.5, 1, 1.5, 2": (0.5, 1.0, 1.5, 2.0)}


class LuckSettings(TeacherStudentSettings):
    """A student, drawn `STUDENTS` times: `seed` is the first of them."""

    overparameterization: float = fewer(TeacherStudentSettings, "overparameterization", 5.0, 10.0)
    teacher_width: int = fewer(TeacherStudentSettings, "teacher_width", 10, 20)
    steps: int = fewer(TeacherStudentSettings, "steps", 1500, 5000)
    horizon: int = fewer(TeacherStudentSettings, "horizon", 1500, 5000)
    seed: int = first_seed(TeacherStudentSettings, STUDENTS)


class OneStartSettings(TeacherStudentSettings):
    """One student, and the teachers that it is given to: `teacher_seed` draws the first of them."""

    teachers: int = setting(
        8, label="teachers", doc="Each trains the same first weights, in a training of its own.", low=2, high=TEACHERS
    )
    overparameterization: float = fewer(TeacherStudentSettings, "overparameterization", 5.0, 10.0)
    teacher_width: int = fewer(TeacherStudentSettings, "teacher_width", 10, 20)
    steps: int = fewer(TeacherStudentSettings, "steps", 1500, 5000)
    horizon: int = fewer(TeacherStudentSettings, "horizon", 1500, 5000)
    teacher_seed: int = fewer(TeacherStudentSettings, "teacher_seed", 0, 2**31 - TEACHERS)


class RecoverySettings(TeacherStudentSettings):
    """Four widths, and students of each."""

    widths: Literal["1, 2, 5, 10", "0.5, 1, 1.5, 2"] = setting(
        "1, 2, 5, 10", label="widths", symbol="m/n", doc="Student nodes for each teacher node, for the four widths."
    )
    students: int = setting(
        8, label="students of each width", doc="They differ in their first weights.", low=1, high=20
    )
    teacher_width: int = fewer(TeacherStudentSettings, "teacher_width", 10, 20)
    steps: int = fewer(TeacherStudentSettings, "steps", 2000, 4000)
    horizon: int = fewer(TeacherStudentSettings, "horizon", 2000, 4000)
    seed: int = first_seed(TeacherStudentSettings, 20)


class TicketsSettings(LotterySettings):
    """Some students, and all four tickets of each."""

    students: int = setting(8, label="students", doc="Each is trained with each of the four tickets.", low=1, high=24)
    overparameterization: float = fewer(LotterySettings, "overparameterization", 5.0, 10.0)
    teacher_width: int = fewer(LotterySettings, "teacher_width", 10, 20)
    prune_at: int = fewer(LotterySettings, "prune_at", 1500, 4000)
    horizon: int = fewer(LotterySettings, "horizon", 1500, 4000)
    steps: int = fewer(LotterySettings, "steps", 3001, 8001)
    seed: int = first_seed(LotterySettings, 24)


SIZES = {"small": 0.1, "middle": 0.3, "large": 1.0}  # of all first weights


class SameErrorSettings(TeacherStudentSettings):
    """Students of one net, on one set of points, that differ in their first weights: in size, and in the draw."""

    students: int = setting(
        8, label="students of each size", doc="They differ in the draw of their first weights.", low=1, high=16
    )
    learning_rate: float = fewer(TeacherStudentSettings, "learning_rate", 0.03, 1e4)
    overparameterization: float = fewer(TeacherStudentSettings, "overparameterization", 5.0, 10.0)
    teacher_width: int = fewer(TeacherStudentSettings, "teacher_width", 10, 20)
    train_size: int = fewer(TeacherStudentSettings, "train_size", 150, 1000)
    measure_every: int = fewer(TeacherStudentSettings, "measure_every", 10)
    steps: int = fewer(TeacherStudentSettings, "steps", 2000, 5000)
    horizon: int = fewer(TeacherStudentSettings, "horizon", 2000, 5000)
    seed: int = first_seed(TeacherStudentSettings, 16)


FEWEST_WIDTHS = (1.0, 2.0, 4.0, 10.0, 20.0)
STARTS = {
    "large incoming weights": {"init_scale": 1.0, "top_scale": 0.01},
    "small": {"init_scale": 0.1, "top_scale": 0.1},
}


class FewestSettings(TeacherStudentSettings):
    """Students of five widths, from large and from small first weights, of one small teacher each."""

    students: int = setting(3, label="students of each width", doc="Each with a teacher of its own.", low=1, high=8)
    teacher_width: int = fewer(TeacherStudentSettings, "teacher_width", 5, 10)
    measure_every: int = fewer(TeacherStudentSettings, "measure_every", 50)
    steps: int = fewer(TeacherStudentSettings, "steps", 1500, 8000)
    horizon: int = fewer(TeacherStudentSettings, "horizon", 1500, 8000)
    seed: int = first_seed(TeacherStudentSettings, 8)


# Of students of three kinds of data: the kinds differ in some, the others would make no sense there.
NOT_SET = (
    "teacher_width",
    "left_out",
    "data",
    "teacher_seed",
    "shake",
    "shaken_node",
    "shake_again",
    "depth",
    "strength_decay",
)


class StructureSettings(TeacherStudentSettings):
    """Students of three kinds of data; what the kinds differ in is not to be set."""

    students: int = setting(4, label="students", doc="Of each kind, each with a teacher of its own.", low=1, high=8)
    learning_rate: float = fewer(TeacherStudentSettings, "learning_rate", 0.05, 1e4)
    train_size: int = fewer(TeacherStudentSettings, "train_size", 300, 2000)
    overparameterization: float = fewer(TeacherStudentSettings, "overparameterization", 2.0, 3.0)
    init_scale: float = fewer(TeacherStudentSettings, "init_scale", 0.1, 10.0)
    top_scale: float = fewer(TeacherStudentSettings, "top_scale", 0.1, 10.0)
    steps: int = fewer(TeacherStudentSettings, "steps", 2000, 5000)
    horizon: int = fewer(TeacherStudentSettings, "horizon", 2000, 5000)
    seed: int = first_seed(TeacherStudentSettings, 8)


def _widths(values: Mapping[str, Any]) -> Cases:
    return Each("overparameterization", RANGES[values["widths"]], "{:g}×")(values)


def _teachers(values: Mapping[str, Any]) -> Cases:
    first, count = values["teacher_seed"], values["teachers"]
    return [(f"teacher {seed}", {"teacher_seed": seed}) for seed in range(first, first + count)]


def _sizes(values: Mapping[str, Any]) -> Cases:
    del values
    return [(name, {"init_scale": scale, "top_scale": scale}) for name, scale in SIZES.items()]


def _kinds(values: Mapping[str, Any]) -> Cases:
    del values
    return tuple(KINDS.items())


LUCK = Spread(LuckSettings, TeacherStudentSettings, (Seeds(STUDENTS),), fixed={"depth": 1})
ONE_START = Spread(OneStartSettings, TeacherStudentSettings, (_teachers,), fixed={"depth": 1})
RECOVERY = Spread(RecoverySettings, TeacherStudentSettings, (_widths, Seeds("students")))
LOTTERY = Spread(TicketsSettings, LotterySettings, (Each("ticket", TICKETS), Seeds("students")))
SAME_ERROR = Spread(
    SameErrorSettings, TeacherStudentSettings, (_sizes, Seeds("students")), fixed={"depth": 1, "data": "fixed"}
)
FEWEST = Spread(
    FewestSettings,
    TeacherStudentSettings,
    (
        lambda _: tuple(STARTS.items()),
        Each("overparameterization", FEWEST_WIDTHS, "{:g}×"),
        Seeds("students", fields=("seed", "teacher_seed")),
    ),
    fixed={"depth": 1},
)
STRUCTURE = Spread(
    StructureSettings,
    TeacherStudentSettings,
    (_kinds, Seeds("students", fields=("seed", "teacher_seed"))),
    fixed=TeacherStudentSettings().model_dump(include=set(NOT_SET)) | {"teacher_width": TEACHER_WIDTH, "data": "fixed"},
)
