"""The next delta-jump predicted: from what the last period measured, when can it come, and when must it have come?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from torch import Tensor

from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.core.settings import setting
from lessons.periodic.experiment import Periodic
from lessons.periodic.settings import PENALTY_FACTORS, PeriodicSettings
from lessons.periodic.theory import jump_times

CALM = 0.2
NONE_YET = -1.0


class ForecastSettings(PeriodicSettings):
    """Settings of `Forecast`."""

    delta: float = setting(
        1e-5,
        label="jump size",
        symbol="δ",
        doc="A step is a δ-jump if it turns the weights by more than this: 1 - cos > δ.",
        low=1e-9,
        high=0.5,
        slider=(1e-6, 1e-3),
        scale="log",
    )


class Forecast(Experiment):
    """`Periodic`, and after each breakdown a forecast of when the weights will next turn by more than delta.

    l and L, the smallest and largest effective gradient, are those of the second half of the period just over. A
    forecast is made once in a period, when a step has first turned by less than `CALM` delta, by `jump_times`.
    It is for plain gradient descent on a scale-invariant net.

    Measures what `Periodic` measures and, in float64, of shape (K,) and -1 before the first: `forecast_step`, when the
    last forecast was made; `earliest` and `latest`, the steps that it names; `lowest_gradient` and
    `highest_gradient`, l and L; `jump_step`, the first step since that turned by more than delta, -1 until it has
    come; and the numbers of `forecasts`, of `jumps` that came after one, and of `hits`, jumps between both times.
    """

    name = "forecast"
    title = "Forecast of the next jump"
    settings_type = ForecastSettings
    references = ("Lobacheva, Kodryan, Chirkova, Malinin & Vetrov 2021, arXiv 2106.15739, section 5",)

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        forecasters = [Forecaster(delta) for delta in lanes.values("delta")]
        return _followed(Periodic().run(lanes, device), lanes, forecasters)

    def resume(self, lanes: Lanes, device: str, state: tuple[Any, list[Forecaster]]) -> Iterator[Measurement]:
        return _followed(Periodic().resume(lanes, device, state[0]), lanes, state[1])


def _followed(measured: Iterator[Measurement], lanes: Lanes, forecasters: list[Forecaster]) -> Iterator[Measurement]:
    try:
        for measurement in measured:
            said = _said(measurement, lanes, forecasters)
            values = {**measurement.values, **said}
            yield replace(measurement, values=values, state=(measurement.state, forecasters))
    finally:
        measured.close()


def _said(measurement: Measurement, lanes: Lanes, forecasters: list[Forecaster]) -> dict[str, Tensor]:
    series = (measurement[name].tolist() for name in ("norm", "effective_gradient", "cosine_distance", "onset"))
    rates, penalties = measurement["learning_rate"].tolist(), lanes.values("penalty")
    decays = [PENALTY_FACTORS[name] * decay for name, decay in zip(penalties, lanes.weight_decay.tolist(), strict=True)]
    rows = zip(forecasters, *series, rates, decays, strict=True)
    said = [forecaster.update(measurement.step, *values) for forecaster, *values in rows]
    return {name: torch.tensor([each[name] for each in said], dtype=torch.float64) for name in said[0]}


@dataclass
class Forecaster:
    """Follows one lane and makes its forecasts."""

    delta: float
    gradients: list[float] = field(default_factory=list)
    begun: int = 0
    onset: int = -1
    due: bool = False
    pending: bool = False
    said: dict[str, float] = field(
        default_factory=lambda: {
            **dict.fromkeys(("forecast_step", "earliest", "latest"), NONE_YET),
            **dict.fromkeys(("lowest_gradient", "highest_gradient", "jump_step"), NONE_YET),
            **dict.fromkeys(("forecasts", "jumps", "hits"), 0.0),
        }
    )

    def update(
        self, step: int, norm: float, gradient: float, turn: float, onset: float, learning_rate: float, decay: float
    ) -> dict[str, float]:
        """Take the next step's measurements and return what is predicted."""
        self.gradients.append(gradient)
        if onset > self.onset:
            self._end_period(int(onset))
        if self.pending and turn > self.delta:
            hit = self.said["earliest"] <= step <= self.said["latest"]
            self.said |= {
                "jump_step": float(step),
                "jumps": self.said["jumps"] + 1,
                "hits": self.said["hits"] + hit,
            }
            self.pending = False
        if self.due and turn < CALM * self.delta and 0 < 4 * learning_rate * decay < 1:
            self._predict(step, norm, learning_rate, decay)
        return dict(self.said)

    def _end_period(self, onset: int) -> None:
        """Take l and L from the second half of the period that ended here; its very end belongs to the jump."""
        length = onset - self.begun
        half = self.gradients[length // 2 : max(length // 2 + 1, math.floor(0.98 * length))]
        self.gradients = self.gradients[length:]
        self.begun = self.onset = onset
        self.said |= {"lowest_gradient": min(half), "highest_gradient": max(half)}
        self.due, self.pending = True, False

    def _predict(self, step: int, norm: float, learning_rate: float, decay: float) -> None:
        low, high = self.said["lowest_gradient"], self.said["highest_gradient"]
        times = jump_times(self.delta, norm, low, high, learning_rate, decay)
        self.said |= {
            "forecast_step": float(step),
            "earliest": step + float(times.earliest),
            "latest": step + float(times.latest),
            "jump_step": NONE_YET,
            "forecasts": self.said["forecasts"] + 1,
        }
        self.due, self.pending = False, True
