"""Settings that all experiments of this lesson share: which net, and how its weights are drawn."""

from __future__ import annotations

from lessons.core.settings import Settings, setting
from lessons.initialization.activations import ActivationName
from lessons.initialization.schemes import SchemeName


class SchemeSettings(Settings):
    """The distribution of the weights, and the activation they fit. Each scheme says which numbers it uses."""

    scheme: SchemeName = setting("Xavier", label="initialization", doc="How the weights are drawn; biases are 0.")
    activation: ActivationName = setting("tanh", label="activation", symbol="φ", doc="Between the layers.")
    gain: float = setting(
        1.0,
        label="gain",
        symbol="g",
        doc="Multiplies the weights of all schemes but zeros, constant, normal and Kaiming, which has √2 built in.",
        low=0.0,
        high=10.0,
        slider=(0.5, 3.0),
        slider_step=0.01,
    )
    deviation: float = setting(
        0.01,
        label="standard deviation",
        symbol="σ",
        doc="Of the weights in the plain normal initialization, whatever the width.",
        low=0.0,
        high=10.0,
        slider=(0.001, 1.0),
        scale="log",
    )
    constant: float = setting(
        0.05,
        label="constant",
        symbol="c",
        doc="What all weights are under the constant initialization.",
        low=-1.0,
        high=1.0,
        slider=(-0.5, 0.5),
        slider_step=0.01,
    )
