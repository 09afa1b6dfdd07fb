"""Settings of an optimizer on a surface, and on a net."""

from __future__ import annotations

from typing import Literal

from lessons.core import declared
from lessons.core.activations import Activation
from lessons.core.rules import AnyRule, GradientRule
from lessons.core.settings import Settings, setting


class DescentSettings(Settings):
    """An optimizer and its hyperparameters: what `Descent` reads from its lanes."""

    optimizer: AnyRule = declared.optimizer()
    learning_rate: float = declared.learning_rate(
        doc="Factor between gradient and step. Newton's own is 1; L-BFGS tries this length first and then searches.",
        slider=(0.0001, 10.0),
    )
    momentum: float = declared.momentum(doc="Share of the velocity kept at each step (β₁ of Adam).")
    beta_2: float = declared.beta_2()
    weight_decay: float = declared.decoupled_weight_decay()
    damping: float = setting(
        0.0,
        label="damping",
        symbol="δ",
        doc="Newton's method adds it to each eigenvalue of the Hessian before inverting.",
        low=0.0,
        high=1000.0,
        slider=(0.0, 5.0),
        slider_step=0.05,
    )
    gradient_noise: float = declared.gradient_noise(
        default=0.0,
        doc="Standard deviation of the Gaussian noise in each gradient: it stands in for drawing batches.",
        slider=(0.0, 2.0),
        slider_step=0.01,
    )
    seed: int = declared.seed(doc="Draws the gradient noise.")


class RaceSettings(DescentSettings):
    """Settings of `Race`."""

    surface: Literal["quadratic", "Rosenbrock", "Beale", "saddle", "two minima", "net"] = setting(
        "quadratic",
        label="surface",
        doc="What is minimized; 'net' is a plane through the weights of a net trained on the digits.",
        shared=True,
    )
    condition_number: float = declared.condition_number(
        default=20.0, doc="Of the quadratic surface: its curvatures are 1 and 1/κ.", shared=True
    )
    angle: float = declared.angle(doc="Of the quadratic surface: turns it away from the axes.")
    start_x: float = declared.start_x(default=-2.0, low=-5.0, high=5.0)
    start_y: float = declared.start_y(default=2.2, low=-5.0, high=5.0)
    steps: int = setting(
        200, label="steps", doc="Number of updates.", low=1, high=10000, slider=(10, 2000), shared=True
    )


class ValleySettings(DescentSettings):
    """Settings of `Valley`."""

    condition_number: float = declared.condition_number(
        default=100.0, doc="The curvatures are 1 and 1/κ, times the factor of the loss.", shared=True
    )
    angle: float = declared.angle(
        default=0.0, doc="Turns the valley, and the start with it, away from the axes.", shared=False
    )
    loss_scale: float = setting(
        1.0,
        label="factor of the loss",
        symbol="c",
        doc="What the loss is multiplied by: another unit, a sum instead of a mean.",
        low=1e-4,
        high=1e4,
        slider=(0.01, 100.0),
        scale="log",
    )
    steps: int = setting(
        300, label="steps", doc="Number of updates.", low=1, high=10000, slider=(10, 2000), shared=True
    )


class ClassifierSettings(Settings):
    """Settings of `Classifier`."""

    learning_rate: float = declared.learning_rate(default=0.01, high=1000.0, slider=(0.0001, 10.0))
    optimizer: GradientRule = declared.optimizer(default="AdamW")
    momentum: float = declared.momentum(doc="Share of the velocity kept at each step (β₁ of Adam).")
    beta_2: float = declared.beta_2()
    weight_decay: float = declared.decoupled_weight_decay()
    batch_size: int = declared.batch_size(
        symbol="b", doc="Examples for each gradient; as many as there are, or more: all of them.", slider=(1, 1000)
    )
    init_scale: float = declared.init_scale()
    data: Literal["digits", "moons", "circles", "spirals", "xor"] = setting(
        "digits", label="data", doc="Handwritten digits, or two classes of points in the plane.", shared=True
    )
    noise: float = setting(
        0.1,
        label="noise",
        symbol="σ",
        doc="Standard deviation of the noise in the points' coordinates; the digits have their own.",
        low=0.0,
        high=1.0,
        slider=(0.0, 0.5),
        slider_step=0.01,
        shared=True,
    )
    train_size: int = declared.train_size(
        default=400, label="training examples", doc="Examples in the training set.", low=10
    )
    activation: Activation = declared.activation()
    width: int = declared.width(low=1, high=256, slider=(2, 128))
    depth: int = declared.depth(default=1, high=6)
    measure_every: int = declared.measure_every(
        default=20,
        label="measure all data every",
        doc="How often loss and accuracy are taken over the whole training and test sets.",
    )
    steps: int = declared.steps()
    seed: int = declared.seed(doc="Draws the initial weights and the batches.")
    other_seeds: int = declared.other_seeds()
