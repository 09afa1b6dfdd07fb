"""Settings of a deep net's training."""

from __future__ import annotations

from typing import Literal

from lessons.core.settings import setting
from lessons.initialization.settings import SchemeSettings


class DeepNetSettings(SchemeSettings):
    """Settings of `DeepNet`."""

    learning_rate: float = setting(
        0.1,
        label="learning rate",
        symbol="η",
        doc="Size of each step; compare 2/η with the sharpness.",
        low=0.0,
        high=100.0,
        slider=(0.001, 2.0),
        scale="log",
        hot=True,
    )
    optimizer: Literal["gradient descent", "heavy ball", "moving average", "Nesterov", "Adam"] = setting(
        "gradient descent", label="optimizer", doc="The update rule."
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
        20, label="hidden layers", doc="Number of hidden layers.", low=1, high=100, slider=(1, 60), shared=True
    )
    train_size: int = setting(
        200,
        label="training images",
        symbol="N",
        doc="Digits in the training set; every step uses all of them (full batch).",
        low=20,
        high=1200,
        slider=(50, 1000),
        scale="log",
        shared=True,
    )
    measure_every: int = setting(
        10,
        label="measure layers every",
        unit="steps",
        doc="How often test accuracy, gradients of the layers and distinct units are taken.",
        low=1,
        high=1000,
        slider=(1, 100),
        shared=True,
    )
    follow_sharpness: bool = setting(
        False, label="follow the sharpness", doc="Measure λ_max now and then; slow in deep nets.", shared=True
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
    seed: int = setting(0, label="seed", doc="Draws the initial weights.", low=0, high=2**31 - 1, slider=(0, 99))
