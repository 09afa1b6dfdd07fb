"""The gradient of a hidden student node as pulls of the teacher nodes of its own layer."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.network import DenseNetwork
from lessons.teacher_student.student import activations


@dataclass(frozen=True)
class GradientStructure:
    """The gradient at one hidden layer, input by input.

    With f and f* the activations of student and teacher nodes of this layer, D the student's gates (1 where a node
    fires), the gradient by what comes into the student nodes is D (B f - A f* + c): Tian, Jiang, Gong & Morcos 2019,
    arXiv 1905.13405, theorem 1, and Tian 2020, arXiv 1909.13458, lemma 1; here with biases. It holds for any ReLU
    networks of equal depth and squared error, with no further assumption. A and B depend on the input through the gates
    of the layers above; in the last hidden layer they do not.

    Attributes:
        to_teachers: A, from student nodes to teacher nodes of the same layer, shape (K, N, m, n).
        to_students: B, from student nodes to each other, shape (K, N, m, m).
        offset: c, from the biases above this layer, shape (K, N, m).
        gradient: The sum, by what comes into the nodes, of half the squared error of each input, shape (K, N, m).
    """

    to_teachers: Tensor
    to_students: Tensor
    offset: Tensor
    gradient: Tensor


def gradient_structure(
    student: DenseNetwork, theta: Tensor, teacher: DenseNetwork, teacher_theta: Tensor, inputs: Tensor, layer: int
) -> GradientStructure:
    """Take the gradient at a hidden layer apart.

    Args:
        student: Shape of the students.
        theta: Their parameters, shape (K, P).
        teacher: Shape of the teachers, as deep as the students.
        teacher_theta: Their parameters.
        inputs: Shape (N, D) or (K, N, D).
        layer: Hidden layer, from 0.
    """
    hidden, down, constant = linear_above(student, theta, inputs, layer)
    given, teacher_down, teacher_constant = linear_above(teacher, teacher_theta, inputs, layer)
    to_teachers, to_students = down @ teacher_down.mT, down @ down.mT
    offset = _apply(down, constant - teacher_constant)
    total = _apply(to_students, hidden) - _apply(to_teachers, given) + offset
    return GradientStructure(to_teachers, to_students, offset, (hidden > 0) * total)


def linear_above(network: DenseNetwork, theta: Tensor, inputs: Tensor, layer: int) -> tuple[Tensor, Tensor, Tensor]:
    """Return the activations f (K, N, m) of a layer, and the outputs as S^T f + c: S (K, N, m, C) and c (K, N, C)."""
    hidden, outputs = activations(network, theta, inputs)
    layers = network.layers(theta)
    weight, bias = layers[-1]
    down, constant = weight[:, None].expand(-1, outputs.shape[1], -1, -1), bias.expand_as(outputs)
    for above in range(len(hidden) - 1, layer, -1):
        weight, bias = layers[above]
        gated = (hidden[above] > 0)[..., None] * down
        constant = constant + _apply(gated.mT, bias.expand_as(hidden[above]))
        down = weight[:, None] @ gated
    return hidden[layer], down, constant


def _apply(matrices: Tensor, vectors: Tensor) -> Tensor:
    return torch.einsum("knij,knj->kni", matrices, vectors)
