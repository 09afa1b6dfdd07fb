"""Settings of lesson 2's sweeps and of its cloud of seeds, and the lanes that come of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from lessons.core import declared
from lessons.core.settings import Settings
from lessons.core.spread import SEEDS, Cases, Over, Seeds, Spread, end_of_rates, fewer, first_seed
from lessons.schedules.settings import NoisyQuadraticSettings, ScheduledNetSettings

WARMUP_LENGTHS = (0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80)  # steps
SEEDS_A_LENGTH = 16
RATES = Over("learning_rate", between=("lowest", "highest"), count=48, name="η = {:.4g}")


class ScheduleSeedsSettings(ScheduledNetSettings):
    """A scheduled net, drawn `SEEDS` times: `seed` is the first of them."""

    width: int = fewer(ScheduledNetSettings, "width", 32, 64)
    depth: int = fewer(ScheduledNetSettings, "depth", 2, 3)
    steps: int = fewer(ScheduledNetSettings, "steps", 400, 2000)
    seed: int = first_seed(ScheduledNetSettings, SEEDS)


class WarmupLengthSettings(Settings):
    """Nets that differ in how long their learning rate rises, each length with several seeds."""

    learning_rate: float = fewer(ScheduledNetSettings, "learning_rate", 0.3, doc="Where it rises to.")
    optimizer: Literal["gradient descent", "heavy ball", "Nesterov"] = declared.optimizer(
        doc="The update rule, with the gradient of a mini-batch."
    )
    momentum: float = fewer(ScheduledNetSettings, "momentum", 0.5)
    init_scale: float = fewer(ScheduledNetSettings, "init_scale", 1.0, slider=(0.25, 2.0))
    batch_size: int = fewer(ScheduledNetSettings, "batch_size", 32)
    train_size: int = fewer(ScheduledNetSettings, "train_size", 500)
    width: int = fewer(ScheduledNetSettings, "width", 32, 64)
    depth: int = fewer(ScheduledNetSettings, "depth", 2, 3)
    steps: int = fewer(ScheduledNetSettings, "steps", 120, 400, slider=(100, 400))
    seed: int = first_seed(ScheduledNetSettings, SEEDS_A_LENGTH)


class FloorSettings(Settings):
    """A noisy quadratic and a range of constant learning rates."""

    lowest: float = end_of_rates(0.01, "lowest", RATES.count, (0.001, 0.1))
    highest: float = end_of_rates(1.9, "highest", RATES.count, (0.2, 10.0))
    noise: float = declared.gradient_noise()
    batch_size: int = fewer(NoisyQuadraticSettings, "batch_size", 1)
    sharpness: float = declared.curvature(label="sharpness")
    momentum: float = fewer(NoisyQuadraticSettings, "momentum", 0.0, 0.99, doc="Of heavy ball; 0 is gradient descent.")
    replicas: int = fewer(NoisyQuadraticSettings, "replicas", 32, 64, doc="Runs for each learning rate.")
    steps: int = fewer(NoisyQuadraticSettings, "steps", 800, 4000, slider=(100, 2000))
    seed: int = declared.seed(doc="Draws the noise.")


def _method(values: Mapping[str, Any]) -> Cases:
    return [("", {"optimizer": "heavy ball" if values["momentum"] else "gradient descent"})]


def _lengths(values: Mapping[str, Any]) -> Cases:
    """Warmups of these lengths, in hundredths of a schedule of a hundred steps; without one the rate is constant."""
    rising = [(f"{w} steps", {"schedule": "warmup", "warmup_share": w / 100}) for w in WARMUP_LENGTHS if w]
    return [("no warmup", {"schedule": "constant"}), *rising]


SCHEDULE_SEEDS = Spread(ScheduleSeedsSettings, ScheduledNetSettings, (Seeds(SEEDS),))
NOISE_FLOOR = Spread(
    FloorSettings,
    NoisyQuadraticSettings,
    (_method, RATES),
    fixed={"schedule": "constant", "dimension": 1, "start": 1.0},
)
WARMUP_LENGTH = Spread(
    WarmupLengthSettings,
    ScheduledNetSettings,
    (_lengths, Seeds(SEEDS_A_LENGTH)),
    fixed={"horizon": 100, "sharpness_every": 1000},
)
