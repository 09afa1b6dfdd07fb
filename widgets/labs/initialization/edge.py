"""The edge of chaos: forty-one gains at once, and where gradients neither vanish nor explode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lessons.core.lanes import Lanes
from lessons.initialization.propagation import Propagation, PropagationSettings
from lessons.initialization.spreads import EDGE_OF_CHAOS, GAINS, EdgeSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import broad, grey, limit, theory
from widgets.labs.initialization import goals
from widgets.labs.initialization.layer_figures import decades
from widgets.labs.initialization.variance import Predicted, gradients, middle, positive, prediction, variances
from widgets.view.controls import Preset, Reading
from widgets.view.lines import One, Points
from widgets.view.panels import Panel
from widgets.view.view import LabView

FINE = np.round(np.linspace(0.5, 3.0, 51), 4)  # theory's own


class EdgeView(LabView[PropagationSettings, EdgeSettings]):
    """Over the gain: the variance that arrives at the last layer, and the gradient that arrives at the first."""

    name = "edge_of_chaos"
    title = "Forty-one gains at once"
    experiment = Propagation()
    spread = EDGE_OF_CHAOS
    covered = ("gradient", "signal")
    methods = ("activation",)
    shown = ("depth", "activation", "bias_deviation")
    compare = False
    trains = False
    step_figures = ()
    goals = goals.EDGE
    presets = (
        Preset(
            "tanh",
            "To the left the gradient vanishes, to the right it explodes. At what gain will it be what it was?",
            ({},),
        ),
        Preset(
            "small inputs",
            "Inputs of 0.1 keep tanh straight, and the crossing moves to where it is at infinite depth: to 1.",
            ({"input_scale": 0.1},),  # holds: l4_small_inputs_cross_near_one
        ),
        Preset(
            "tanh with biases",
            "Biases saturate some units: the crossing moves to a larger gain.",  # holds: l4_biases_move_the_crossing
            ({"bias_deviation": 0.3},),
        ),
        Preset(
            "ReLU",
            "A power of the gain, (g²/2)⁴⁹, and 1 at √2: Kaiming's factor.",  # holds: l4_relu_crosses_at_root_two
            ({"activation": "relu"},),
        ),
        Preset(
            "the logistic",
            "Its slope is 1/4 at most: no gain in this range brings the gradient through fifty layers.",
            ({"activation": "logistic"},),  # holds: l4_logistic_never_crosses
        ),
        Preset(
            "ten layers",
            "The curve is flatter, and crosses 1 at a larger gain: shallow nets forgive.",
            ({"depth": 10},),  # holds: l4_ten_layers_forgive
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[PropagationSettings]]:
        layout: dict[str, Any] = {"xaxis_range": [GAINS[0], GAINS[-1]], "height": 340}
        gain = "gain g, for weights of variance g²/n"
        return {
            "gradient": Panel(
                "Mean square gradient at layer 1, of 1 at the last: median of the nets",
                gain,
                "gradient at layer 1",
                One(lambda frame: (GAINS, positive(_first_gradients(frame))), "measured", make=_dots),
                One(_expected_gradients, "measured, theory", make=theory, says="theory", fixed=True),
                One(_kept, "kept", grey(0.9), make=limit, says="kept as it is", fixed=True),
                fit=lambda frame: {"yaxis.range": decades(on_a_fine_grid(frame.lanes).gradient[:, 0], [1.0])},
                yaxis_type="log",
                **layout,
            ),
            "signal": Panel(
                "Variance at the last layer: median of the nets",
                gain,
                "variance",
                One(lambda frame: (GAINS, positive(_last_variances(frame))), "measured", make=_dots),
                One(_expected_variances, "measured, theory", make=theory, says="theory", fixed=True),
                fit=lambda frame: {"yaxis.range": decades(on_a_fine_grid(frame.lanes).variance[:, -1])},
                yaxis_type="log",
                **layout,
            ),
        }

    def readings(self, frame: Frame[PropagationSettings]) -> list[Reading]:
        measured = crossing(_first_gradients(frame))
        expected = crossing(on_a_fine_grid(frame.lanes).gradient[:, 0], FINE)
        kept = "not in this range" if measured is None else measured
        return [
            Reading(0, "gain at the crossing", kept, None if measured is None else expected),
            Reading(0, "nets of each gain", str(frame.stop)),
        ]


def on_a_fine_grid(lanes: Lanes[PropagationSettings]) -> Predicted:
    """Return what theory says of these nets at the gains of `FINE`."""
    return prediction(Lanes([lanes.settings[0].with_value("gain", float(gain)) for gain in FINE]))


def crossing(values: np.ndarray, gains: np.ndarray = GAINS) -> float | None:
    """Return the largest gain at which a curve over gains comes up through 1; None if it does not."""
    with np.errstate(divide="ignore"):
        logs = np.log(values)
    ups = np.flatnonzero((logs[:-1] < 0) & (logs[1:] >= 0))
    if not len(ups):
        return None
    at = ups[-1]
    share = 0.0 if np.isinf(logs[at]) else -logs[at] / (logs[at + 1] - logs[at])
    return float(gains[at] + share * (gains[at + 1] - gains[at]))


def _first_gradients(frame: Frame) -> np.ndarray:
    return np.array([middle(gradients(frame, lane))[0] for lane in range(len(frame.lanes))])


def _last_variances(frame: Frame) -> np.ndarray:
    return np.array([middle(variances(frame, lane))[-1] for lane in range(len(frame.lanes))])


def _expected_gradients(frame: Frame[PropagationSettings]) -> Points:
    return FINE, on_a_fine_grid(frame.lanes).gradient[:, 0]


def _expected_variances(frame: Frame[PropagationSettings]) -> Points:
    return FINE, positive(on_a_fine_grid(frame.lanes).variance[:, -1])


def _kept(_frame: Frame[PropagationSettings]) -> Points:
    return [GAINS[0], GAINS[-1]], [1.0, 1.0]


def _dots(name: str, colour: str) -> go.Scatter:
    return broad(name, colour, mode="markers", marker={"size": 6, "color": colour})
