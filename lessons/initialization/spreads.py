"""Settings of lesson 4's sweep over the gain, and the lanes that come of them."""

from __future__ import annotations

import numpy as np

from lessons.core.settings import Settings
from lessons.core.spread import Each, Spread, fewer
from lessons.initialization.activations import ActivationName
from lessons.initialization.propagation import PropagationSettings

GAINS = np.round(np.linspace(0.5, 3.0, 41), 4)


class EdgeSettings(Settings):
    """Settings of all 41 nets; their gains are spread over a range."""

    activation: ActivationName = fewer(PropagationSettings, "activation", "tanh")
    bias_deviation: float = fewer(
        PropagationSettings, "bias_deviation", 0.0, 2.0, doc="Standard deviation of the biases."
    )
    input_scale: float = fewer(PropagationSettings, "input_scale", 1.0, 10.0, low=0.01, slider=(0.1, 5.0))
    depth: int = fewer(PropagationSettings, "depth", 50, 100, low=2, slider=(2, 100))
    width: int = fewer(PropagationSettings, "width", 64, 128, low=4, doc="Units in each layer.", slider=(8, 128))
    steps: int = fewer(
        PropagationSettings, "steps", 10, 200, doc="How many more nets are drawn for the median.", slider=(1, 50)
    )
    seed: int = fewer(PropagationSettings, "seed", 0, doc="Draws everything.")


EDGE_OF_CHAOS = Spread(
    EdgeSettings, PropagationSettings, (Each("gain", GAINS.tolist(), "gain {:g}"),), fixed={"scheme": "LeCun"}
)
