"""What is set of lesson 4's sweep over the gain, and the lanes that come of it."""

from __future__ import annotations

import numpy as np

from lessons.core.settings import Settings, setting
from lessons.core.spread import Each, Spread
from lessons.initialization.activations import ActivationName
from lessons.initialization.propagation import PropagationSettings

GAINS = np.round(np.linspace(0.5, 3.0, 41), 4)


class EdgeSettings(Settings):
    """Settings of all 41 nets; their gains are spread over a range."""

    activation: ActivationName = setting("tanh", label="activation", symbol="φ", doc="Between the layers.")
    bias_deviation: float = setting(
        0.0,
        label="bias standard deviation",
        symbol="σ_b",
        doc="Biases are N(0, σ_b²).",
        low=0.0,
        high=2.0,
        slider=(0.0, 1.0),
        slider_step=0.01,
    )
    input_scale: float = setting(
        1.0,
        label="input scale",
        symbol="s",
        doc="Standard deviation of the inputs, which are Gaussian.",
        low=0.01,
        high=10.0,
        slider=(0.1, 5.0),
        scale="log",
    )
    depth: int = setting(50, label="layers", symbol="L", doc="Number of layers.", low=2, high=100, slider=(2, 100))
    width: int = setting(
        64, label="width", symbol="n", doc="Units in each layer.", low=4, high=128, slider=(8, 128), scale="log"
    )
    steps: int = setting(
        10, label="further nets", doc="How many more nets are drawn for the median.", low=1, high=200, slider=(1, 50)
    )
    seed: int = setting(0, label="seed", doc="Draws everything.", low=0, high=2**31 - 1, slider=(0, 99))


EDGE_OF_CHAOS = Spread(
    EdgeSettings, PropagationSettings, (Each("gain", GAINS.tolist(), "gain {:g}"),), fixed={"scheme": "LeCun"}
)
