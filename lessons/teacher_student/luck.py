"""Luck: a student node that begins near a teacher node is likely to become it."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

WON = 0.9
GROUPS = 5


@dataclass(frozen=True)
class Luck:
    """The start beside the end, for K students with m nodes and teachers with n.

    Attributes:
        winner: The student node that is nearest to each teacher node at the end, shape (K, n).
        rank: Place of that node's initial correlation among all m, 0 for the largest, shape (K, n).
        won_by_quintile: Share of student nodes that end above `WON` with any teacher node, by fifths of their largest
            initial correlation with any, from lowest to highest, shape (5,).
        rank_correlation: Spearman's correlation of initial and final correlations over the m nodes, shape (K, n).
    """

    winner: Tensor
    rank: Tensor
    won_by_quintile: Tensor
    rank_correlation: Tensor

    def share_within(self, places: int) -> float:
        """Return how often the winner was among the so many luckiest at the start; by chance it is places / m."""
        return (self.rank < places).float().mean().item()


def luck(initial: Tensor, final: Tensor) -> Luck:
    """Compare correlations at the start and at the end, both (K, m, n), of teachers that have n nodes each.

    Take them from the snapshots `initial_correlation_1` and `correlation_1` of the last measurement.
    """
    winner = final.argmax(1)
    rank = (initial > initial.gather(1, winner[:, None])).sum(1)
    group = _places(initial.amax(2)) * GROUPS // initial.shape[1]
    won = final.amax(2) > WON
    shares = [won[group == number].float().mean() for number in range(GROUPS)]
    return Luck(winner, rank, torch.stack(shares), _spearman(initial, final))


def arrival(best_correlation: Tensor, level: float = WON) -> Tensor:
    """Return the first step at which each teacher node had a student node this near, or T if it never had.

    Args:
        best_correlation: `History["best_correlation"]` of one layer as a tensor, shape (T, K, n).
        level: Correlation to reach.

    Returns:
        Shape (K, n).
    """
    reached = best_correlation > level
    return torch.where(reached.any(0), reached.int().argmax(0), len(reached))


def _places(values: Tensor) -> Tensor:
    """Place of each of m values from 0, the smallest, to m - 1, along the second axis."""
    return values.argsort(1).argsort(1)


def _spearman(one: Tensor, other: Tensor) -> Tensor:
    """Correlation of places along the second axis of (K, m, n), shape (K, n)."""
    one, other = _places(one).double(), _places(other).double()
    one, other = one - one.mean(1, keepdim=True), other - other.mean(1, keepdim=True)
    return (one * other).sum(1) / (one.square().sum(1) * other.square().sum(1)).sqrt()
