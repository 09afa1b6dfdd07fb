"""Settings of lesson 3's experiments."""

from __future__ import annotations

from typing import Literal

from lessons.core import declared
from lessons.core.activations import Activation
from lessons.core.rules import LimitedRule
from lessons.core.settings import Settings, setting


class ParabolaSettings(Settings):
    """Settings of `Parabola`."""

    ratio: float = setting(
        1.6,
        label="learning rate over the optimal one",
        symbol="η / ηₒₚₜ",
        doc="1 reaches the minimum in one step, 2 is the limit of convergence.",
        low=0.0,
        high=4.0,
        slider=(0.0, 2.5),
        slider_step=0.01,
        hot=True,
    )
    curvature: float = declared.curvature(
        label="curvature", symbol="λ", doc="Second derivative of the parabola; the optimal learning rate is 1/λ."
    )
    start: float = setting(
        -2.0,
        label="start",
        symbol="x₀",
        doc="Where the descent begins; the minimum is at 0.",
        low=-4.0,
        high=4.0,
        slider_step=0.05,
    )
    steps: int = setting(40, label="steps", doc="Number of updates.", low=1, high=2000, slider=(5, 200), shared=True)


class BowlShape(Settings):
    """The bowl and the method, without the learning rate.

    All lanes have the same bowl and the same start: their paths are drawn over one set of level lines.
    """

    optimizer: LimitedRule = declared.optimizer(doc="The update rule; each has its own limit.")
    momentum: float = declared.momentum(
        doc="Share of the velocity kept at each step. Plain gradient descent ignores it."
    )
    sharpness: float = declared.curvature(
        label="sharpness", symbol="λₘₐₓ", doc="Largest eigenvalue of the Hessian; it alone sets the limit.", shared=True
    )
    condition_number: float = declared.condition_number(default=8.0, shared=True)
    angle: float = declared.angle(doc="Turns the bowl away from the coordinate axes. The limit does not move.")
    dimension: int = setting(
        2, label="dimensions", symbol="D", doc="Number of coordinates.", low=2, high=50, slider=(2, 20), shared=True
    )
    start_x: float = declared.start_x(default=-2.2, low=-3.0, high=3.0)
    start_y: float = declared.start_y(
        default=1.4, low=-3.0, high=3.0, doc="Second coordinate of the start; further coordinates start at 1."
    )
    steps: int = setting(100, label="steps", doc="Number of updates.", low=1, high=5000, slider=(10, 500), shared=True)


class BowlSettings(BowlShape):
    """Settings of `Bowl`."""

    learning_rate: float = setting(
        1.7,
        label="learning rate",
        symbol="η",
        doc="Factor between gradient and step. Gradient descent is stable below 2/λₘₐₓ.",
        low=0.0,
        high=500.0,
        slider=(0.0, 4.0),
        slider_step=0.01,
        hot=True,
    )


class TurnedBowlSettings(BowlSettings):
    """A bowl whose lanes may be turned by different angles: losses alone are drawn, and no level lines."""

    angle: float = setting(0.0, label="rotation", symbol="φ", unit="°", doc="Turns the bowl.", low=-180.0, high=180.0)


class NetShape(Settings):
    """The net, its data and its method, without the learning rate."""

    optimizer: Literal[
        "gradient descent", "heavy ball", "moving average", "Nesterov", "RMSProp", "Adam", "your own"
    ] = declared.optimizer()
    momentum: float = declared.momentum()
    loss: Literal["squared error", "cross-entropy"] = declared.loss()
    activation: Activation = declared.activation()
    width: int = declared.width()
    depth: int = declared.depth()
    init_scale: float = declared.init_scale(
        default=0.5, doc="Weights start as N(0, s²/fan_in); small s starts flat, large s starts sharp."
    )
    train_size: int = declared.train_size(doc="Digits in the training set; every step uses all of them (full batch).")
    sharpness_every: int = declared.sharpness_every(
        default=10,
        doc="Each time λₘₐₓ is followed by 8 Lanczos steps, which read at most a few percent low.",
        high=100,
        slider=(1, 20),
    )
    steps: int = declared.steps()
    seed: int = declared.seed()


class NetSettings(NetShape):
    """Settings of `Net`."""

    learning_rate: float = declared.learning_rate(
        default=0.2, doc="Factor between gradient and step; compare 2/η with the sharpness.", slider=(0.01, 2.0)
    )
