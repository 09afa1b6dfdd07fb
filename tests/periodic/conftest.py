"""Shared by the tests of lesson 6: long runs, each made once."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.periodic.experiment import Periodic
from lessons.periodic.forecast import Forecast, ForecastSettings
from lessons.periodic.grid import PeriodMap, grid_lanes, read_grid
from lessons.periodic.phases import recorded_onsets
from lessons.periodic.settings import PeriodicSettings

SEEDS = (0, 1, 2)
GRID_RATES, GRID_DECAYS = (0.5, 1.0, 2.0), (0.004, 0.0056, 0.008, 0.0112)
CONTROLS = {
    "free": {},
    "fixed at the start": {"fixed_norm": True},
    "no weight decay": {"weight_decay": 0.0},
    "eta decays": {"learning_rate_decay": 0.001},
    "lower eta lambda": {"learning_rate": 0.125, "weight_decay": 0.001},
    "whole penalty": {"penalty": "λ|x|²"},
    "half penalty, twice lambda": {"weight_decay": 0.008},
}

VARIANTS = {  # and with how many seeds
    "free": ({}, 5),
    "heavy ball": ({"optimizer": "heavy ball"}, 2),
    "affine": ({"trainable_affine": True}, 5),
    "last layer": ({"trainable_last_layer": True}, 5),
    "light noise": ({"noise": 0.3}, 3),
    "noise": ({"noise": 0.6}, 2),
    "shift": ({"shift": 2}, 2),
    "small shift": ({"shift": 1}, 3),
}


def periodic_history(lanes: Lanes | Sequence[PeriodicSettings]) -> History:
    history = History()
    history.extend(list(Periodic().run(lanes if isinstance(lanes, Lanes) else Lanes(lanes))))
    return history


@pytest.fixture(scope="session")
def history_of() -> Callable[..., History]:
    """Run `Periodic` to its end: `history_of(settings or lanes)`."""
    return periodic_history


@pytest.fixture(scope="session")
def default_runs() -> History:
    """The default setting with three seeds, lane by lane in the order of `SEEDS`."""
    return periodic_history([PeriodicSettings(steps=2400, seed=seed) for seed in SEEDS])


@pytest.fixture(scope="session")
def controls() -> dict[str, dict[str, object]]:
    """By name in `CONTROLS`, each series of shape (T,)."""
    common = {"steps": 1500, "sharpness_every": 10_000}
    history = periodic_history([PeriodicSettings(**{**common, **changed}) for changed in CONTROLS.values()])
    return {name: {key: history[key][:, k] for key in history.names} for k, name in enumerate(CONTROLS)}


@pytest.fixture(scope="session")
def variant_runs() -> dict[str, list[dict[str, np.ndarray]]]:
    """By name in `VARIANTS`: for each of its seeds the series of 1700 steps, each of shape (T,).

    One run says little: where it breaks down is decided by rounding, and so by the processor.
    """
    common = {"steps": 1700, "sharpness_every": 10_000}
    names = [(name, seed) for name, (_, seeds) in VARIANTS.items() for seed in range(seeds)]
    history = periodic_history([PeriodicSettings(**common, **VARIANTS[name][0], seed=seed) for name, seed in names])
    rows = [{key: history[key][:, lane] for key in history.names} for lane in range(len(names))]
    runs = dict(zip(names, rows, strict=True))
    return {name: [runs[name, seed] for seed in range(seeds)] for name, (_, seeds) in VARIANTS.items()}


@pytest.fixture(scope="session")
def variants(variant_runs) -> dict[str, list[np.ndarray]]:
    """By name in `VARIANTS`: the steps of the breakdowns within 1700 steps, for each of its seeds."""
    return {name: [recorded_onsets(run["onset"][:, None])[0] for run in runs] for name, runs in variant_runs.items()}


@pytest.fixture(scope="session")
def foretold() -> History:
    """Forecasts of the jumps of five seeds."""
    settings = [ForecastSettings(steps=2400, sharpness_every=10_000, seed=seed) for seed in range(5)]
    history = History()
    history.extend(list(Forecast().run(Lanes(settings))))
    return history


@pytest.fixture(scope="session")
def grid() -> PeriodMap:
    """A decade of eta times lambda."""
    return read_grid(periodic_history(grid_lanes(GRID_RATES, GRID_DECAYS, steps=2500)), GRID_RATES, GRID_DECAYS)
