"""Settings of lesson 2's experiments."""

from __future__ import annotations

from typing import Literal

from lessons.core import declared
from lessons.core.activations import Activation
from lessons.core.settings import setting
from lessons.schedules.schedule_settings import ScheduleShape


class NoisyQuadraticSettings(ScheduleShape):
    """Settings of `NoisyQuadratic`."""

    learning_rate: float = declared.learning_rate(
        default=0.5,
        doc="The highest learning rate of the schedule. Without momentum stable below 2/λₘₐₓ.",
        slider=(0.001, 4.0),
    )
    optimizer: Literal["gradient descent", "heavy ball"] = declared.optimizer(
        doc="The update rule, with the noisy gradient."
    )
    momentum: float = declared.momentum(
        doc="Share of the velocity kept at each step; it raises the floor (1/(1-β))-fold. Idle in gradient descent."
    )
    noise: float = declared.gradient_noise(
        doc="Standard deviation of the noise that is added to each component of the gradient."
    )
    batch_size: int = declared.batch_size(
        default=1, doc="Samples averaged in each gradient: its noise has standard deviation σ/√B.", slider=(1, 64)
    )
    sharpness: float = declared.curvature(label="sharpness")
    condition_number: float = declared.condition_number()
    start: float = setting(
        5.0, label="start", symbol="θ₀", doc="Each coordinate at the start.", low=-100.0, high=100.0, slider=(0.0, 20.0)
    )
    dimension: int = setting(
        2,
        label="dimensions",
        symbol="D",
        doc="Number of eigen-directions.",
        low=1,
        high=50,
        slider=(1, 20),
        shared=True,
    )
    replicas: int = setting(
        32,
        label="runs averaged",
        symbol="R",
        doc="Runs that make up a lane, each with noise of its own; its loss is their mean.",
        low=1,
        high=1024,
        slider=(1, 256),
        scale="log",
        shared=True,
    )
    steps: int = declared.steps()
    seed: int = declared.seed(doc="Draws the gradient noise.")


class ScheduledNetSettings(ScheduleShape):
    """Settings of `ScheduledNet`."""

    learning_rate: float = declared.learning_rate(
        default=0.2, doc="The highest learning rate of the schedule; compare 2/η with the sharpness."
    )
    optimizer: Literal["gradient descent", "heavy ball", "moving average", "Nesterov", "Adam"] = declared.optimizer(
        doc="The update rule, with the gradient of a mini-batch."
    )
    momentum: float = declared.momentum()
    loss: Literal["squared error", "cross-entropy"] = declared.loss()
    activation: Activation = declared.activation()
    width: int = declared.width()
    depth: int = declared.depth()
    init_scale: float = declared.init_scale(doc="Weights start as N(0, s²/fan_in); large s starts sharp.")
    train_size: int = declared.train_size(default=500)
    batch_size: int = declared.batch_size(
        doc="Images drawn for each step; each epoch takes all images in a new order, without a last part batch.",
        shared=True,
    )
    sharpness_every: int = declared.sharpness_every(
        doc="Sharpness, training loss and test accuracy are measured each time."
    )
    steps: int = declared.steps()
    seed: int = declared.seed(doc="Draws the initial weights and the batches.")
    other_seeds: int = declared.other_seeds()
