"""One start, many teachers: which nodes of the same first weights become the nodes of which teacher."""

from __future__ import annotations

import itertools
import math

import torch
from torch import Tensor

from lessons.teacher_student.overlap import correlation
from lessons.teacher_student.task import test_inputs


def crossed_correlation(students: Tensor, teachers: Tensor) -> Tensor:
    """Return the correlation of each student's nodes with the nodes of each teacher, its own and those of others.

    Args:
        students: Weights and biases of first layers, shape (S, m, D + 1): the snapshot `student_weights`.
        teachers: The same of teachers, shape (T, n, D + 1): `teacher_weights`.

    Returns:
        Shape (S, T, m, n).
    """
    (count, own, _), (others, given, _) = students.shape, teachers.shape
    left = _fire(students).expand(others, -1, -1, -1).transpose(0, 1)
    right = _fire(teachers).expand(count, -1, -1, -1)
    found = correlation(left.reshape(-1, *left.shape[2:]), right.reshape(-1, *right.shape[2:]))
    return found.view(count, others, own, given)


def in_common(won: Tensor) -> Tensor:
    """Return how many nodes won in both of two trainings, for each pair of trainings, shape (K (K - 1) / 2,).

    Args:
        won: Which student nodes won, shape (K, m): of the same first weights, with K teachers.
    """
    return torch.tensor(
        [int((won[one] & won[other]).sum()) for one, other in itertools.combinations(range(len(won)), 2)]
    )


def common_by_chance(nodes: int, won: int) -> Tensor:
    """Return the probability that 0, 1, ..., `won` nodes are in common where both draws of `won` nodes are random.

    It is hypergeometric: C(w, k) C(m - w, w - k) / C(m, w), of mean w^2 / m.

    Args:
        nodes: m, how many nodes there are.
        won: w.
    """
    ways = [math.comb(won, k) * math.comb(nodes - won, won - k) for k in range(won + 1)]
    return torch.tensor(ways, dtype=torch.float64) / math.comb(nodes, won)


def won_so_far(won: Tensor) -> tuple[Tensor, Tensor]:
    """Return how many nodes have won for at least one of the first 1, 2, ..., K teachers, and how many by chance.

    By chance each teacher's w winners are drawn anew from all m nodes: m (1 - product of (1 - w / m)).

    Args:
        won: Which student nodes won, shape (K, m).

    Returns:
        Two of shape (K,).
    """
    nodes = won.shape[1]
    missed = (1 - won.sum(1).double() / nodes).cumprod(0)
    return (won.cumsum(0) > 0).sum(1), nodes * (1 - missed)


def _fire(layer: Tensor) -> Tensor:
    """Activations of layers (K, m, D + 1), bias last, on the test inputs: (K, N, m)."""
    inputs = test_inputs(layer.shape[2] - 1).to(layer)
    return torch.relu(inputs @ layer[..., :-1].mT + layer[:, None, :, -1])
