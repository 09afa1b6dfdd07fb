"""Divide the learning rate when the loss is stuck, in all lanes at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.lanes import Lanes

THRESHOLD = 1e-4


@dataclass
class Plateau:
    """The memory of "divide when stuck"; follows `torch.optim.lr_scheduler.ReduceLROnPlateau`.

    A loss is a new best if it is below (1 - `THRESHOLD`) times the best so far. After more than `patience` steps in a
    row without one, the share is multiplied by `decay_factor`, down to `floor`, and the count begins again. What is
    watched is not the loss of one batch, whose noise would hide any progress, but its running mean
    s <- alpha s + (1 - alpha) loss, which begins at the first loss.

    Attributes:
        watched: Whether the lane's schedule is "divide when stuck", shape (K,).
        share: Product of the divisions so far, float64, shape (K,); 1 in lanes that are not watched.
        best: Best running mean so far, float64, shape (K,).
        waited: Steps since then, or since the last division, shape (K,).
        smoothed: Running mean of the loss, float64, shape (K,), kept in all lanes; None before the first loss.
    """

    watched: Tensor
    share: Tensor
    best: Tensor
    waited: Tensor
    smoothed: Tensor | None = None

    @classmethod
    def start(cls, lanes: Lanes) -> Plateau:
        """The state before the first loss is seen."""
        one = torch.ones(len(lanes), dtype=torch.float64)
        return cls(
            watched=torch.tensor([name == "divide when stuck" for name in lanes.values("schedule")]),
            share=one,
            best=one * torch.inf,
            waited=torch.zeros_like(one),
        )

    def see(self, loss: Tensor, lanes: Lanes) -> Tensor:
        """Take one more loss, shape (K,), into the running mean and return that, float64, shape (K,)."""
        loss, kept = loss.detach().cpu().double(), lanes.smoothing
        self.smoothed = loss if self.smoothed is None else kept * self.smoothed + (1 - kept) * loss
        return self.smoothed

    def divide(self, lanes: Lanes) -> None:
        """Divide where the running mean is stuck; once a step, after the update that follows its last loss."""
        assert self.smoothed is not None
        better = self.smoothed < self.best * (1 - THRESHOLD)
        self.best = torch.where(better, self.smoothed, self.best)
        self.waited = torch.where(better, 0.0, self.waited + 1)
        stuck = self.waited > lanes.patience
        lower = torch.maximum(self.share * lanes.decay_factor, lanes.floor)
        self.share = torch.where(stuck & self.watched, lower, self.share)
        self.waited = torch.where(stuck, 0.0, self.waited)
