"""Settings of a small convolutional net with normalization."""

from __future__ import annotations

from typing import Literal

from lessons.core import declared
from lessons.core.settings import Settings, setting

ConvNorm = Literal["none", "batch", "layer", "group", "instance"]


class ConvNormSettings(Settings):
    """Settings of `NormalizedConvNet`."""

    learning_rate: float = declared.learning_rate(doc="Factor between gradient and step.")
    normalization: ConvNorm = setting(
        "none",
        label="normalization",
        doc="Of each convolution's maps, with one factor and one offset for each channel.",
    )
    groups: int = setting(
        2,
        label="groups",
        symbol="G",
        doc="Of group norm: the largest number up to this that divides the channels.",
        low=1,
        high=64,
        slider=(1, 8),
    )
    batch_size: int = declared.batch_size(
        doc="Images in each step; as many as there are for training, or more: full batches.", slider=(1, 256)
    )
    task: Literal["which digit", "which contrast"] = setting(
        "which digit",
        label="task",
        doc="Which contrast: half of all images have half the contrast, and the label says which.",
        shared=True,
    )
    contrast: float = setting(
        3.0,
        label="changed contrast",
        symbol="c",
        doc="In one copy of the test images each has its contrast times a factor of its own, from 1/c to c.",
        low=1.0,
        high=100.0,
        slider=(1.0, 10.0),
        shared=True,
    )
    brightness: float = setting(
        1.5,
        label="changed brightness",
        symbol="b",
        doc="In another copy each is brighter by an amount of its own, from -b to b standard deviations.",
        low=0.0,
        high=100.0,
        slider=(0.0, 4.0),
        shared=True,
    )
    width: int = declared.channels()
    train_size: int = declared.train_size(default=500)
    measure_every: int = declared.measure_every(default=20, doc="How often the test errors are measured.")
    steps: int = declared.steps(default=300, slider=(50, 2000))
    seed: int = declared.seed(doc="Draws the initial weights and the batches.")
