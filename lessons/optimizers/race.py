"""Optimizers side by side on one surface, from one start."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.experiment import Experiment, Measurement
from lessons.core.generators import draw_per_seed
from lessons.core.lanes import Lanes
from lessons.core.run import Change
from lessons.core.settings import Settings, setting
from lessons.core.update_rules import Hyperparameters
from lessons.optimizers.mixture import MixedOptimizer, RuleName
from lessons.optimizers.net_slice import net_slice
from lessons.optimizers.rules import Place
from lessons.optimizers.scripts import race_script
from lessons.optimizers.surfaces import Beale, Rosenbrock, Saddle, Surface, TwoMinima, quadratic

SURFACES: dict[str, Callable[[Lanes], Surface]] = {
    "quadratic": quadratic,
    "Rosenbrock": lambda lanes: Rosenbrock(),
    "Beale": lambda lanes: Beale(),
    "saddle": lambda lanes: Saddle(),
    "two minima": lambda lanes: TwoMinima(),
    "net": lambda lanes: net_slice(),
}
_NOISE_BLOCK = 256


class DescentSettings(Settings):
    """An optimizer and its hyperparameters: what `descent` reads from its lanes."""

    optimizer: RuleName = declared.optimizer()
    learning_rate: float = declared.learning_rate(
        doc="Size of each step. Newton's own is 1; L-BFGS tries this length first and then searches.",
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
    gradient_noise: float = setting(
        0.0,
        label="gradient noise",
        symbol="σ",
        doc="Standard deviation of the Gaussian noise in each gradient: it stands in for drawing batches.",
        low=0.0,
        high=100.0,
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
    angle: float = setting(
        30.0,
        label="rotation",
        symbol="φ",
        unit="°",
        doc="Of the quadratic surface: turns it away from the axes.",
        low=-180.0,
        high=180.0,
        slider=(-90.0, 90.0),
        slider_step=1.0,
        shared=True,
    )
    start_x: float = setting(
        -2.0,
        label="start",
        symbol="θ₁",
        doc="First coordinate of the start.",
        low=-5.0,
        high=5.0,
        slider_step=0.05,
        shared=True,
    )
    start_y: float = setting(
        2.2,
        label="start",
        symbol="θ₂",
        doc="Second coordinate of the start.",
        low=-5.0,
        high=5.0,
        slider_step=0.05,
        shared=True,
    )
    steps: int = setting(
        200, label="steps", doc="Number of updates.", low=1, high=10000, slider=(10, 2000), shared=True
    )


class Race(Experiment):
    """Each lane's optimizer runs down the same surface.

    Measures, in float64: `loss` (K,) at `theta`; `theta` (K, 2), the point at which the gradient is taken; `gradient`
    (K, 2) there, as the optimizer is given it, noise included; `update` (K, 2), the last one made; `carried` (K, 2),
    what the velocity adds to the next update, and `ball` (K, 2), the point from which it does so.

    It runs on the CPU, whatever the device: two numbers a lane are no work for another.

    Momentum and Nesterov differ in where they ask for the gradient: heavy ball asks at the ball itself (theta = ball),
    Nesterov where the velocity will have carried it (theta = ball + carried).
    """

    name = "race"
    title = "Optimizers on a surface"
    settings_type = RaceSettings
    references = (
        "Sutskever, Martens, Dahl & Hinton 2013, ICML (Nesterov's momentum as a look-ahead)",
        "Nocedal & Wright 2006, Numerical Optimization, 2nd ed.",
        "Kingma & Ba 2015, arXiv 1412.6980",
    )

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        start = torch.stack([lanes.start_x, lanes.start_y], 1)
        return self.resume(lanes, device, DescentState.start(lanes, start))

    def resume(self, lanes: Lanes, device: str, state: DescentState) -> Iterator[Measurement]:
        return descent(lanes, SURFACES[lanes.shared.surface](lanes), state)

    def script(self, settings: RaceSettings, changes: Sequence[Change] = ()) -> str | None:
        return race_script(settings, changes)


@dataclass
class DescentState:
    """Where a descent is.

    Attributes:
        theta: Shape (K, 2).
        optimizer: With its state.
        update: The last update, shape (K, 2).
        step: Updates made; -1 before the first measurement.
        seen: Loss (K,) and noisy gradient (K, 2) at theta; None before the first measurement.
    """

    theta: Tensor
    optimizer: MixedOptimizer
    update: Tensor
    step: int = -1
    seen: tuple[Tensor, Tensor] | None = None

    @classmethod
    def start(cls, lanes: Lanes, theta: Tensor) -> DescentState:
        """The state before the first measurement."""
        return cls(theta, MixedOptimizer.of(lanes), torch.zeros_like(theta))


def descent(lanes: Lanes, surface: Surface, state: DescentState) -> Iterator[Measurement]:
    """Let the lanes' optimizers run down a surface; what is measured is listed in `Race`.

    Args:
        lanes: Of a class derived from `DescentSettings` that has `steps`.
        surface: Of as many lanes.
        state: Where they go on from.
    """
    now, noise = state, Noise(lanes)
    while now.step < lanes.shared.steps:
        if now.seen is not None:
            place = Place(now.theta, *now.seen, surface)
            now.update = now.optimizer.update(place, Hyperparameters.of(lanes, now.theta))
            now.theta = now.theta + now.update
        now.step += 1
        loss, gradient = surface.loss_and_gradient(now.theta)
        gradient = gradient + noise.at(now.step)
        now.seen = loss, gradient
        ball, carried = now.optimizer.carried(now.theta, Hyperparameters.of(lanes, now.theta))
        vectors = {"theta": now.theta, "gradient": gradient, "update": now.update, "ball": ball, "carried": carried}
        yield Measurement(now.step, {"loss": loss, **vectors}, failures=now.optimizer.failures, state=now)


class Noise:
    """Gaussian noise of each lane's standard deviation; lanes of one seed draw the same, each step anew.

    Args:
        lanes: With `gradient_noise` and `seed`.
    """

    def __init__(self, lanes: Lanes):
        self._deviation, self._seeds = lanes.gradient_noise[:, None], lanes.seed
        self._drawn, self._block = -1, torch.zeros(len(lanes), _NOISE_BLOCK, 2, dtype=torch.float64)
        self._silent = not self._deviation.any()

    def at(self, step: int) -> Tensor:
        """Return the noise of a step, shape (K, 2)."""
        if step // _NOISE_BLOCK != self._drawn and not self._silent:
            self._drawn = step // _NOISE_BLOCK
            self._block = draw_per_seed(self._seeds, f"gradient noise {self._drawn}", _draw_block)
        return self._deviation * self._block[:, step % _NOISE_BLOCK]


def _draw_block(source: torch.Generator) -> Tensor:
    return torch.randn(_NOISE_BLOCK, 2, generator=source, dtype=torch.float64)
