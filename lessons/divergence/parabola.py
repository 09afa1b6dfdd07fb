"""Gradient descent on f(x) = lambda x^2 / 2, in one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor

from lessons.core.record import Change
from lessons.core.training import State, Training, TrainingExperiment
from lessons.divergence.scripts import parabola_script
from lessons.divergence.settings import ParabolaSettings


@dataclass
class ParabolaState(State):
    """State of the descents: x, shape (K,)."""

    x: Tensor


class ParabolaTraining(Training[ParabolaState, ParabolaSettings]):
    """Gradient descent with eta = ratio / lambda."""

    def start(self) -> ParabolaState:
        return ParabolaState(self.lanes.start.to(self.device).clone())

    def measure(self, now: ParabolaState) -> dict[str, Tensor]:
        curvature = self.lanes.curvature.to(self.device)
        return {"position": now.x, "loss": curvature * now.x**2 / 2}

    def advance(self, now: ParabolaState) -> None:
        curvature = self.lanes.curvature.to(self.device)
        learning_rate = self.lanes.ratio.to(self.device) / curvature
        gradient = curvature * now.x
        now.x = now.x - learning_rate * gradient


class Parabola(TrainingExperiment[ParabolaSettings]):
    """x <- x - eta f'(x), with eta = ratio * eta_opt and eta_opt = 1 / lambda.

    Measures `position` x and `loss` f(x), each of shape (K,), float64.
    """

    name = "parabola"
    title = "Gradient descent on a parabola"
    settings_type = ParabolaSettings
    references = ('LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 5.1',)
    training = ParabolaTraining

    def script(self, settings: ParabolaSettings, changes: Sequence[Change] = ()) -> str:
        return parabola_script(settings, changes)
