"""Settings of the net that trains in periods."""

from __future__ import annotations

from typing import Literal

from lessons.core.settings import Settings, setting

PENALTY_FACTORS = {"(λ/2)|x|²": 1.0, "λ|x|²": 2.0}


class PeriodicSettings(Settings):
    """Settings of `Periodic`."""

    learning_rate: float = setting(
        0.5,
        label="learning rate",
        symbol="η",
        doc="Size of each step; what counts is the effective learning rate η/ρ².",
        low=0.0,
        high=1e4,
        slider=(0.05, 4.0),
        scale="log",
        hot=True,
    )
    weight_decay: float = setting(
        0.004,
        label="weight decay",
        symbol="λ",
        doc="Each step multiplies the weights by 1 - ηλ. The period is about 1/(ηλ) steps.",
        low=0.0,
        high=1.0,
        slider=(0.0002, 0.02),
        scale="log",
        hot=True,
    )
    penalty: Literal["(λ/2)|x|²", "λ|x|²"] = setting(
        "(λ/2)|x|²",
        label="penalty",
        doc="What is added to the loss. The first gives the step -ηλx, the second -2ηλx.",
    )
    optimizer: Literal["gradient descent", "heavy ball"] = setting(
        "gradient descent", label="optimizer", doc="The update rule."
    )
    momentum: float = setting(
        0.9,
        label="momentum",
        symbol="β",
        doc="Share of the velocity kept at each step. Plain gradient descent ignores it.",
        low=0.0,
        high=0.999,
        slider=(0.0, 0.99),
        slider_step=0.01,
        hot=True,
    )
    fixed_norm: bool = setting(
        False,
        label="fix the norm",
        doc="Each step is projected back to the weight norm it started from: that of the start, or that of now.",
        hot=True,
    )
    learning_rate_decay: float = setting(
        0.0,
        label="decay of η",
        symbol="γ",
        unit="per step",
        doc="η falls as (1 - γ)^t.",
        low=0.0,
        high=0.5,
        slider=(0.0, 0.005),
        slider_step=0.0001,
    )
    trainable_affine: bool = setting(
        False, label="train γ and β", doc="Train factors and offsets of the batch normalisation, weight decay included."
    )
    trainable_last_layer: bool = setting(
        False, label="train the last layer", doc="Train the last layer too, weight decay included."
    )
    noise: float = setting(
        0.0,
        label="input noise",
        symbol="σ",
        doc="Deviation of fresh noise on each pixel at each step; the pixels' own deviation is 1.",
        low=0.0,
        high=5.0,
        slider=(0.0, 1.0),
        slider_step=0.05,
    )
    shift: int = setting(
        0, label="input shift", unit="pixels", doc="Images are moved by up to so many pixels.", low=0, high=3
    )
    initial_norm: float = setting(
        3.0,
        label="initial norm",
        symbol="ρ₀",
        doc="Length of all hidden weights together at the start.",
        low=0.01,
        high=1000.0,
        slider=(0.5, 20.0),
        scale="log",
    )
    last_layer_norm: float = setting(
        10.0,
        label="last layer's norm",
        doc="Length of the last layer's weights at the start, and while it is frozen.",
        low=0.1,
        high=100.0,
        slider=(1.0, 30.0),
        scale="log",
    )
    normalization: Literal["batch norm", "none"] = setting(
        "batch norm",
        label="normalisation",
        doc="Before each ReLU; without it the weights' length matters.",
        shared=True,
    )
    width: int = setting(
        32, label="width", doc="Units in each hidden layer.", low=2, high=512, slider=(8, 64), scale="log", shared=True
    )
    depth: int = setting(
        2, label="hidden layers", doc="Number of hidden layers.", low=1, high=8, slider=(1, 4), shared=True
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
    batch_size: int = setting(
        1200,
        label="batch size",
        symbol="B",
        doc="Images at each step; all of them (full batch) if there are no more than that.",
        low=8,
        high=1200,
        slider=(8, 1200),
        scale="log",
        shared=True,
    )
    sharpness_every: int = setting(
        25,
        label="measure sharpness every",
        unit="steps",
        doc="Sharpness on the sphere and test error are measured each time, and held in between.",
        low=1,
        high=10_000,
        slider=(5, 200),
        scale="log",
        shared=True,
    )
    steps: int = setting(
        6000,
        label="steps",
        doc="Number of updates.",
        low=1,
        high=1_000_000,
        slider=(1000, 50_000),
        scale="log",
        shared=True,
    )
    seed: int = setting(
        0,
        label="seed",
        doc="Draws initial weights, batches, noise and shifts.",
        low=0,
        high=2**31 - 1,
        slider=(0, 99),
    )
