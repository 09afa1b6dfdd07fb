"""The edge of chaos: forty-one gains at once, and where gradients neither vanish nor explode."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.core.lanes import Lanes
from lessons.core.settings import Settings, setting
from lessons.initialization.activations import ActivationName
from lessons.initialization.propagation import Propagation, PropagationSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.initialization.layer_figures import by_layer, decades
from widgets.labs.initialization.variance import gradients, positive, prediction, variances
from widgets.plots import grey, theory
from widgets.view import LabView

GAINS = np.round(np.linspace(0.5, 3.0, 41), 4)


class EdgeSettings(Settings):
    """Settings of all 41 nets; their gains are spread over a range."""

    activation: ActivationName = setting("tanh", label="activation", symbol="φ", doc="Between the layers.")
    bias_deviation: float = setting(
        0.0,
        label="bias deviation",
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
        doc="Deviation of the inputs, which are Gaussian.",
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
        10, label="further nets", doc="How many more nets are drawn for the mean.", low=1, high=200, slider=(1, 50)
    )
    seed: int = setting(0, label="seed", doc="Draws everything.", low=0, high=2**31 - 1, slider=(0, 99))


class EdgeView(LabView):
    """Over the gain: the variance that arrives at the last layer, and the gradient that arrives at the first."""

    name = "edge_of_chaos"
    title = "Forty-one gains at once"
    experiment = Propagation()
    covered = ("gradient", "signal")
    methods = ("activation",)
    shown = ("activation", "depth", "bias_deviation", "input_scale")
    more = ("width", "steps", "seed")
    compare = False
    trains = False
    step_figures = ()
    presets = (
        Preset(
            "tanh", "Below gain 1 the gradient vanishes, above it explodes: the edge is where the curve is 1.", ({},)
        ),
        Preset(
            "tanh with biases",
            "Biases saturate some units: the edge moves to a larger gain.",
            ({"bias_deviation": 0.3},),
        ),
        Preset("ReLU", "A straight line in logarithms, through 1 at √2: Kaiming's factor.", ({"activation": "relu"},)),
        Preset(
            "the logistic",
            "No gain in reach brings the gradient through fifty layers: the slope is 1/4 at most.",
            ({"activation": "logistic"},),
        ),
        Preset(
            "ten layers", "The curve is flatter and crosses 1 at a larger gain: shallow nets forgive.", ({"depth": 10},)
        ),
    )

    @property
    def settings_type(self) -> type[Settings]:
        return EdgeSettings

    def lanes(self, settings: Sequence[Settings], names: Sequence[str]) -> Lanes:
        values = settings[0].model_dump()
        lanes = [PropagationSettings(scheme="LeCun", gain=float(gain), **values) for gain in GAINS]
        return Lanes(lanes, [f"gain {gain:g}" for gain in GAINS])

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        axis = {"x": "gain g, for weights of variance g²/n", "xaxis_range": [GAINS[0], GAINS[-1]], "height": 340}
        name, colour = ["measured"], [colours[0]]
        back = by_layer(
            "initialization-edge",
            "Mean square gradient at layer 1, of 1 at the last (dashes: theory; at 1 it is kept)",
            "gradient at layer 1",
            name,
            colour,
            **axis,
        )
        back.add_trace(theory("kept", grey(0.9)))
        forward = by_layer("initialization-edge-signal", "Variance at the last layer", "variance", name, colour, **axis)
        for figure in (back, forward):
            figure.data[0].update(mode="markers", marker={"size": 6, "color": colours[0]})
        return {"gradient": back, "signal": forward}

    def begin(self, frame: Frame) -> None:
        found = prediction(frame.lanes)
        frame.screen.replace("gradient", 1, x=GAINS, y=found.gradient[:, 0])
        frame.screen.replace("gradient", 2, x=[GAINS[0], GAINS[-1]], y=[1.0, 1.0])
        frame.screen.replace("signal", 1, x=GAINS, y=positive(found.variance[:, -1]))
        frame.screen.relayout("gradient", {"yaxis.range": decades(found.gradient[:, 0])})
        frame.screen.relayout("signal", {"yaxis.range": decades(found.variance[:, -1])})

    def draw(self, frame: Frame) -> None:
        frame.screen.replace("gradient", 0, x=GAINS, y=positive(_first_gradients(frame)))
        frame.screen.replace("signal", 0, x=GAINS, y=positive(_last_variances(frame)))

    def readings(self, frame: Frame) -> list[Reading]:
        measured, expected = crossing(_first_gradients(frame)), crossing(prediction(frame.lanes).gradient[:, 0])
        kept = "not in this range" if measured is None else measured
        return [
            Reading(0, "gain at which the gradient is kept", kept, None if measured is None else expected),
            Reading(0, "nets of each gain", str(frame.stop)),
        ]


def crossing(values: np.ndarray) -> float | None:
    """Return the largest gain at which a curve over `GAINS` comes up through 1; None if it does not."""
    with np.errstate(divide="ignore"):
        logs = np.log(values)
    ups = np.flatnonzero((logs[:-1] < 0) & (logs[1:] >= 0))
    if not len(ups):
        return None
    at = ups[-1]
    share = 0.0 if np.isinf(logs[at]) else -logs[at] / (logs[at + 1] - logs[at])
    return float(GAINS[at] + share * (GAINS[at + 1] - GAINS[at]))


def _first_gradients(frame: Frame) -> np.ndarray:
    return np.array([gradients(frame, lane)[0] for lane in range(len(frame.lanes))])


def _last_variances(frame: Frame) -> np.ndarray:
    return np.array([variances(frame, lane)[-1] for lane in range(len(frame.lanes))])
