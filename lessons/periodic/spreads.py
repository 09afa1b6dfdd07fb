"""What is set of lesson 6's map and of its nets of several seeds, and the lanes that come of it."""

from __future__ import annotations

from typing import Literal

from lessons.core.declared import fewer
from lessons.core.settings import Settings, setting
from lessons.core.spread import Doubling, Seeds, Spread
from lessons.periodic.settings import PeriodicSettings

MOST_NETS = 8


class MinimaSettings(Settings):
    """One run in periods, and independent nets beside it."""

    nets: int = setting(
        6, label="nets", symbol="M", doc="The run itself and nets of other seeds.", low=2, high=MOST_NETS
    )
    learning_rate: float = setting(
        1.0, label="learning rate", symbol="η", doc="Of all nets.", low=1e-3, high=100.0, slider=(0.1, 4.0), scale="log"
    )
    weight_decay: float = setting(
        0.008,
        label="weight decay",
        symbol="λ",
        doc="Of all nets.",
        low=1e-5,
        high=0.1,
        slider=(0.001, 0.02),
        scale="log",
    )
    width: int = fewer(PeriodicSettings, "width", 32, 128)
    depth: int = fewer(PeriodicSettings, "depth", 2, 4)
    train_size: int = fewer(PeriodicSettings, "train_size", 256, 1000)
    steps: int = fewer(PeriodicSettings, "steps", 1600, 10_000)
    seed: int = setting(
        0, label="seed", doc="Of the run; the others have the next ones.", low=0, high=2**31 - MOST_NETS, slider=(0, 99)
    )


class MapSettings(Settings):
    """The corner of a map, and what all of its cells have in common."""

    learning_rate: float = setting(
        0.5,
        label="lowest learning rate",
        symbol="η",
        doc="Of the first row; each further row has twice as much.",
        low=1e-3,
        high=100.0,
        slider=(0.1, 4.0),
        scale="log",
    )
    weight_decay: float = setting(
        0.002,
        label="lowest weight decay",
        symbol="λ",
        doc="Of the first column; each further column has √2 times as much.",
        low=1e-5,
        high=0.05,
        slider=(0.0005, 0.01),
        scale="log",
    )
    rows: int = setting(4, label="rows", doc="How many learning rates.", low=1, high=6)
    columns: int = setting(6, label="columns", doc="How many weight decays.", low=1, high=8)
    optimizer: Literal["gradient descent", "heavy ball"] = setting(
        "gradient descent", label="optimizer", doc="The update rule."
    )
    momentum: float = setting(
        0.9, label="momentum", symbol="β", doc="Of heavy ball.", low=0.0, high=0.99, slider_step=0.01
    )
    width: int = fewer(PeriodicSettings, "width", 32, 64)
    depth: int = fewer(PeriodicSettings, "depth", 2, 4)
    train_size: int = fewer(PeriodicSettings, "train_size", 128, 512)
    steps: int = fewer(PeriodicSettings, "steps", 4500, 10_000)
    seed: int = setting(0, label="seed", doc="Draws the weights.", low=0, high=2**31 - 1, slider=(0, 99))


MINIMA = Spread(MinimaSettings, PeriodicSettings, (Seeds("nets"),), fixed={"sharpness_every": 50})
PERIOD_MAP = Spread(
    MapSettings,
    PeriodicSettings,
    (Doubling("learning_rate", "rows", "η = {:g}"), Doubling("weight_decay", "columns", "λ = {:g}", every=2)),
    fixed={"sharpness_every": 10_000},
)
