"""Settings of a net with normalization."""

from __future__ import annotations

from typing import Literal

from lessons.core.network import Activation
from lessons.core.settings import Settings, setting
from lessons.normalization.batches import BatchOrder
from lessons.normalization.normalizers import NormalizationName


class NormalizedNetShape(Settings):
    """The nets, their data and their method, without normalization and learning rate."""

    optimizer: Literal["gradient descent", "heavy ball", "moving average", "Nesterov", "Adam"] = setting(
        "gradient descent", label="optimizer", doc="The update rule, with the gradient of a mini-batch."
    )
    momentum: float = setting(
        0.9,
        label="momentum",
        symbol="β",
        doc="Share of the velocity kept at each step (β₁ of Adam). Plain gradient descent ignores it.",
        low=0.0,
        high=0.999,
        slider=(0.0, 0.99),
        slider_step=0.01,
        hot=True,
    )
    batch_size: int = setting(
        64,
        label="batch size",
        symbol="B",
        doc="Images in each step; as many as there are for training, or more: full batches.",
        low=1,
        high=1200,
        slider=(1, 256),
        scale="log",
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
    init_scale: float = setting(
        1.4,
        label="initial scale",
        symbol="s",
        doc="Weights start as N(0, s²/fan_in); √2 is Kaiming's, for ReLU.",
        low=0.01,
        high=100.0,
        slider=(0.1, 10.0),
        scale="log",
    )
    activation: Activation = setting("relu", label="activation", doc="After each normalization.", shared=True)
    loss: Literal["squared error", "cross-entropy"] = setting(
        "squared error", label="loss", doc="What is minimised.", shared=True
    )
    width: int = setting(
        32,
        label="width",
        doc="Units in each hidden layer.",
        low=2,
        high=256,
        slider=(4, 128),
        scale="log",
        shared=True,
    )
    depth: int = setting(
        3, label="hidden layers", doc="Number of hidden layers.", low=1, high=30, slider=(1, 12), shared=True
    )
    train_size: int = setting(
        256,
        label="training images",
        symbol="N",
        doc="Digits in the training set.",
        low=20,
        high=1200,
        slider=(50, 1000),
        scale="log",
        shared=True,
    )
    measure_every: int = setting(
        10,
        label="measure every",
        unit="steps",
        doc="How often accuracies, shift and gradient predictiveness are taken.",
        low=1,
        high=10000,
        slider=(1, 100),
        shared=True,
    )
    follow_shift: bool = setting(
        True,
        label="follow the shift",
        doc="Measure internal covariate shift and gradient predictiveness.",
        shared=True,
    )
    follow_sharpness: bool = setting(
        False, label="follow the sharpness", doc="Measure λ_max now and then, on all training images.", shared=True
    )
    sharpness_every: int = setting(
        20,
        label="measure sharpness every",
        unit="steps",
        doc="Each time λ_max is followed by 8 Lanczos steps.",
        low=1,
        high=1000,
        slider=(1, 100),
        shared=True,
    )
    spectrum_every: int = setting(
        100,
        label="renew the spectrum every",
        unit="steps",
        doc="How old the Hessian's spectrum that is shown may be; it costs some 100 steps, where it is shown.",
        low=1,
        high=10000,
        slider=(10, 1000),
        scale="log",
        shared=True,
    )
    steps: int = setting(
        500, label="steps", doc="Number of updates.", low=1, high=20000, slider=(50, 5000), scale="log", shared=True
    )
    seed: int = setting(
        0, label="seed", doc="Draws the initial weights and the batches.", low=0, high=2**31 - 1, slider=(0, 99)
    )


class NormalizedNetSettings(NormalizedNetShape):
    """Settings of `NormalizedNet`."""

    learning_rate: float = setting(
        0.1,
        label="learning rate",
        symbol="η",
        doc="Size of each step; compare 2/η with the sharpness.",
        low=0.0,
        high=1000.0,
        slider=(0.001, 10.0),
        scale="log",
        hot=True,
    )
    normalization: NormalizationName = setting(
        "none",
        label="normalization",
        doc="Of each hidden layer: of its sums, of its weights, or, by deconvolution, of its inputs.",
    )
