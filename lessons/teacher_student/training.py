"""The training loop of students, and what is measured on the way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial

import torch
from torch import Tensor
from typing_extensions import TypeVar

from lessons.core.lanes import Lanes
from lessons.core.losses import squared_distance
from lessons.core.network import DenseNetwork
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.training import State, Training
from lessons.teacher_student.overlap import (
    RECOVERED,
    contribution,
    correlation,
    effective_number,
    unexplained,
    used_number,
    weight_cosine,
)
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.shaking import Asked, node_shake_rise, redraw_nodes
from lessons.teacher_student.student import activations, draw_students, student_network
from lessons.teacher_student.task import Task


class Trail:
    """Steps, and what was measured of each node there; a deep copy shares the tensors, which nobody changes."""

    def __init__(self, entries: list[tuple[int, dict[str, Tensor]]]):
        self._entries = entries

    def __deepcopy__(self, memo: dict[int, object]) -> Trail:
        return Trail(list(self._entries))

    def add(self, step: int, measured: dict[str, Tensor]) -> None:
        """Append measurements by name, shapes (K, ...); each time the same ones."""
        self._entries.append((step, measured))

    def snapshots(self) -> dict[str, Callable[[], Tensor]]:
        """Offer what has been appended so far, T times: `trail_step` (K, T), and "trail_" and a name, (K, T, ...)."""
        entries, count = self._entries, len(self._entries)
        if not entries:
            return {}
        lanes = len(next(iter(entries[0][1].values())))
        steps: dict[str, Callable[[], Tensor]] = {
            "trail_step": lambda: torch.tensor([entries[k][0] for k in range(count)]).expand(lanes, -1)
        }
        return steps | {f"trail_{name}": partial(_stacked, entries, count, name) for name in entries[0][1]}


def _stacked(entries: list[tuple[int, dict[str, Tensor]]], count: int, name: str) -> Tensor:
    return torch.stack([entries[k][1][name] for k in range(count)], 1)


@dataclass
class StudentState(State):
    """State of the trainings. All tensors have the lane first.

    Attributes:
        theta: Parameters, shape (K, P).
        initial_theta: Parameters at the start, shape (K, P).
        optimizer: With what it remembers.
        shaken: What was last asked to be shaken.
        began: Step at which the learning rate's schedule began.
        trail: What was measured of each student node.
        gradient: Of the step's batch at theta, shape (K, P), once measured.
    """

    theta: Tensor
    initial_theta: Tensor
    optimizer: LaneOptimizer
    shaken: Asked
    began: int = 0
    trail: Trail = field(default_factory=lambda: Trail([]))
    gradient: Tensor = field(init=False)


StudentSettingsT = TypeVar(
    "StudentSettingsT", bound=TeacherStudentSettings, default=TeacherStudentSettings, covariant=True
)


class StudentTraining(Training[StudentState, StudentSettingsT]):
    """All students on half the squared error, summed over outputs and averaged over the batch."""

    def __init__(self, lanes: Lanes[StudentSettingsT], device: str = "cpu"):
        super().__init__(lanes, device)
        self.network, self.task = student_network(lanes), Task(lanes, device)

    def start(self) -> StudentState:
        theta = draw_students(self.lanes).to(self.device)
        return StudentState(theta, theta.clone(), LaneOptimizer.of(self.lanes), Asked.of(self.lanes))

    def measure(self, now: StudentState) -> dict[str, Tensor]:
        on_batch = self.network.loss_on(*self.task.batch(now.step), squared_distance)
        loss, now.gradient = on_batch.loss_and_gradient(now.theta)
        values = {"loss": loss}
        if now.step == now.began or now.step % self.lanes.shared.measure_every == 0:
            on_test_inputs, of_nodes = readings(self.network, now.theta, self.task)
            values |= on_test_inputs
            now.trail.add(now.step, of_nodes | self.of_nodes(now))
        return values

    def of_nodes(self, now: StudentState) -> dict[str, Tensor]:
        """Return what else the trail keeps of the nodes, by name, shapes (K, ...)."""
        return {}

    def advance(self, now: StudentState) -> None:
        eta = learning_rates(self.lanes, (now.step - now.began) / self.lanes.horizon)
        h = replace(Hyperparameters.of(self.lanes, now.theta), learning_rate=eta.to(now.theta)[:, None])
        now.theta = now.theta + now.optimizer.update(now.gradient, h)
        now.theta = redraw_nodes(self.network, now.theta, self.lanes, self.task, now.shaken, now.step)
        now.shaken = Asked.of(self.lanes)

    def snapshots(self, now: StudentState) -> dict[str, Callable[[], Tensor]]:
        of_theta = snapshots(self.network, now.theta, now.initial_theta, self.task)
        return of_theta | now.trail.snapshots()


def learning_rates(lanes: Lanes, progress: Tensor) -> Tensor:
    """Return eta of each lane, shape (K,), after a part `progress` (K,) of its schedule; beyond 1 it stays."""
    is_cosine = torch.tensor([schedule == "cosine" for schedule in lanes.values("schedule")])
    return lanes.learning_rate * torch.where(is_cosine, (1 + torch.cos(torch.pi * progress.clamp(max=1))) / 2, 1)


def readings(network: DenseNetwork, theta: Tensor, task: Task) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """Measure on the test inputs; see `TeacherStudent` for what is what.

    Returns:
        The values, and for each student node its largest `correlation` with any teacher node and its `contribution`,
        both (K, L, m).
    """
    hidden, outputs = activations(network, theta, task.test_inputs)
    layers = network.layers(theta)
    overlaps = [correlation(own, given) for own, given in zip(hidden, task.test_activations, strict=True)]
    best = torch.stack([each.amax(1) for each in overlaps], 1)
    added = [contribution(own, weight) for own, (weight, _) in zip(hidden, layers[1:], strict=True)]
    fvu = unexplained(outputs, task.test_targets)
    values = {
        "fvu": fvu,
        "train_fvu": _train_fvu(network, theta, task, fvu),
        "best_correlation": best,
        "recovered": (best > RECOVERED).sum(2).float(),
        "weight_cosine": weight_cosine(layers[0], task.teacher.layers(task.theta)[0]).amax(1),
        "effective_nodes": torch.stack([effective_number(each) for each in added], 1),
        "used_nodes": torch.stack([used_number(each) for each in added], 1),
    }
    nearness = torch.stack([each.amax(2) for each in overlaps], 1)
    return values, {"correlation": nearness, "contribution": torch.stack(added, 1)}


def _train_fvu(network: DenseNetwork, theta: Tensor, task: Task, fvu: Tensor) -> Tensor:
    if task.points is None:
        return fvu
    on_points = unexplained(network(theta, task.points), task.point_targets, task.is_point)
    return torch.where(task.is_fixed, on_points, fvu)


def snapshots(network: DenseNetwork, theta: Tensor, initial: Tensor, task: Task) -> dict[str, Callable[[], Tensor]]:
    """Return what can be drawn of theta; see `TeacherStudent`."""
    found: dict[str, Callable[[], Tensor]] = {}
    for layer in range(len(network.sizes) - 2):
        found[f"correlation_{layer + 1}"] = partial(_correlation, network, theta, task, layer)
        found[f"initial_correlation_{layer + 1}"] = partial(_correlation, network, initial, task, layer)
        found[f"contribution_{layer + 1}"] = partial(_contribution, network, theta, task, layer)
    found["shake_rise"] = lambda: node_shake_rise(network, theta, task)
    found["student_weights"] = lambda: torch.cat(network.layers(theta)[0], 1).mT
    found["first_weights"] = lambda: torch.cat(network.layers(initial)[0], 1).mT
    found["teacher_weights"] = lambda: torch.cat(task.teacher.layers(task.theta)[0], 1).mT
    return found


def _correlation(network: DenseNetwork, theta: Tensor, task: Task, layer: int) -> Tensor:
    return correlation(activations(network, theta, task.test_inputs)[0][layer], task.test_activations[layer])


def _contribution(network: DenseNetwork, theta: Tensor, task: Task, layer: int) -> Tensor:
    hidden = activations(network, theta, task.test_inputs)[0][layer]
    return contribution(hidden, network.layers(theta)[layer + 1][0])
