"""Settings of the small ConvNet that trains in periods."""

from __future__ import annotations

from lessons.core import declared
from lessons.core.settings import Settings
from lessons.periodic import declared as periodic


class ConvPeriodsSettings(Settings):
    """Settings of `ConvPeriods`."""

    learning_rate: float = periodic.learning_rate()
    weight_decay: float = periodic.weight_decay(
        0.008, doc="Each step multiplies the kernels by 1 - ηλ.", slider=(0.001, 0.05)
    )
    fixed_norm: bool = periodic.fixed_norm()
    batch_size: int = periodic.batch_size(default=128, slider=(16, 512))
    width: int = declared.channels()
    train_size: int = declared.train_size(default=1200, slider=(50, 1200))
    measure_every: int = declared.measure_every(default=25, doc="The test error is read each time.")
    steps: int = declared.steps(default=1200, slider=(200, 5000))
    seed: int = declared.seed(doc="Draws initial weights and batches.")
