"""Mini-batches of the digits for all lanes: drawn by each lane's seed, one epoch after the other."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.data.digits import Split
from lessons.core.generators import draw_per_seed
from lessons.core.lanes import Lanes


class Batches:
    """Every epoch goes through the training images in a new random order, in batches; a last part batch is left out.

    An epoch's order depends on seed and epoch alone, so batches can be asked for at any step, and lanes of one seed
    see the same. A batch size above the number of images means full batches.

    Args:
        lanes: With `seed` and the shared `batch_size`.
        data: Where the N training images come from.
    """

    def __init__(self, lanes: Lanes, data: Split):
        self._seeds = lanes.seed
        self._data = data
        self._size = min(lanes.shared.batch_size, len(data.train_labels))
        self._in_epoch = len(data.train_labels) // self._size
        self._epoch = -1
        self._order = torch.empty(0)

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the batch of a step: inputs (K, B, 64) and labels (K, B)."""
        epoch, number = divmod(step, self._in_epoch)
        if epoch != self._epoch:
            self._epoch, self._order = epoch, epoch_order(self._seeds, epoch, len(self._data.train_labels))
        rows = self._order[:, number * self._size : (number + 1) * self._size].to(self._data.train_labels.device)
        return self._data.train_inputs[rows], self._data.train_labels[rows]


def epoch_order(seeds: Tensor, epoch: int, count: int) -> Tensor:
    """Draw the order of `count` images in one epoch for each lane, shape (K, count)."""
    return draw_per_seed(seeds, f"epoch {epoch}", lambda source: torch.randperm(count, generator=source))
