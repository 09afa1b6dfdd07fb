"""Settings of the net that trains in periods."""

from __future__ import annotations

from typing import Literal

from lessons.core import declared
from lessons.core.settings import Settings, setting
from lessons.periodic import declared as periodic

PENALTY_FACTORS = {"(λ/2)|x|²": 1.0, "λ|x|²": 2.0}


class PeriodicSettings(Settings):
    """Settings of `Periodic`."""

    learning_rate: float = periodic.learning_rate()
    weight_decay: float = periodic.weight_decay(
        0.004,
        doc="Each step multiplies the weights by 1 - ηλ. The period is about 1/(ηλ) steps.",
        slider=(0.0002, 0.02),
    )
    penalty: Literal["(λ/2)|x|²", "λ|x|²"] = setting(
        "(λ/2)|x|²",
        label="penalty",
        doc="What is added to the loss. The first gives the step -ηλx, the second -2ηλx.",
    )
    optimizer: Literal["gradient descent", "heavy ball"] = declared.optimizer()
    momentum: float = declared.momentum(
        doc="Share of the velocity kept at each step. Plain gradient descent ignores it."
    )
    fixed_norm: bool = periodic.fixed_norm()
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
        False, label="train γ and β", doc="Train factors and offsets of the batch normalization, weight decay included."
    )
    trainable_last_layer: bool = setting(
        False, label="train the last layer", doc="Train the last layer too, weight decay included."
    )
    noise: float = setting(
        0.0,
        label="input noise",
        symbol="σ",
        doc="Standard deviation of fresh noise on each pixel at each step; that of the pixels themselves is 1.",
        low=0.0,
        high=5.0,
        slider=(0.0, 1.0),
        slider_step=0.05,
    )
    shift: int = setting(
        0,
        label="input shift",
        unit="pixels",
        doc="At each step images are moved by up to this many pixels.",
        low=0,
        high=3,
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
        label="normalization",
        doc="Before each ReLU; without it the weights' length matters.",
        shared=True,
    )
    width: int = declared.width(slider=(8, 64))
    depth: int = declared.depth(low=1, slider=(1, 4))
    train_size: int = declared.train_size(default=256)
    batch_size: int = periodic.batch_size(default=1200, slider=(8, 1200), shared=True)
    sharpness_every: int = declared.sharpness_every(
        default=25,
        doc="Sharpness on the sphere and test error are measured that often.",
        high=10_000,
        slider=(5, 200),
        scale="log",
    )
    steps: int = declared.steps(default=6000, high=1_000_000, slider=(1000, 50_000))
    seed: int = declared.seed(doc="Draws initial weights, batches, noise and shifts.")
