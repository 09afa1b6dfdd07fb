"""Mini-batches that are mixed, or each of one class."""

from __future__ import annotations

from functools import partial
from typing import Literal

import torch
from torch import Tensor

from lessons.core.data.digits import Split
from lessons.core.generators import draw_per_seed

BatchOrder = Literal["shuffled", "sorted by class"]


class LabelledBatches:
    """Every epoch goes through the training images once, in batches of one size; a last part batch is left out.

    "shuffled": in a new random order. "sorted by class": the images lie class by class, in random order within each,
    and are cut into batches, which come in random order; but for those at the border of two classes, a batch holds
    images of one class.

    An epoch depends on seed and epoch alone, so batches can be asked for at any step, and lanes of one seed see the
    same. A batch size of at least the number of images means full batches.

    Args:
        seeds: Shape (K,).
        size: B.
        order: Which of the two.
        data: Where the N training images come from.
    """

    def __init__(self, seeds: Tensor, size: int, order: BatchOrder, data: Split):
        # Where one draw serves all lanes, the images are looked up once.
        self._seeds = seeds[:1] if (seeds == seeds[0]).all() else seeds
        self._data = data
        self.size = min(size, len(data.train_labels))
        self.in_epoch = len(data.train_labels) // self.size
        labels = data.train_labels.cpu() if order == "sorted by class" else None
        self._draw = partial(_epoch, len(data.train_labels), self.size, labels)
        self._epoch = -1
        self._rows = torch.empty(0)

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the batch of a step: inputs (K, B, 64) and labels (K, B), without K where all lanes see the same."""
        if self.size == len(self._data.train_labels):
            return self._data.train_inputs, self._data.train_labels
        rows = self.of_epoch(step)[:, step % self.in_epoch].to(self._data.train_labels.device)
        rows = rows[0] if len(rows) == 1 else rows
        return self._data.train_inputs[rows], self._data.train_labels[rows]

    def of_epoch(self, step: int) -> Tensor:
        """Return which images each batch of that step's epoch has: (K, batches, B), or (1, ...) if lanes agree."""
        epoch = step // self.in_epoch
        if epoch != self._epoch:
            self._epoch, self._rows = epoch, draw_per_seed(self._seeds, f"epoch {epoch}", self._draw)
        return self._rows


def _epoch(count: int, size: int, labels: Tensor | None, source: torch.Generator) -> Tensor:
    """One epoch's batches, shape (batches, B)."""
    order = torch.randperm(count, generator=source)
    in_epoch = count // size
    if labels is None:
        return order[: in_epoch * size].view(in_epoch, size)
    by_class = order[labels[order].argsort(stable=True)]
    batches = by_class[: in_epoch * size].view(in_epoch, size)
    return batches[torch.randperm(in_epoch, generator=source)]
