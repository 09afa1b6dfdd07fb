"""What is set of lesson 2's sweep and of its cloud of seeds, and the lanes that come of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lessons.core import declared
from lessons.core.declared import end_of_rates, fewer
from lessons.core.settings import Settings, setting
from lessons.core.spread import SEEDS, Cases, Over, Seeds, Spread
from lessons.schedules.settings import NoisyQuadraticSettings, ScheduledNetSettings

RATES = Over("learning_rate", between=("lowest", "highest"), count=48, name="η = {:.4g}")


class ScheduleSeedsSettings(ScheduledNetSettings):
    """A scheduled net, drawn `SEEDS` times: `seed` is the first of them."""

    width: int = fewer(ScheduledNetSettings, "width", 32, 64)
    depth: int = fewer(ScheduledNetSettings, "depth", 2, 3)
    steps: int = fewer(ScheduledNetSettings, "steps", 400, 2000)
    seed: int = fewer(ScheduledNetSettings, "seed", 0, 2**31 - SEEDS)


class FloorSettings(Settings):
    """A noisy quadratic and a range of constant learning rates."""

    lowest: float = end_of_rates(0.01, "lowest", RATES.count, (0.001, 0.1))
    highest: float = end_of_rates(1.9, "highest", RATES.count, (0.2, 10.0))
    noise: float = setting(
        1.0,
        label="gradient noise",
        symbol="σ",
        doc="Standard deviation of the noise in each component.",
        low=0.0,
        high=100.0,
        slider=(0.0, 4.0),
        slider_step=0.05,
    )
    sharpness: float = declared.curvature(label="sharpness")
    momentum: float = setting(
        0.0,
        label="momentum",
        symbol="β",
        doc="Of heavy ball; 0 is gradient descent.",
        low=0.0,
        high=0.99,
        slider_step=0.01,
    )
    replicas: int = setting(
        32, label="runs averaged", symbol="R", doc="Runs for each learning rate.", low=1, high=64, scale="log"
    )
    steps: int = setting(
        800, label="steps", doc="Number of updates.", low=1, high=4000, slider=(100, 2000), scale="log"
    )
    seed: int = declared.seed(doc="Draws the noise.")


def _method(values: Mapping[str, Any]) -> Cases:
    return [("", {"optimizer": "heavy ball" if values["momentum"] else "gradient descent"})]


SCHEDULE_SEEDS = Spread(ScheduleSeedsSettings, ScheduledNetSettings, (Seeds(SEEDS),))
NOISE_FLOOR = Spread(
    FloorSettings,
    NoisyQuadraticSettings,
    (_method, RATES),
    fixed={"schedule": "constant", "dimension": 1, "start": 1.0},
)
