"""Settings of lesson 1's sweeps and of its cloud of seeds, and the lanes that come of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, get_args

import numpy as np

from lessons.core.settings import Settings, setting
from lessons.core.spread import SEEDS, Cases, Each, Over, Seeds, Spread, fewer, first_seed, geomspace
from lessons.optimizers.condition import ConditionSettings
from lessons.optimizers.escape import EscapeSettings
from lessons.optimizers.memory import MemorySettings
from lessons.optimizers.proxy import Method, ProxySettings
from lessons.optimizers.settings import ClassifierSettings
from lessons.optimizers.theory import TuningMethod

ESCAPING = ("gradient descent", "heavy ball", "Adam", "Newton")
DISTANCES = tuple(np.geomspace(1e-12, 1e-2, 11).tolist())
TUNED: tuple[TuningMethod, ...] = get_args(TuningMethod)
CONDITION_NUMBERS = 13
MEMORIES = 25
CLASSIFIERS: tuple[Method, ...] = get_args(Method)
OUTLIER_DISTANCES = (2.0, 4.0, 8.0, 16.0, 32.0)


class ClassifierSeedsSettings(ClassifierSettings):
    """A net, drawn `SEEDS` times: `seed` is the first of them."""

    width: int = fewer(ClassifierSettings, "width", 32, 64)
    depth: int = fewer(ClassifierSettings, "depth", 1, 3)
    steps: int = fewer(ClassifierSettings, "steps", 400, 2000)
    seed: int = first_seed(ClassifierSettings, SEEDS)


class SaddleSettings(Settings):
    """The settings that the four methods have in common."""

    learning_rate: float = fewer(
        EscapeSettings,
        "learning_rate",
        0.1,
        1.0,
        doc="Of all methods but Adam, which has a tenth of it.",
        low=0.001,
        slider=(0.01, 0.5),
    )
    momentum: float = fewer(EscapeSettings, "momentum", 0.9, 0.99, doc="Of heavy ball and Adam.")
    damping: float = fewer(
        EscapeSettings, "damping", 0.0, 100.0, doc="Newton's method adds it to each eigenvalue of the Hessian."
    )
    steps: int = fewer(EscapeSettings, "steps", 400, 5000, slider=(50, 1000))


class ConditionRange(Settings):
    """A range of condition numbers."""

    largest: float = setting(
        1000.0,
        label="largest condition number",
        symbol="κ",
        doc="Of 13, from 3 on.",
        low=10.0,
        high=3000.0,
        scale="log",
    )
    steps: int = fewer(ConditionSettings, "steps", 8000, 25000, doc="At most so many updates.", slider=(100, 25000))


class MemoryRange(Settings):
    """Three condition numbers, and a range of momenta."""

    largest: float = setting(
        1000.0,
        label="largest condition number",
        symbol="κ",
        doc="Beside it a tenth and a hundredth of it.",
        low=200.0,
        high=3000.0,
        scale="log",
    )
    longest: float = setting(
        300.0,
        label="longest memory",
        symbol="1/(1−β)",
        doc="Of 25, from 1 on, which is no momentum.",
        low=10.0,
        high=1000.0,
        scale="log",
    )
    steps: int = fewer(MemorySettings, "steps", 9000, 25000, doc="At most so many updates.", slider=(100, 25000))


class OutlierSettings(Settings):
    """The base of sweeps over the outlier's distance."""

    separation: float = fewer(ProxySettings, "separation", 2.0, 6.0, doc="Distance between the class means.", low=0.5)
    train_size: int = fewer(
        ProxySettings, "train_size", 200, 500, doc="Points beside the outlier.", low=10, slider=(20, 500)
    )
    steps: int = fewer(ProxySettings, "steps", 600, 2000)
    seed: int = fewer(ProxySettings, "seed", 0, doc="Draws the points and the weights.")


def _escaping(values: Mapping[str, Any]) -> Cases:
    """The methods; Adam has a tenth of the learning rate."""
    rate = values["learning_rate"]
    return [
        (method, {"optimizer": method, "learning_rate": rate / 10 if method == "Adam" else rate}) for method in ESCAPING
    ]


def _valleys(values: Mapping[str, Any]) -> Cases:
    """The condition numbers, the smallest first."""
    return Each("condition_number", [values["largest"] / share for share in (100, 10, 1)], "κ = {:.3g}")(values)


def _memories(values: Mapping[str, Any]) -> Cases:
    """The momenta, of memories that are spaced evenly in logarithm."""
    return [
        (f"1/(1−β) = {memory:.3g}", {"momentum": 1 - 1 / memory})
        for memory in geomspace(1.0, values["longest"], MEMORIES)
    ]


def _with_and_without_outlier(values: Mapping[str, Any]) -> Cases:
    """Without an outlier, then with one at each distance, at 30 degrees."""
    del values
    x, y = float(np.cos(np.deg2rad(30.0))), float(np.sin(np.deg2rad(30.0)))
    places = [
        (f"outlier at {d:g}", {"outlier": True, "outlier_x": d * x, "outlier_y": d * y}) for d in OUTLIER_DISTANCES
    ]
    return [("no outlier", {}), *places]


CLASSIFIER_SEEDS = Spread(ClassifierSeedsSettings, ClassifierSettings, (Seeds(SEEDS),), most=3)
SADDLE = Spread(SaddleSettings, EscapeSettings, (_escaping, Each("distance", DISTANCES, "ε = {:.0e}")))
CONDITION = Spread(
    ConditionRange,
    ConditionSettings,
    (
        Each("method", TUNED),
        Over("condition_number", (3.0, "largest"), CONDITION_NUMBERS, "κ = {:.3g}", geomspace),
    ),
)
MEMORY = Spread(MemoryRange, MemorySettings, (_valleys, _memories))
OUTLIER_SHIFT = Spread(
    OutlierSettings,
    ProxySettings,
    (Each("method", CLASSIFIERS), _with_and_without_outlier),
    fixed={"learning_rate": 0.1},
)
