"""Settings of the small ConvNet that trains in periods."""

from __future__ import annotations

from lessons.core import declared
from lessons.core.settings import Settings, setting


class ConvPeriodsSettings(Settings):
    """Settings of `ConvPeriods`."""

    learning_rate: float = declared.learning_rate(
        default=0.5,
        doc="Size of each step; what counts is the effective learning rate η/ρ².",
        high=1e4,
        slider=(0.05, 4.0),
    )
    weight_decay: float = setting(
        0.008,
        label="weight decay",
        symbol="λ",
        doc="Each step multiplies the kernels by 1 - ηλ.",
        low=0.0,
        high=1.0,
        slider=(0.001, 0.05),
        scale="log",
        hot=True,
    )
    fixed_norm: bool = setting(
        False,
        label="fix the norm",
        doc="Each step is projected back to the norm it started from: that of the start, or that of now.",
        hot=True,
    )
    batch_size: int = declared.batch_size(
        default=128,
        doc="Images at each step; all of them (full batch) if there are no more than that.",
        low=8,
        slider=(16, 512),
    )
    width: int = declared.width(
        default=4,
        doc="Channels of the first convolution; each further layer has twice as many.",
        high=16,
        slider=(2, 8),
    )
    train_size: int = declared.train_size(default=1200, slider=(50, 1200))
    measure_every: int = declared.measure_every(default=25, doc="The test error is read each time.")
    steps: int = declared.steps(default=1200, slider=(200, 5000))
    seed: int = declared.seed(doc="Draws initial weights and batches.")
