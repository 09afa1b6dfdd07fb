"""Optimizers side by side on one surface, from one start."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import torch
from torch import Tensor

from lessons.core.generators import draw_per_seed
from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.core.rules import Hyperparameters, Place
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.settings import SettingsT_co
from lessons.core.training import State, Training, TrainingExperiment
from lessons.optimizers.net_slice import net_slice
from lessons.optimizers.scripts import race_script
from lessons.optimizers.settings import RaceSettings
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


@dataclass
class DescentState(State):
    """State of the descents.

    Attributes:
        theta: Shape (K, 2).
        optimizer: With what it remembers.
        update: The update that led here, shape (K, 2); 0 before the first.
        seen: Loss (K,) and noisy gradient (K, 2) at theta, once measured.
    """

    theta: Tensor
    optimizer: LaneOptimizer
    update: Tensor
    seen: tuple[Tensor, Tensor] = field(init=False)


D = TypeVar("D", bound=DescentState)


class Descent(Training[D, SettingsT_co]):
    """The lanes' optimizers run down one surface. What is measured is listed in `Race`."""

    def __init__(self, lanes: Lanes[SettingsT_co], device: str = "cpu"):
        super().__init__(lanes, device)
        self.surface, self.noise = self.surface_of(lanes), Noise(lanes)

    @staticmethod
    @abstractmethod
    def surface_of(lanes: Lanes[SettingsT_co]) -> Surface:
        """Return what they run down."""

    def measure(self, now: D) -> dict[str, Tensor]:
        loss, gradient = self.surface.loss_and_gradient(now.theta)
        gradient = gradient + self.noise.at(now.step)
        now.seen = loss, gradient
        ball, carried = now.optimizer.carried(now.theta, Hyperparameters.of(self.lanes, now.theta))
        vectors = {"theta": now.theta, "gradient": gradient, "update": now.update, "ball": ball, "carried": carried}
        return {"loss": loss, **vectors}

    def advance(self, now: D) -> None:
        loss, gradient = now.seen
        h = Hyperparameters.of(self.lanes, now.theta)
        now.update = now.optimizer.update(gradient, h, Place(now.theta, loss, self.surface))
        now.theta = now.theta + now.update

    def failures(self, now: D) -> Mapping[int, str]:
        return now.optimizer.failures


class RaceTraining(Descent[DescentState, RaceSettings]):
    """From the start that the lanes name, on the surface that they name."""

    @staticmethod
    def surface_of(lanes: Lanes[RaceSettings]) -> Surface:
        return SURFACES[lanes.shared.surface](lanes)

    def start(self) -> DescentState:
        theta = torch.stack([self.lanes.start_x, self.lanes.start_y], 1)
        return DescentState(theta, LaneOptimizer.of(self.lanes), torch.zeros_like(theta))


class Race(TrainingExperiment[RaceSettings]):
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

    training = RaceTraining

    def script(self, settings: RaceSettings, changes: Sequence[Change] = ()) -> str | None:
        return race_script(settings, changes)


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
