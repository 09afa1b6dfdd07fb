"""Nets whose layers get a shift of their own at each step: the control experiment on internal covariate shift."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor

from lessons.core.generators import normal_per_seed
from lessons.core.lanes import Lanes
from lessons.core.other_seeds import WithOtherSeeds
from lessons.core.parts import Parts
from lessons.core.record import Change
from lessons.core.rules import Hyperparameters
from lessons.core.settings import setting
from lessons.normalization.scripts import training_script
from lessons.normalization.smoothness import shift_and_smoothness
from lessons.normalization.training import NormalizedNet, NormalizedState, NormalizedTraining
from lessons.normalization.training_settings import NormalizedNetSettings


class InjectedNetSettings(NormalizedNetSettings):
    """Settings of `InjectedNet`."""

    injected: float = setting(
        0.0,
        label="injected shift",
        symbol="τ",
        doc="Each hidden unit's factor and offset after the normalization are moved by N(0, τ²), anew at each step.",
        low=0.0,
        high=10.0,
        slider=(0.0, 2.0),
        slider_step=0.05,
    )


class InjectedTraining(NormalizedTraining[InjectedNetSettings]):
    """Each step sees the parameters with that step's noise on gamma and beta, and moves those without it."""

    def __init__(self, lanes: Lanes[InjectedNetSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self._deviation = lanes.injected.float()[:, None].to(device)
        self._injects = bool(lanes.injected.any())
        # In theta a layer's weights come before its gamma and beta; the last layer is not normalized.
        shape = self.nets.shape
        self._open = torch.zeros(shape.parameter_count, device=device)
        for part, (fan_in, fan_out) in zip(shape.layer_slices[:-1], shape.pairs, strict=False):
            self._open[part.start + fan_in * fan_out : part.stop] = 1.0

    def injected(self, step: int) -> Tensor:
        """Return what is added to theta at a step, shape (K, P)."""
        drawn = normal_per_seed(self.lanes.seed, f"injected shift {step}", len(self._open)).to(self._open)
        return self._deviation * self._open * drawn

    def measure_in_parts(self, now: NormalizedState) -> Parts[dict[str, Tensor]]:
        if not self._injects:
            return (yield from super().measure_in_parts(now))
        theta, noise = now.theta, self.injected(now.step)
        now.theta = theta + noise
        values = yield from super().measure_in_parts(now)
        if "shift" in values:
            yield
            h = Hyperparameters.of(self.lanes, theta)
            update = copy.deepcopy(now.optimizer).update(now.gradient, h) + self.injected(now.step + 1) - noise
            values |= shift_and_smoothness(
                self.nets, now.theta, now.gradient, update, h.learning_rate, self.nets.batch(now.step), now.memories
            )
        now.theta = theta
        return values


class InjectedNet(WithOtherSeeds[InjectedNetSettings]):
    """`NormalizedNet`, with a shift that is injected after each normalization.

    At each step gamma and beta of each hidden unit are moved by noise of deviation `injected`, drawn anew: so each unit
    puts out another mean and another deviation from step to step, whatever the layers before it do. The step is made
    with the gradient there. All that is measured is measured with it; the shift |G - G'| is that between a step and the
    next, noise included.
    """

    name = "injected net"
    title = "A net with normalization and injected shift"
    settings_type = InjectedNetSettings
    references = (
        *NormalizedNet.references,
        "Santurkar, Tsipras, Ilyas & Madry 2018, arXiv 1805.11604, section 2.2 (noise after batch norm)",
    )
    training = InjectedTraining
    behind, spared = NormalizedNet.behind, NormalizedNet.spared

    def script(self, settings: InjectedNetSettings, changes: Sequence[Change] = ()) -> str | None:
        return training_script(settings, changes, injects=bool(settings.injected))
