"""Settings of students that learn from a teacher."""

from __future__ import annotations

from typing import Literal

from lessons.core import declared
from lessons.core.settings import Settings, setting

Shake = Literal["none", "a winner", "an irrelevant node", "all irrelevant nodes", "all winners"]


class StudentSettings(Settings):
    """A teacher, its students and how they train; the defaults are the setting for luck."""

    learning_rate: float = declared.learning_rate(
        default=0.05,
        doc="Factor between gradient and step at the start. The loss sums over outputs: wide students need less.",
        high=1e4,
        slider=(0.002, 0.5),
    )
    schedule: Literal["cosine", "constant"] = setting(
        "cosine", label="schedule", doc="Whether the learning rate falls to 0 as half a cosine, or stays."
    )
    horizon: int = setting(
        2000,
        label="horizon",
        symbol="T",
        unit="steps",
        doc="When the cosine has fallen to 0.",
        low=1,
        high=1_000_000,
        slider=(500, 10_000),
        scale="log",
    )
    optimizer: Literal["gradient descent", "heavy ball"] = declared.optimizer(
        default="heavy ball", doc="The update rule, with the gradient of a batch."
    )
    momentum: float = declared.momentum(
        doc="Share of the velocity kept at each step. Plain gradient descent ignores it."
    )
    overparameterization: float = setting(
        5.0,
        label="over-parameterization",
        symbol="m/n",
        doc="Student nodes for each teacher node, in every hidden layer.",
        low=0.1,
        high=20.0,
        slider=(0.5, 10.0),
        scale="log",
    )
    init_scale: float = declared.init_scale(
        doc="Hidden weights start as N(0, 2 s²/fan_in).", low=0.001, slider=(0.05, 2.0)
    )
    top_scale: float = setting(
        0.01,
        label="top layer's scale",
        symbol="s_top",
        doc="The top layer's weights start as N(0, 2 s_top²/fan_in).",
        low=0.0001,
        high=10.0,
        slider=(0.005, 2.0),
        scale="log",
    )
    active_share: float = setting(
        0.3,
        label="active share",
        symbol="p",
        doc="Share of inputs on which a teacher node fires; its bias is set for that.",
        low=0.005,
        high=0.995,
        slider=(0.05, 0.8),
        slider_step=0.05,
    )
    left_out: int = setting(
        0,
        label="teacher nodes left out",
        doc="How many of the teacher's nodes are missing in each layer (one stays): a smaller teacher.",
        low=0,
        high=99,
        slider=(0, 49),
    )
    strength_decay: float = setting(
        0.0,
        label="decay of strength",
        symbol="q",
        doc="The i-th teacher node's outgoing weights have length i^-q: the strongest are learned first.",
        low=0.0,
        high=4.0,
        slider=(0.0, 2.0),
        slider_step=0.1,
    )
    data: Literal["fresh", "fixed", "shuffled"] = setting(
        "fresh",
        label="data",
        doc="Fresh inputs at each step, N fixed points, or N fixed points with their targets shuffled.",
    )
    train_size: int = setting(
        300,
        label="training points",
        symbol="N",
        doc="Number of fixed points; fresh data has no end.",
        low=1,
        high=20_000,
        slider=(50, 2000),
        scale="log",
    )
    dimension: int = setting(
        20,
        label="input dimension",
        symbol="d",
        doc="Inputs are N(0, I).",
        low=1,
        high=200,
        slider=(2, 50),
        scale="log",
        shared=True,
    )
    teacher_width: int = setting(
        10,
        label="teacher nodes",
        symbol="n",
        doc="ReLU nodes in each hidden layer of the teacher.",
        low=1,
        high=100,
        slider=(2, 50),
        scale="log",
        shared=True,
    )
    outputs: int = setting(
        10,
        label="outputs",
        symbol="C",
        doc="Outputs of teacher and students.",
        low=1,
        high=100,
        slider=(1, 30),
        scale="log",
        shared=True,
    )
    depth: int = setting(
        1, label="hidden layers", doc="Hidden layers of teacher and students.", low=1, high=2, shared=True
    )
    batch_size: int = declared.batch_size(
        default=64,
        doc="Inputs drawn for each step; from fixed points with replacement.",
        high=2048,
        slider=(16, 256),
        shared=True,
    )
    measure_every: int = setting(
        25,
        label="measure every",
        unit="steps",
        doc="For what is measured on test inputs.",
        low=1,
        high=100_000,
        slider=(5, 200),
        scale="log",
        shared=True,
    )
    steps: int = declared.steps(default=2000, high=1_000_000, slider=(500, 10_000))
    teacher_seed: int = setting(
        0,
        label="teacher's seed",
        doc="Draws the teacher and the inputs.",
        low=0,
        high=2**31 - 1,
        slider=(0, 99),
    )
    seed: int = declared.seed(label="student's seed", doc="Draws the student's weights.")


class TeacherStudentSettings(StudentSettings):
    """Settings of `lessons.teacher_student.experiment.TeacherStudent`."""

    shake: Shake = setting(
        "none",
        label="shake",
        doc="When this changes, nodes get new incoming weights. Winners: nearest to a teacher node, or above 0.9; "
        "irrelevant: the others. One of them: the one that adds most to the output.",
        hot=True,
    )
    shaken_node: int = setting(
        0,
        label="shake node",
        doc="When this changes to a node's number, from 1, its incoming weights are drawn anew; 0 shakes none.",
        low=0,
        high=2000,
        slider=(0, 50),
        hot=True,
    )
    shake_again: int = setting(
        0,
        label="shake again",
        doc="Each change of this number shakes once more what the two settings above name.",
        low=0,
        high=1000,
        slider=(0, 20),
        hot=True,
    )
