"""Settings of lesson 3's sweeps and of its cloud of seeds, and the lanes that come of them."""

from __future__ import annotations

from lessons.core.spread import SEEDS, Over, Seeds, Spread, end_of_rates, fewer, first_seed
from lessons.divergence.settings import BowlSettings, BowlShape, NetSettings, NetShape
from lessons.divergence.sweep import SWEEP_LANES

RATES = Over("learning_rate", between=("lowest", "highest"), count=SWEEP_LANES, name="η = {:.4g}")


class BowlSweepSettings(BowlShape):
    """A bowl and a range of learning rates."""

    lowest: float = end_of_rates(0.02, "lowest", SWEEP_LANES, (0.001, 1.0), high=500.0)
    highest: float = end_of_rates(4.0, "highest", SWEEP_LANES, (0.5, 100.0), high=500.0)
    dimension: int = fewer(BowlShape, "dimension", 2, 20)
    steps: int = fewer(BowlShape, "steps", 100, 1000)


class NetSweepSettings(NetShape):
    """A net and a range of learning rates."""

    lowest: float = end_of_rates(0.01, "lowest", SWEEP_LANES, (0.001, 0.1))
    highest: float = end_of_rates(2.0, "highest", SWEEP_LANES, (0.2, 10.0))
    width: int = fewer(NetShape, "width", 16, 32)
    depth: int = fewer(NetShape, "depth", 2, 2)
    train_size: int = fewer(NetShape, "train_size", 100, 200)
    steps: int = fewer(NetShape, "steps", 300, 1000)


class NetSeedsSettings(NetSettings):
    """A net, drawn `SEEDS` times: `seed` is the first of them."""

    width: int = fewer(NetShape, "width", 32, 64)
    depth: int = fewer(NetShape, "depth", 2, 3)
    train_size: int = fewer(NetShape, "train_size", 100, 400)
    steps: int = fewer(NetShape, "steps", 500, 2000)
    seed: int = first_seed(NetShape, SEEDS)


BOWL_SWEEP = Spread(BowlSweepSettings, BowlSettings, (RATES,))
NET_SWEEP = Spread(NetSweepSettings, NetSettings, (RATES,))
NET_SEEDS = Spread(NetSeedsSettings, NetSettings, (Seeds(SEEDS),))
