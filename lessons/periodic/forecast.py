"""The next delta-jump predicted: from what the last period measured, when can it come, and when must it have come?"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.parts import Parts
from lessons.core.record import Change
from lessons.core.settings import setting
from lessons.core.training import LongTraining, State, TrainingExperiment
from lessons.periodic.experiment import PeriodicState, PeriodicTraining
from lessons.periodic.scripts import periodic_script
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
        # A breakdown: a period is over, and with it comes what the next forecast is made from.
        if onset > self.onset:
            self._end_period(int(onset))
        # The jump that was forecast.
        if self.pending and turn > self.delta:
            hit = self.said["earliest"] <= step <= self.said["latest"]
            self.said |= {
                "jump_step": float(step),
                "jumps": self.said["jumps"] + 1,
                "hits": self.said["hits"] + hit,
            }
            self.pending = False
        # The training is calm again after a breakdown: time for the next forecast.
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


@dataclass
class ForecastState(State):
    """State of the trainings, and what has been forecast of each."""

    periodic: PeriodicState
    forecasters: list[Forecaster]


class ForecastTraining(LongTraining[ForecastState, ForecastSettings]):
    """The training of `Periodic`, followed by a forecaster a lane."""

    def __init__(self, lanes: Lanes[ForecastSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.periodic = PeriodicTraining(lanes, device)

    def start(self) -> ForecastState:
        return ForecastState(self.periodic.start(), [Forecaster(delta) for delta in self.lanes.values("delta")])

    def measure_in_parts(self, now: ForecastState) -> Parts[dict[str, Tensor]]:
        return (yield from self.periodic.measure_in_parts(now.periodic))

    def follow(self, now: ForecastState, values: dict[str, Tensor]) -> dict[str, Tensor]:
        phases = self.periodic.follow(now.periodic, values)
        return phases | _said(now.step, values | phases, self.lanes, now.forecasters)

    def advance(self, now: ForecastState) -> None:
        self.periodic.make_step(now.periodic)

    def snapshots(self, now: ForecastState) -> dict[str, Callable[[], Tensor]]:
        return self.periodic.snapshots(now.periodic)


class Forecast(TrainingExperiment[ForecastSettings]):
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
    training = ForecastTraining

    def script(self, settings: ForecastSettings, changes: Sequence[Change] = ()) -> str:
        return periodic_script(settings, changes)


def _said(step: int, values: dict[str, Tensor], lanes: Lanes, forecasters: list[Forecaster]) -> dict[str, Tensor]:
    """Return what the forecasters say when they have seen what was measured at this step, each of shape (K,)."""
    series = (values[name].tolist() for name in ("norm", "effective_gradient", "cosine_distance", "onset"))
    rates, penalties = values["learning_rate"].tolist(), lanes.values("penalty")
    decays = [PENALTY_FACTORS[name] * decay for name, decay in zip(penalties, lanes.weight_decay.tolist(), strict=True)]
    rows = zip(forecasters, *series, rates, decays, strict=True)
    said = [forecaster.update(step, *row) for forecaster, *row in rows]
    return {name: torch.tensor([each[name] for each in said], dtype=torch.float64) for name in said[0]}
