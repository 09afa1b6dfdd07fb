"""The net's inputs at each step: all training images or a mini-batch, as they are or with noise and shifts."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.batches import EpochBatches
from lessons.core.data.digits import SIDE, Split
from lessons.core.generators import draw_per_seed, normal_per_seed
from lessons.core.lanes import Lanes
from lessons.periodic.settings import PeriodicSettings


class TrainingInputs:
    """Images and labels for each step; lanes of one seed see the same batches, noise and shifts.

    What is seen at a step depends on seed and step alone.

    Args:
        lanes: With `seed`, `noise`, `shift` and the shared `batch_size`; one at or above the number of images means
            full batches.
        data: The training images.
    """

    def __init__(self, lanes: Lanes[PeriodicSettings], data: Split):
        self._lanes = lanes
        self._background = float(data.train_inputs.min())
        self._batches = EpochBatches(lanes.seed, lanes.shared.batch_size, data)

    def at(self, step: int) -> tuple[Tensor, Tensor]:
        """Return inputs (N, 64) or (K, N, 64) and labels (N,) or (K, N)."""
        inputs, labels = self._batches.at(step)
        if any(self._lanes.values("shift")):
            inputs = shifted(inputs, self._draw_offsets(step, inputs.shape[-2]), self._background)
        if any(self._lanes.values("noise")):
            inputs = inputs + self._draw_noise(step, inputs)
        return inputs, labels

    def _draw_offsets(self, step: int, count: int) -> Tensor:
        """Whole pixels to the right and downwards for each image, uniform from -shift to shift, shape (K, N, 2)."""
        drawn = draw_per_seed(self._lanes.seed, f"shift {step}", lambda source: torch.rand(count, 2, generator=source))
        shift = self._lanes.shift[:, None, None]
        return (drawn * (2 * shift + 1)).floor().long() - shift.long()

    def _draw_noise(self, step: int, inputs: Tensor) -> Tensor:
        drawn = normal_per_seed(self._lanes.seed, f"noise {step}", *inputs.shape[-2:])
        return (self._lanes.noise.float()[:, None, None] * drawn).to(inputs)


def shifted(inputs: Tensor, offsets: Tensor, background: float) -> Tensor:
    """Return images moved by whole pixels.

    Args:
        inputs: Shape (N, 64) or (K, N, 64).
        offsets: To the right and downwards, shape (K, N, 2).
        background: What comes in from outside.

    Returns:
        Shape (K, N, 64).
    """
    offsets = offsets.to(inputs.device)
    pixel = torch.arange(SIDE * SIDE, device=inputs.device)
    column = pixel % SIDE - offsets[..., :1]
    row = pixel // SIDE - offsets[..., 1:]
    inside = (column >= 0) & (column < SIDE) & (row >= 0) & (row < SIDE)
    source = (row.clamp(0, SIDE - 1) * SIDE + column.clamp(0, SIDE - 1)).expand_as(inside)
    return torch.where(inside, inputs.expand(source.shape).gather(-1, source), background)
