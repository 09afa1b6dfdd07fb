"""A map over learning rate and weight decay: one lane for each cell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.periodic.phases import recorded_periods
from lessons.periodic.settings import PeriodicSettings

LEARNING_RATES = (0.5, 1.0, 2.0, 4.0)
WEIGHT_DECAYS = (0.002, 0.0028, 0.004, 0.0056, 0.008, 0.0112)
SMALL_NET = {"train_size": 128, "sharpness_every": 10_000, "steps": 4500}


@dataclass(frozen=True)
class PeriodMap:
    """What each cell of a grid did; arrays of shape (R, D) for R learning rates and D weight decays.

    Attributes:
        learning_rates: eta of each row, shape (R,).
        weight_decays: lambda of each column, shape (D,).
        count: Destabilisations.
        period: Mean number of steps from one to the next; nan where there were less than two.
        lowest_norm: Geometric mean of the norms at the destabilisations' onsets; nan where there was none.
        mean_norm: Mean norm from the first destabilisation on; over the second half where there was none.
    """

    learning_rates: np.ndarray
    weight_decays: np.ndarray
    count: np.ndarray
    period: np.ndarray
    lowest_norm: np.ndarray
    mean_norm: np.ndarray

    @property
    def scaled_period(self) -> np.ndarray:
        """T eta lambda, which hardly depends on eta and lambda, shape (R, D)."""
        return self.period * self.learning_rates[:, None] * self.weight_decays


def grid_lanes(
    learning_rates: Sequence[float] = LEARNING_RATES,
    weight_decays: Sequence[float] = WEIGHT_DECAYS,
    **common: Any,
) -> Lanes:
    """Return one lane for each pair, row by row, of a small net that is quick enough for 24 of them.

    Raises:
        SettingError: If a value is not allowed.
    """
    cells = [(rate, decay) for rate in learning_rates for decay in weight_decays]
    settings = [
        PeriodicSettings.checked({**SMALL_NET, **common, "learning_rate": rate, "weight_decay": decay})
        for rate, decay in cells
    ]
    return Lanes(settings, [f"η = {rate:g}, λ = {decay:g}" for rate, decay in cells])


def read_grid(history: History, learning_rates: Sequence[float], weight_decays: Sequence[float]) -> PeriodMap:
    """Return the map of a run of `grid_lanes`, as far as it has come."""
    norm, shape = history["norm"], (len(learning_rates), len(weight_decays))
    periods = recorded_periods(history["phase"], history["onset"])
    lowest = [np.exp(np.log(norm[at, lane]).mean()) if len(at) else np.nan for lane, at in enumerate(periods.onsets)]
    begins = [at[0] if len(at) else len(norm) // 2 for at in periods.onsets]
    return PeriodMap(
        learning_rates=np.array(learning_rates),
        weight_decays=np.array(weight_decays),
        count=periods.count.reshape(shape),
        period=periods.mean_length.reshape(shape),
        lowest_norm=np.reshape(lowest, shape),
        mean_norm=np.reshape([norm[begin:, lane].mean() for lane, begin in enumerate(begins)], shape),
    )
