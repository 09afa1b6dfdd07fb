"""Mini-batches that depend on seed and step alone, so that any step's can be asked for."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Literal

import torch
from torch import Tensor

from lessons.core.data.digits import Split, as_images
from lessons.core.generators import draw_per_seed
from lessons.core.lanes import Lanes

BatchOrder = Literal["shuffled", "sorted by class"]


class EpochBatches:
    """Every epoch goes through the training images once, in batches of one size; a last part batch is left out.

    "shuffled": in a new random order. "sorted by class": the images lie class by class, in random order within each,
    and are cut into batches from a random image on, round the end; the batches come in random order. Small
    batches hold images of one class, but for those at the border of two.

    An epoch depends on seed and epoch alone, so batches can be asked for at any step, and lanes of one seed see the
    same. A batch size of at least the number of images means full batches.

    Args:
        seeds: Shape (K,).
        size: B.
        data: Where the N training images come from.
        order: Which of the two.
    """

    def __init__(self, seeds: Tensor, size: int, data: Split, order: BatchOrder = "shuffled"):
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


class FreshBatches:
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


def _epoch(count: int, size: int, labels: Tensor | None, source: torch.Generator) -> Tensor:
    """One epoch's batches, shape (batches, B)."""
    order = torch.randperm(count, generator=source)
    in_epoch = count // size
    if labels is None:
        return order[: in_epoch * size].view(in_epoch, size)
    # Cut at a random place: from the first image on, the part batch left out would always be of the last classes.
    start = int(torch.randint(count, (1,), generator=source))
    by_class = order[labels[order].argsort(stable=True)].roll(-start)
    batches = by_class[: in_epoch * size].view(in_epoch, size)
    return batches[torch.randperm(in_epoch, generator=source)]


class ImageBatches:
    """A batch of digits as images for each lane, whose batches may differ in size.

    Args:
        seeds: Shape (K,).
        sizes: B of each lane.
        data: Where the training images come from.
    """

    def __init__(self, seeds: Tensor, sizes: Sequence[int], data: Split):
        each = zip(seeds.split(1), sizes, strict=True)
        self._lanes = [EpochBatches(seed, size, data) for seed, size in each]

    def at(self, step: int) -> list[tuple[Tensor, Tensor]]:
        """Return of each lane the batch of a step: images (B, 1, 8, 8) and labels (B,)."""
        return [(as_images(inputs), labels) for inputs, labels in (lane.at(step) for lane in self._lanes)]
