"""What moves a hidden student node: pulls of teacher nodes, pushes of its own colleagues, step by step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache, partial

import torch
from torch import Tensor

from lessons.core.network import DenseNetwork
from lessons.core.record import Change
from lessons.core.settings import setting
from lessons.core.spread import fewer
from lessons.core.training import TrainingExperiment
from lessons.teacher_student.gradient_structure import linear_above
from lessons.teacher_student.scripts import student_script
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.task import Task
from lessons.teacher_student.training import StudentState, StudentTraining

INPUTS = 300  # of the test inputs, over which gradients are averaged


class PullsSettings(TeacherStudentSettings):
    """Settings of `Pulls`."""

    node: int = setting(
        1,
        label="node, by luck",
        doc="Whose forces are drawn: node 1 began nearest to a teacher node. A number beyond the last is the last.",
        low=1,
        high=200,
        slider=(1, 50),
    )
    overparameterization: float = fewer(TeacherStudentSettings, "overparameterization", 5.0, 10.0)
    teacher_width: int = fewer(TeacherStudentSettings, "teacher_width", 10, 20)


@dataclass(frozen=True)
class Pulls:
    """The gradient by the weights of each first-layer student node, taken apart; means over N inputs.

    The force on a node's weights and bias w is minus the gradient, E[-g x] with g = D (B f - A f* + c), see
    `GradientStructure`, and x the input with a 1 for the bias. Its component along w itself makes a node stronger or
    weaker; as D w.x is the node's activation f_j, teacher node i pulls with A_ji E[f_j f*_i] / |w|, and student node k
    pushes with B_jk E[f_j f_k] / |w|.

    Attributes:
        pull: Of each teacher node on each student node, along the node's own weights, shape (K, m, n).
        own: What the node itself pushes back with, |v_j|^2 E[f_j^2] / |w|, shape (K, m).
        colleagues: What all other student nodes push with, shape (K, m).
        offset: What the biases above push with, shape (K, m).
        gradient: By weights and bias, bias last, shape (K, m, D + 1).
        to_teachers: A, mean over inputs, shape (K, m, n).
        to_students: B, mean over inputs, shape (K, m, m).
    """

    pull: Tensor
    own: Tensor
    colleagues: Tensor
    offset: Tensor
    gradient: Tensor
    to_teachers: Tensor
    to_students: Tensor


def pulls(student: DenseNetwork, theta: Tensor, teacher: DenseNetwork, teacher_theta: Tensor, inputs: Tensor) -> Pulls:
    """Take apart what moves each first-layer node of the students; arguments as of `gradient_structure`."""
    f, down, constant = linear_above(student, theta, inputs, 0)
    given, teacher_down, teacher_constant = linear_above(teacher, teacher_theta, inputs, 0)
    a = down @ teacher_down.mT
    from_own = down.square().sum(3) * f
    from_students = torch.einsum("knic,knc->kni", down, torch.einsum("knic,kni->knc", down, f))  # B f without B
    from_biases = torch.einsum("knic,knc->kni", down, constant - teacher_constant)
    g = (f > 0) * (from_students - torch.einsum("knij,knj->kni", a, given) + from_biases)
    with_one = torch.cat([inputs, torch.ones_like(inputs[:, :1])], 1)
    (weight, bias), count = student.layers(theta)[0], len(inputs)
    length = count * torch.cat([weight, bias], 1).norm(dim=1).clamp(min=1e-12)
    return Pulls(
        pull=torch.einsum("knij,knj,kni->kij", a, given, f) / length[..., None],
        own=(from_own * f).sum(1) / length,
        colleagues=((from_students - from_own) * f).sum(1) / length,
        offset=(from_biases * f).sum(1) / length,
        gradient=g.mT @ with_one / count,
        to_teachers=a.mean(1),
        to_students=torch.einsum("knic,knjc->kij", down, down) / count,
    )


def autograd_gradient(student: DenseNetwork, theta: Tensor, inputs: Tensor, targets: Tensor) -> Tensor:
    """Return what automatic differentiation finds: the gradient by first-layer weights, as `Pulls.gradient`.

    Args:
        student: Shape of the students.
        theta: Their parameters, shape (K, P).
        inputs: Shape (N, D).
        targets: Shape (K, N, C).
    """
    with torch.enable_grad():
        at = theta.detach().requires_grad_()
        loss = (student(at, inputs) - targets).square().sum((1, 2)) / (2 * len(inputs))
        (gradient,) = torch.autograd.grad(loss.sum(), at)
    return torch.cat(student.layers(gradient)[0], 1).mT


class PullsTraining(StudentTraining[PullsSettings]):
    """The training of students, with the forces on each node beside what else is measured."""

    def of_nodes(self, now: StudentState) -> dict[str, Tensor]:
        found = forces(self.network, now.theta, self.task)
        by_autograd = on_test_inputs(self.network, now.theta, self.task)
        largest = found.pull.abs().amax((1, 2)).clamp(min=1e-12)
        return {
            "pull": found.pull,
            "own_push": found.own,
            "colleagues_push": found.colleagues,
            "offset_push": found.offset,
            "difference": (found.gradient - by_autograd).abs().amax((1, 2)) / largest,
        }

    def snapshots(self, now: StudentState) -> dict[str, Callable[[], Tensor]]:
        found = cache(partial(forces, self.network, now.theta, self.task))
        return super().snapshots(now) | {
            "to_teachers": lambda: found().to_teachers,
            "to_students": lambda: found().to_students,
            "gradient": lambda: found().gradient,
            "autograd_gradient": partial(on_test_inputs, self.network, now.theta, self.task),
        }


def forces(network: DenseNetwork, theta: Tensor, task: Task) -> Pulls:
    """Take apart the gradients at theta on `INPUTS` of the test inputs."""
    return pulls(network, theta, task.teacher, task.theta, task.test_inputs[:INPUTS])


def on_test_inputs(network: DenseNetwork, theta: Tensor, task: Task) -> Tensor:
    """Return the same gradients as automatic differentiation finds them."""
    return autograd_gradient(network, theta, task.test_inputs[:INPUTS], task.test_targets[:, :INPUTS])


class PullsOnNodes(TrainingExperiment[PullsSettings]):
    """The training of `TeacherStudent`, and what moves each node of the first hidden layer.

    Measures what `TeacherStudent` does. Snapshots besides, means over `INPUTS` test inputs: `to_teachers`
    (K, m, n), `to_students` (K, m, m), `gradient` and `autograd_gradient` (K, m, D + 1), see `Pulls`; and of all T
    measurements so far `trail_pull` (K, T, m, n), `trail_own_push`, `trail_colleagues_push` and `trail_offset_push`
    (K, T, m), and `trail_difference` (K, T): the largest one between the two gradients, over the largest pull. `node`
    chooses what is drawn, and changes no number.
    """

    name = "pulls on nodes"
    title = "What moves a hidden node"
    settings_type = PullsSettings
    references = (
        "Tian, Jiang, Gong & Morcos 2019, arXiv 1905.13405, theorem 1",
        "Tian 2020, arXiv 1909.13458, lemma 1",
    )
    training = PullsTraining

    def script(self, settings: PullsSettings, changes: Sequence[Change] = ()) -> str | None:
        return student_script(settings, changes)


def chosen_node(initial: Tensor, number: int) -> int:
    """Return which node is the so manyth luckiest, from 1, of correlations (m, n) at the start; beyond m the last."""
    order = initial.amax(1).argsort(descending=True, stable=True)
    return int(order[min(number, len(order)) - 1])


def strongest_is_nearest(pull: Tensor, correlation: Tensor) -> Tensor:
    """Tell of each teacher node whether the student node that is nearest to it is pulled by no other as hard.

    Args:
        pull: Shape (K, m, n).
        correlation: The nearness that decides who is nearest, shape (K, m, n).

    Returns:
        Bool, shape (K, n).
    """
    nearest = correlation.argmax(1)
    pulled_by = pull.argmax(2).gather(1, nearest)
    return pulled_by == torch.arange(pull.shape[2], device=pull.device)
