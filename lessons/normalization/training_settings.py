"""Settings of a net with normalization."""

from __future__ import annotations

from typing import Literal

from lessons.core import declared
from lessons.core.activations import Activation
from lessons.core.batches import BatchOrder
from lessons.core.settings import Settings, setting
from lessons.normalization.normalizers import NormalizationName


class NormalizedNetShape(Settings):
    """The nets, their data and their method, without normalization and learning rate."""

    optimizer: Literal["gradient descent", "heavy ball", "moving average", "Nesterov", "Adam"] = declared.optimizer(
        doc="The update rule, with the gradient of a mini-batch."
    )
    momentum: float = declared.momentum()
    batch_size: int = declared.batch_size(
        default=64,
        doc="Images in each step; as many as there are for training, or more: full batches.",
        slider=(1, 256),
    )
    batches: BatchOrder = setting(
        "shuffled", label="batches", doc="Mixed, or with as few classes in each batch as its size allows."
    )
    groups: int = setting(
        4,
        label="groups",
        symbol="G",
        doc="Of group norm: the largest number up to this that divides the width.",
        low=1,
        high=256,
        slider=(1, 32),
        scale="log",
    )
    init_scale: float = declared.init_scale(
        default=1.4, doc="Weights start as N(0, s²/fan_in); √2 is Kaiming's, for ReLU.", high=100.0, slider=(0.1, 10.0)
    )
    activation: Activation = declared.activation(default="relu", doc="After each normalization.")
    loss: Literal["squared error", "cross-entropy"] = declared.loss()
    width: int = declared.width(high=256)
    depth: int = declared.depth(default=3, low=1, high=30, slider=(1, 12))
    train_size: int = declared.train_size(default=256)
    measure_every: int = declared.measure_every(
        doc="How often accuracies, shift and roughness are measured.", high=10000
    )
    follow_shift: bool = setting(
        True,
        label="follow the shift",
        doc="Measure internal covariate shift and roughness.",
        shared=True,
    )
    follow_sharpness: bool = declared.follow_sharpness(doc="Measure λₘₐₓ now and then, on all training images.")
    sharpness_every: int = declared.sharpness_every()
    spectrum_every: int = declared.spectrum_every()
    steps: int = declared.steps(default=500, slider=(50, 5000))
    seed: int = declared.seed(doc="Draws the initial weights and the batches.")


class NormalizedNetSettings(NormalizedNetShape):
    """Settings of `NormalizedNet`."""

    learning_rate: float = declared.learning_rate(
        doc="Factor between gradient and step; compare 2/η with the sharpness."
    )
    normalization: NormalizationName = setting(
        "none",
        label="normalization",
        doc="Of each hidden layer: of its sums, of its weights, or, by deconvolution, of its inputs.",
    )
    other_seeds: int = declared.other_seeds()
