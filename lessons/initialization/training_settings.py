"""Settings of a deep net's training."""

from __future__ import annotations

from typing import Literal

from lessons.core import declared
from lessons.core.settings import setting
from lessons.initialization.settings import SchemeSettings


class DeepNetSettings(SchemeSettings):
    """Settings of `DeepNet`."""

    learning_rate: float = declared.learning_rate(
        doc="Factor between gradient and step; compare 2/η with the sharpness.", slider=(0.001, 2.0)
    )
    optimizer: Literal["gradient descent", "heavy ball", "moving average", "Nesterov", "Adam"] = declared.optimizer()
    momentum: float = declared.momentum()
    loss: Literal["squared error", "cross-entropy"] = declared.loss()
    width: int = declared.width(high=256)
    depth: int = setting(
        20, label="hidden layers", doc="Number of hidden layers.", low=1, high=100, slider=(1, 60), shared=True
    )
    train_size: int = declared.train_size(doc="Digits in the training set; every step uses all of them (full batch).")
    measure_every: int = declared.measure_every(
        label="measure layers every",
        doc="How often test accuracy, layers' gradients and distinct units are measured.",
    )
    follow_sharpness: bool = declared.follow_sharpness()
    sharpness_every: int = declared.sharpness_every()
    spectrum_every: int = declared.spectrum_every()
    steps: int = declared.steps(default=500, slider=(50, 5000))
    seed: int = declared.seed()
    other_seeds: int = declared.other_seeds()
