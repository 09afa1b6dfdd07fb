"""Shake a node: draw its incoming weights anew and see whether the loss notices."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.generators import generator
from lessons.core.lanes import Lanes
from lessons.core.network import DenseNetwork
from lessons.teacher_student.luck import WON
from lessons.teacher_student.overlap import contribution, correlation
from lessons.teacher_student.student import activations
from lessons.teacher_student.task import Task


@dataclass(frozen=True)
class Asked:
    """The nodes that each of K lanes asks to be shaken: by number, from 1; by kind; and how often it has asked."""

    number: tuple[int, ...]
    kind: tuple[str, ...]
    again: tuple[int, ...]

    @classmethod
    def of(cls, lanes: Lanes) -> Asked:
        """Return what the lanes ask for now."""
        return cls(lanes.values("shaken_node"), lanes.values("shake"), lanes.values("shake_again"))

    def since(self, before: Asked) -> tuple[list[int], list[str]]:
        """Return the number and kind that each lane asks for anew, or once more; 0 and "none" where it does not."""
        is_again = [new != old for new, old in zip(self.again, before.again, strict=True)]
        numbers = zip(self.number, before.number, is_again, strict=True)
        kinds = zip(self.kind, before.kind, is_again, strict=True)
        return (
            [new if new != old or once_more else 0 for new, old, once_more in numbers],
            [new if new != old or once_more else "none" for new, old, once_more in kinds],
        )


def redraw_nodes(network: DenseNetwork, theta: Tensor, lanes: Lanes, task: Task, before: Asked, step: int) -> Tensor:
    """Return theta with nodes of the last hidden layer shaken where the lanes ask for others than before, or once more.

    Lanes that are asked to shake no node, or one that they do not have, are left alone.

    Args:
        network: Of the students.
        theta: Shape (K, P).
        lanes: With the hot settings `shake`, `shaken_node` and `shake_again`.
        task: Says which nodes are near a teacher's.
        before: What was asked for at the last step.
        step: The noise depends on it and on the lane's seed.
    """
    numbers, kinds = Asked.of(lanes).since(before)
    if not any(numbers) and set(kinds) == {"none"}:
        return theta
    node = torch.arange(1, network.sizes[-2] + 1, device=theta.device)
    chosen = node == torch.tensor(numbers, device=theta.device)[:, None]
    if set(kinds) != {"none"}:
        chosen |= _of_kind(kinds, network, theta, task)
    seeds = [seed * 1_000_003 + step for seed in lanes.values("seed")]
    return scrambled(network, theta, chosen, seeds)


def winners(overlap: Tensor) -> Tensor:
    """Flag the student nodes that are nearest to a teacher node or share one: correlation above `WON`, or the largest.

    Args:
        overlap: Correlations, shape (..., m, n).

    Returns:
        Shape (..., m).
    """
    return nearest_nodes(overlap) | (overlap.amax(-1) > WON)


def nearest_nodes(overlap: Tensor) -> Tensor:
    """Flag the student nodes that are nearest to a teacher node: shape (..., m) from correlations (..., m, n).

    A teacher node that is left out correlates with nothing, and has none.
    """
    best = overlap.argmax(-2, keepdim=True)
    exists = overlap.abs().amax(-2, keepdim=True) > 0
    return torch.zeros_like(overlap, dtype=torch.bool).scatter(-2, best, exists).any(-1)


def _of_kind(kinds: list[str], network: DenseNetwork, theta: Tensor, task: Task) -> Tensor:
    """Flag the nodes of the last hidden layer that are of each lane's kind, shape (K, m)."""
    hidden, _ = activations(network, theta, task.test_inputs)
    added = contribution(hidden[-1], network.layers(theta)[-1][0])
    has_won = winners(correlation(hidden[-1], task.test_activations[-1]))
    chosen = torch.zeros_like(has_won)
    for lane, kind in enumerate(kinds):
        among = has_won[lane] if kind.endswith(("winner", "winners")) else ~has_won[lane]
        if kind.startswith("all"):
            chosen[lane] = among
        elif kind != "none" and among.any():
            chosen[lane, torch.where(among, added[lane], -1.0).argmax()] = True
    return chosen


def scrambled(network: DenseNetwork, theta: Tensor, chosen: Tensor, seeds: list[int]) -> Tensor:
    """Return a copy of theta (K, P) in which chosen nodes of the last hidden layer have new weights into them.

    The new ones are Gaussian and as long as the old ones, the bias stays: only the direction is lost.

    Args:
        network: Of the students.
        theta: Their parameters.
        chosen: Flags, shape (K, m).
        seeds: Of the noise, one for each lane.
    """
    shaken = theta.clone()
    weight, _ = network.layers(shaken)[-2]
    noise = _noise(weight, seeds)
    weight[:] = torch.where(chosen[:, None], noise * weight.norm(dim=1, keepdim=True), weight)
    return shaken


def node_shake_rise(network: DenseNetwork, theta: Tensor, task: Task) -> Tensor:
    """Return by how much the unexplained fraction of variance would rise if one node were shaken, node by node.

    With r the residuals, v_j node j's outgoing weights and d_j the change of its activation, the squared error changes
    by 2 d_j r.v_j + d_j^2 |v_j|^2: no node needs a forward pass of its own.

    Returns:
        Shape (K, m), for the last hidden layer.
    """
    everyone = torch.ones(len(theta), network.sizes[-2], dtype=torch.bool, device=theta.device)
    hidden, outputs = activations(network, theta, task.test_inputs)
    inputs = hidden[-2] if len(hidden) > 1 else task.test_inputs
    weight, bias = network.layers(scrambled(network, theta, everyone, [0] * len(theta)))[-2]
    change = torch.relu(inputs @ weight + bias) - hidden[-1]
    out, residual = network.layers(theta)[-1][0], outputs - task.test_targets
    along = (change * (residual @ out.mT)).mean(1)
    rise = 2 * along + change.square().mean(1) * out.square().sum(2)
    return rise / task.test_targets.var(1, correction=0).sum(1, keepdim=True)


def _noise(weight: Tensor, seeds: list[int]) -> Tensor:
    """Gaussian directions of length 1, shape (K, D, m)."""
    drawn = {seed: torch.randn(weight.shape[1:], generator=generator(seed, "shake")) for seed in dict.fromkeys(seeds)}
    noise = torch.stack([drawn[seed] for seed in seeds]).to(weight)
    return noise / noise.norm(dim=1, keepdim=True)
