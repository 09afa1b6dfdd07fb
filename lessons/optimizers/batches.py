"""Mini-batches in which each lane may have a size of its own."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.data.digits import Split
from lessons.core.generators import draw_per_seed
from lessons.core.lanes import Lanes


class Batches:
    """Draws each batch afresh: without replacement within it, from the seed and the step alone.

    Of the examples drawn, as many as the largest batch, a lane uses the first `batch_size`; the others weigh 0. Where
    every lane takes all examples nothing is drawn.

    Args:
        lanes: With `seed`, and `batch_size`, which may exceed the number of examples.
        data: Where the N training examples come from.
    """

    def __init__(self, lanes: Lanes, data: Split):
        self._data, self._count = data, len(data.train_labels)
        sizes = lanes.batch_size.clamp(max=self._count)[:, None]
        self._largest = int(sizes.max())
        self._all = bool((sizes == self._count).all())
        # Where one draw serves all lanes, the examples are looked up once.
        self._seeds = lanes.seed[:1] if (lanes.seed == lanes.seed[0]).all() else lanes.seed
        self._weight = ((torch.arange(self._largest) < sizes) / sizes).to(data.train_inputs)

    def at(self, step: int) -> tuple[Tensor, Tensor, Tensor]:
        """Return the examples of a step and how much each counts.

        Returns:
            Inputs (K, B, D) and labels (K, B), without the lane axis where all lanes see the same; and weights (K, B)
            whose sum is 1 in each lane.
        """
        if self._all:
            return self._data.train_inputs, self._data.train_labels, self._weight
        rows = draw_per_seed(self._seeds, f"batch {step}", self._draw).to(self._data.train_labels.device)
        rows = rows[0] if len(rows) == 1 else rows
        return self._data.train_inputs[rows], self._data.train_labels[rows], self._weight

    def _draw(self, source: torch.Generator) -> Tensor:
        return torch.randperm(self._count, generator=source)[: self._largest]
