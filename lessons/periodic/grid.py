"""A map over learning rate and weight decay: one lane for each cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.core.experiment import Measurement
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.spread import Each, crossed
from lessons.core.sweeps.sweep import Sweep
from lessons.core.sweeps.sweep_task import series
from lessons.periodic.experiment import Periodic
from lessons.periodic.phases import recorded_periods
from lessons.periodic.settings import PeriodicSettings

LEARNING_RATES = (0.5, 1.0, 2.0, 4.0)
WEIGHT_DECAYS = (0.002, 0.0028, 0.004, 0.0056, 0.008, 0.0112)
SMALL_NET = {"train_size": 128, "sharpness_every": 10_000, "steps": 4500}
NUMBERS = ("count", "period", "lowest_norm", "mean_norm")
CURVE_POINTS = 300


@dataclass(frozen=True)
class PeriodMap:
    """The outcome of each cell of a grid; arrays of shape (R, D) for R learning rates and D weight decays.

    Attributes:
        learning_rates: eta of each row, shape (R,).
        weight_decays: lambda of each column, shape (D,).
        count: Breakdowns.
        period: Mean number of steps from one to the next; nan where there were less than two.
        lowest_norm: Geometric mean of the norms at the breakdowns' onsets; nan where there was none.
        mean_norm: Mean norm from the first breakdown on; over the second half where there was none.
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
) -> Lanes[PeriodicSettings]:
    """Return one lane for each pair, row by row, of a small net that is quick enough for 24 of them.

    Raises:
        SettingError: If a value is not allowed.
    """
    rows, columns = Each("learning_rate", learning_rates, "η = {:g}"), Each("weight_decay", weight_decays, "λ = {:g}")
    return crossed(PeriodicSettings, {**SMALL_NET, **common}, rows({}), columns({}))


def map_sweep(lanes: Lanes[PeriodicSettings], lanes_per_task: int = 1, device: str = "cpu") -> Sweep[PeriodicSettings]:
    """Return the cells of `grid_lanes` as a sweep, which can be sent to other processes; it keeps `cell_numbers`.

    Nets that train in a task of another size differ in their last bits, and drift apart with the steps.
    """
    return Sweep(Periodic(), lanes.settings, cell_numbers, lanes.names, lanes_per_task, device)


def cell_numbers(lanes: Lanes, measurements: Iterator[Measurement]) -> dict[str, np.ndarray]:
    """Reduce a run to `NUMBERS`, each (K,), see `PeriodMap`; and `norm`, its course at `curve_steps`, (K, points)."""
    found = series(measurements, ("norm", "phase", "onset"))
    return {**_numbers(found), "norm": found["norm"][curve_steps(lanes.shared.steps)].T}


def curve_steps(steps: int) -> np.ndarray:
    """The steps at which `cell_numbers` keeps a norm: from the first to the last, at most `CURVE_POINTS` of them."""
    return np.unique(np.linspace(0, steps, CURVE_POINTS).round().astype(int))


def read_grid(history: History, learning_rates: Sequence[float], weight_decays: Sequence[float]) -> PeriodMap:
    """Return the map of a run of `grid_lanes`, as far as it has come."""
    return period_map(_numbers(history), learning_rates, weight_decays)


def period_map(
    numbers: Mapping[str, np.ndarray], learning_rates: Sequence[float], weight_decays: Sequence[float]
) -> PeriodMap:
    """Return the map of `NUMBERS` of its cells, each of shape (R D,), row by row; nan where a cell is not known."""
    shape = (len(learning_rates), len(weight_decays))
    found = {name: numbers[name].reshape(shape) for name in NUMBERS}
    return PeriodMap(np.array(learning_rates), np.array(weight_decays), **found)


def _numbers(history: Mapping[str, np.ndarray] | History) -> dict[str, np.ndarray]:
    """Return what each of K lanes did, from series of shape (T, K)."""
    norm, periods = history["norm"], recorded_periods(history["phase"], history["onset"])
    lowest = [np.exp(np.log(norm[at, lane]).mean()) if len(at) else np.nan for lane, at in enumerate(periods.onsets)]
    begins = [at[0] if len(at) else len(norm) // 2 for at in periods.onsets]
    return {
        "count": periods.count,
        "period": periods.mean_length,
        "lowest_norm": np.array(lowest),
        "mean_norm": np.array([norm[begin:, lane].mean() for lane, begin in enumerate(begins)]),
    }
