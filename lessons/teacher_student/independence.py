"""Are the weights of a net in training independent of each other, as they are at the start?"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lessons.core.record import Change
from lessons.core.training import TrainingExperiment
from lessons.teacher_student.overlap import unexplained
from lessons.teacher_student.scripts import student_script
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.student import activations, student_widths
from lessons.teacher_student.training import StudentState, StudentTraining

PAIRS = 1.2  # nearest pairs of student and teacher nodes that are counted, for each teacher node


class IndependenceTraining(StudentTraining[TeacherStudentSettings]):
    """The training of students, and what they would do with the outgoing weights dealt out anew."""

    def measure(self, now: StudentState) -> dict[str, Tensor]:
        values = super().measure(now)
        if "fvu" in values:
            hidden, _ = activations(self.network, now.theta, self.task.test_inputs)
            outgoing, bias = self.network.layers(now.theta)[-1]
            widths, targets = student_widths(self.lanes).to(hidden[-1].device), self.task.test_targets
            values |= {
                "dealt": unexplained_when_dealt(hidden[-1], outgoing, bias, targets, widths),
                "moved": unexplained(hidden[-1] @ moved_by_one(outgoing, widths) + bias, targets),
            }
        return values


class Independence(TrainingExperiment[TeacherStudentSettings]):
    """The training of `TeacherStudent`, and how much of it rests on which node has which outgoing weights.

    If a node's outgoing weights are independent of its incoming ones, and nodes of each other, it does not matter who
    has which: dealt out anew they make a net that is as good. Measures what `TeacherStudent` does and, with it: `dealt`
    (K,), the unexplained share when the outgoing weights of the last hidden layer are dealt out to its nodes at random,
    mean over all permutations; and `moved` (K,), the same for one permutation, each node with its neighbour's.
    """

    name = "independence"
    title = "Outgoing weights, dealt out anew"
    settings_type = TeacherStudentSettings
    references = (
        "Tian, Jiang, Gong & Morcos 2019, arXiv 1905.13405 (no independence assumed)",
        "Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli 2016, arXiv 1606.05340 (mean field of random weights)",
    )
    training = IndependenceTraining

    def script(self, settings: TeacherStudentSettings, changes: Sequence[Change] = ()) -> str | None:
        return student_script(settings, changes)


def unexplained_when_dealt(hidden: Tensor, outgoing: Tensor, bias: Tensor, targets: Tensor, widths: Tensor) -> Tensor:
    """Return the unexplained share, mean over all permutations of the outgoing weights among a lane's nodes.

    A permutation gives node j the weights of any node with probability 1/m, and nodes j and k those of any two
    different ones with probability 1/(m (m - 1)). So, with M_jk = E[f_j f_k] and V = v v^T, E|sum_j v_j f_j|^2 becomes
    tr M tr V / m + (sum M - tr M) (sum V - tr V) / (m (m - 1)), and each v_j in what is linear becomes their mean.

    Args:
        hidden: Activations f, shape (K, N, m).
        outgoing: v, shape (K, m, C); those of missing nodes are 0.
        bias: Shape (K, 1, C).
        targets: Shape (K, N, C).
        widths: How many nodes each lane has, shape (K,).

    Returns:
        Shape (K,).
    """
    count, rest = hidden.shape[1], targets - bias
    together, alike = hidden.mT @ hidden / count, outgoing @ outgoing.mT
    same, trace = together.diagonal(dim1=1, dim2=2).sum(1), alike.diagonal(dim1=1, dim2=2).sum(1)
    others = (together.sum((1, 2)) - same) * (alike.sum((1, 2)) - trace) / (widths * (widths - 1)).clamp(min=1)
    linear = torch.einsum("kn,knc,kc->k", hidden.sum(2), rest, outgoing.sum(1)) / (count * widths)
    error = same * trace / widths + others - 2 * linear + rest.square().sum(2).mean(1)
    variance = (targets - targets.mean(1, keepdim=True)).square().sum(2).mean(1)
    return error / variance.clamp(min=1e-12)


def moved_by_one(outgoing: Tensor, widths: Tensor) -> Tensor:
    """Return the outgoing weights, (K, m, C), moved among a lane's nodes: each has those of the next one.

    The last has those of the first; missing nodes keep theirs.
    """
    place = torch.arange(outgoing.shape[1], device=outgoing.device)
    following = torch.where(place < widths[:, None], (place + 1) % widths[:, None], place)
    return outgoing.gather(1, following[..., None].expand_as(outgoing))


def candidates(correlation: Tensor) -> Tensor:
    """Count for each teacher node how many of the nearest pairs of student and teacher nodes are its own.

    As many pairs are taken as `PAIRS` times the teacher nodes, those with the largest correlations of all. If nodes
    were independent of each other and of equal chance, the counts would be binomial.

    Args:
        correlation: Shape (K, m, n).

    Returns:
        Whole numbers, shape (K, n).
    """
    _, students, teachers = correlation.shape
    pairs = min(round(PAIRS * teachers), students * teachers)
    which = correlation.flatten(1).topk(pairs, dim=1).indices % teachers
    return torch.nn.functional.one_hot(which, teachers).sum(1)


def binomial(pairs: int, teachers: int, most: int) -> Tensor:
    """Return the probabilities of 0 to `most` of so many pairs if each has the chance 1 / teachers, (most + 1,)."""
    number = torch.arange(most + 1, dtype=torch.float64)
    total = torch.tensor(float(pairs), dtype=torch.float64)
    ways = torch.exp(
        torch.lgamma(total + 1) - torch.lgamma(number + 1) - torch.lgamma((total - number).clamp(min=0) + 1)
    )
    chance = 1 / teachers
    found = ways * chance**number * (1 - chance) ** (total - number).clamp(min=0)
    return torch.where(number <= total, found, 0)
