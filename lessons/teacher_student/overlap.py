"""The overlap of student nodes and teacher nodes on the same inputs."""

from __future__ import annotations

import torch
from torch import Tensor

RECOVERED = 0.99
USED = 0.01


def correlation(students: Tensor, teachers: Tensor) -> Tensor:
    """Return Pearson's correlation of each student node with each teacher node over the inputs.

    A node that never changes correlates with nothing: 0.

    Args:
        students: Activations, shape (K, N, m).
        teachers: Activations, shape (K, N, n).

    Returns:
        Shape (K, m, n), from -1 to 1.
    """
    centred, given = students - students.mean(1, keepdim=True), teachers - teachers.mean(1, keepdim=True)
    lengths = centred.square().sum(1).sqrt()[..., None] * given.square().sum(1).sqrt()[:, None]
    return centred.mT @ given / lengths.clamp(min=1e-6)


def weight_cosine(students: tuple[Tensor, Tensor], teachers: tuple[Tensor, Tensor]) -> Tensor:
    """Return the cosine of each student node's weights with each teacher node's, biases included.

    A node without weights has cosine 0.

    Args:
        students: Weights (K, D, m) and biases (K, 1, m) of a first layer.
        teachers: Weights (K, D, n) and biases (K, 1, n).

    Returns:
        Shape (K, m, n).
    """
    own, given = (torch.cat(layer, 1) for layer in (students, teachers))
    own, given = (each / each.norm(dim=1, keepdim=True).clamp(min=1e-12) for each in (own, given))
    return own.mT @ given


def contribution(activations: Tensor, outgoing: Tensor) -> Tensor:
    """Return what each node adds to the next layer: outgoing weights' length times activation's standard deviation.

    A large outgoing weight of a node that hardly fires adds nothing; that is why the product is looked at.

    Args:
        activations: Shape (K, N, m).
        outgoing: Shape (K, m, C).

    Returns:
        Shape (K, m).
    """
    centred = activations - activations.mean(1, keepdim=True)
    return outgoing.norm(dim=2) * centred.square().mean(1).sqrt()


def effective_number(contributions: Tensor) -> Tensor:
    """Return the participation ratio (sum c^2)^2 / sum c^4 of contributions c, (K, m), shape (K,).

    It is m if all nodes add the same variance, and 1 if a single one adds all.
    """
    shares = contributions.square()
    return shares.sum(1) ** 2 / shares.square().sum(1).clamp(min=1e-30)


def used_number(contributions: Tensor) -> Tensor:
    """Return how many of the nodes add at least `USED` of what the largest adds: shape (K,) from (K, m)."""
    return (contributions > USED * contributions.amax(1, keepdim=True)).sum(1).float()


def unexplained(outputs: Tensor, targets: Tensor, among: Tensor | None = None) -> Tensor:
    """Return the fraction of variance unexplained: mean squared error over the targets' variance, shape (K,).

    Args:
        outputs: Shape (K, N, C).
        targets: Shape (K, N, C).
        among: Which of the N count, shape (K, N); all if left out.
    """
    weight = torch.ones_like(outputs[..., 0]) if among is None else among.to(outputs)
    weight = (weight / weight.sum(1, keepdim=True).clamp(min=1))[..., None]
    centred = targets - (weight * targets).sum(1, keepdim=True)
    variance = (weight * centred.square()).sum((1, 2))
    return (weight * (outputs - targets).square()).sum((1, 2)) / variance.clamp(min=1e-12)
