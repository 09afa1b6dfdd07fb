"""Optimizers in valleys that lie differently, or whose loss is counted in another unit."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.training import TrainingExperiment
from lessons.optimizers.race import Descent, DescentState
from lessons.optimizers.scripts import valley_script
from lessons.optimizers.settings import ValleySettings
from lessons.optimizers.surfaces import Quadratic

START = 2.0  # both coordinates along the valley's own axes


class ValleyTraining(Descent[DescentState, ValleySettings]):
    """From the same place in each valley, seen along the valley."""

    @staticmethod
    def surface_of(lanes: Lanes[ValleySettings]) -> Quadratic:
        return Quadratic(lanes.condition_number, lanes.angle, lanes.loss_scale)

    def start(self) -> DescentState:
        radians = torch.deg2rad(self.lanes.angle)
        cos, sin = radians.cos(), radians.sin()
        theta = START * torch.stack([cos - sin, sin + cos], 1)
        return DescentState(theta, LaneOptimizer.of(self.lanes), torch.zeros_like(theta))

    def measure(self, now: DescentState) -> dict[str, Tensor]:
        measured = super().measure(now)
        radians = torch.deg2rad(self.lanes.angle)
        cos, sin = radians.cos(), radians.sin()
        x, y = now.theta.unbind(1)
        own = torch.stack([cos * x + sin * y, cos * y - sin * x], 1)
        start = self.lanes.loss_scale * START**2 * (1 + 1 / self.lanes.condition_number) / 2
        return {"loss": measured["loss"], "share": measured["loss"] / start, "theta": now.theta, "own": own}


class Valley(TrainingExperiment[ValleySettings]):
    """Each lane's optimizer in a valley c theta^T Q diag(1, 1/kappa) Q^T theta / 2 of its own angle and factor.

    Measures, in float64: `loss` (K,); `share` (K,), the loss as a share of the first; `theta` (K, 2); and `own` (K, 2),
    the coordinates across and along the valley, in which all start at (2, 2). Who depends on neither angle nor factor
    takes the same path there.

    It runs on the CPU, whatever the device.
    """

    name = "valley"
    title = "Axes and units"
    settings_type = ValleySettings
    references = (
        "Duchi, Hazan & Singer 2011, JMLR 12 (scales of coordinates)",
        "Kingma & Ba 2015, arXiv 1412.6980, section 2.1 (invariance to a factor of the gradient)",
    )

    training = ValleyTraining

    def script(self, settings: ValleySettings, changes: Sequence[Change] = ()) -> str | None:
        return valley_script(settings, changes)
