"""Settings of lesson 6's map and of its nets of several seeds, and the lanes that come of them."""

from __future__ import annotations

from typing import Literal

from lessons.core.settings import Settings, setting
from lessons.core.spread import Doubling, Seeds, Spread, fewer, first_seed
from lessons.periodic.settings import PeriodicSettings

MOST_NETS = 8


class MinimaSettings(Settings):
    """One run in periods, and independent nets beside it."""

    nets: int = setting(
        6, label="nets", symbol="M", doc="The run itself and nets of other seeds.", low=2, high=MOST_NETS
    )
    learning_rate: float = fewer(
        PeriodicSettings, "learning_rate", 1.0, 100.0, doc="Of all nets.", low=1e-3, slider=(0.1, 4.0)
    )
    weight_decay: float = fewer(
        PeriodicSettings, "weight_decay", 0.008, 0.1, doc="Of all nets.", low=1e-5, slider=(0.001, 0.02)
    )
    width: int = fewer(PeriodicSettings, "width", 32, 128)
    depth: int = fewer(PeriodicSettings, "depth", 2, 4)
    train_size: int = fewer(PeriodicSettings, "train_size", 256, 1000)
    steps: int = fewer(PeriodicSettings, "steps", 1600, 10_000)
    seed: int = first_seed(PeriodicSettings, MOST_NETS, doc="Of the run; the others have the next ones.")


class MapSettings(Settings):
    """The corner of a map, and what all of its cells have in common."""

    learning_rate: float = fewer(
        PeriodicSettings,
        "learning_rate",
        0.5,
        100.0,
        label="lowest learning rate",
        doc="Of the first row; each further row has twice as much.",
        low=1e-3,
        slider=(0.1, 4.0),
    )
    weight_decay: float = fewer(
        PeriodicSettings,
        "weight_decay",
        0.002,
        0.05,
        label="lowest weight decay",
        doc="Of the first column; each further column has √2 times as much.",
        low=1e-5,
        slider=(0.0005, 0.01),
    )
    rows: int = setting(4, label="rows", doc="How many learning rates.", low=1, high=6)
    columns: int = setting(6, label="columns", doc="How many weight decays.", low=1, high=8)
    optimizer: Literal["gradient descent", "heavy ball"] = fewer(PeriodicSettings, "optimizer", "gradient descent")
    momentum: float = fewer(PeriodicSettings, "momentum", 0.9, 0.99, doc="Of heavy ball.")
    width: int = fewer(PeriodicSettings, "width", 32, 64)
    depth: int = fewer(PeriodicSettings, "depth", 2, 4)
    train_size: int = fewer(PeriodicSettings, "train_size", 128, 512)
    steps: int = fewer(PeriodicSettings, "steps", 4500, 10_000)
    seed: int = fewer(PeriodicSettings, "seed", 0, doc="Draws the weights.")


class JumpsSettings(Settings):
    """Nets of several seeds whose turns and breakdowns are counted."""

    nets: int = setting(5, label="nets", symbol="M", doc="Nets of other seeds.", low=1, high=MOST_NETS)
    learning_rate: float = fewer(PeriodicSettings, "learning_rate", 0.5, 100.0, doc="Of all nets.", low=1e-3)
    weight_decay: float = fewer(PeriodicSettings, "weight_decay", 0.004, 0.1, doc="Of all nets.", low=1e-5)
    noise: float = fewer(PeriodicSettings, "noise", 0.0)
    shift: int = fewer(PeriodicSettings, "shift", 0)
    width: int = fewer(PeriodicSettings, "width", 32, 128)
    depth: int = fewer(PeriodicSettings, "depth", 2, 4)
    train_size: int = fewer(PeriodicSettings, "train_size", 256, 1000)
    steps: int = fewer(PeriodicSettings, "steps", 2000, 10_000)
    seed: int = first_seed(PeriodicSettings, MOST_NETS, doc="Of the first net; the others have the next ones.")


MINIMA = Spread(MinimaSettings, PeriodicSettings, (Seeds("nets"),), fixed={"sharpness_every": 50})
JUMPS = Spread(JumpsSettings, PeriodicSettings, (Seeds("nets"),), fixed={"sharpness_every": 10_000})
PERIOD_MAP = Spread(
    MapSettings,
    PeriodicSettings,
    (Doubling("learning_rate", "rows", "η = {:g}"), Doubling("weight_decay", "columns", "λ = {:g}", every=2)),
    fixed={"sharpness_every": 10_000},
)
