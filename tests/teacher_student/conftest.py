"""Shared by the tests of lesson 7: trainings, each made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pytest
from torch import Tensor

from lessons.core.experiment import Experiment, Measurement
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.network import DenseNetwork
from lessons.core.settings import Settings
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.student import student_network
from lessons.teacher_student.task import Task


@dataclass(frozen=True)
class Trained:
    """A training that has ended: what it measured at each step, and its last measurement."""

    lanes: Lanes
    history: History
    last: Measurement

    @property
    def theta(self) -> Tensor:
        return self.last.state.theta.detach()

    @property
    def network(self) -> DenseNetwork:
        return student_network(self.lanes)

    @property
    def task(self) -> Task:
        return Task(self.lanes)

    def snapshot(self, name: str) -> Tensor:
        return self.last.snapshots[name]()


def trained(experiment: Experiment, lanes: Lanes | Sequence[Settings]) -> Trained:
    """Run to the end."""
    lanes, history = lanes if isinstance(lanes, Lanes) else Lanes(lanes), History()
    measurements = list(experiment.run(lanes))
    history.extend(measurements)
    return Trained(lanes, history, measurements[-1])


@pytest.fixture(scope="session")
def train_all() -> Callable[..., Trained]:
    """Run an experiment to its end: `train_all(Lottery(), settings or lanes)`."""
    return trained


@pytest.fixture(scope="session")
def lucky_run() -> Trained:
    """Sixteen students of one teacher, with the settings as they come."""
    return trained(TeacherStudent(), [TeacherStudentSettings(seed=seed) for seed in range(16)])


@pytest.fixture(scope="session")
def small_weights_run() -> Trained:
    """Eight students that start from weights a tenth as large."""
    settings = [TeacherStudentSettings(seed=seed, init_scale=0.1, top_scale=0.1) for seed in range(8)]
    return trained(TeacherStudent(), settings)


@pytest.fixture(scope="session")
def strong_top_run() -> Trained:
    """Eight students whose top layer starts as strong as it ends."""
    return trained(TeacherStudent(), [TeacherStudentSettings(seed=seed, top_scale=1.0) for seed in range(8)])
