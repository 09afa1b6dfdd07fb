"""Dynamical isometry: the singular values of the input-output Jacobian, as layers are added."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any

import numpy as np
import plotly.graph_objects as go
import torch

from lessons.core.lanes import Lanes
from lessons.initialization.jacobian import JacobianSettings, JacobianSpectrum, rounding_floor
from lessons.initialization.prediction import predict
from lessons.initialization.propagation import PropagationSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import broad
from widgets.labs.initialization import goals
from widgets.labs.initialization.layer_figures import decades
from widgets.labs.initialization.scheme_view import SchemeView
from widgets.labs.initialization.variance import known, positive
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, Points, Theory
from widgets.view.panels import OverSteps, Panel
from widgets.view.readings import number

ORTHOGONAL, RELU = {"scheme": "orthogonal"}, {"activation": "relu"}
ROW = 0.05  # of the height, for the ticks of a lane
ROOT_TWO = round(math.sqrt(2), 4)


class JacobianView(SchemeView[JacobianSettings]):
    """All singular values in order, their mean square beside theory, and the largest and the median, layer by layer."""

    name = "jacobian"
    title = "Singular values of the whole net"
    experiment = JacobianSpectrum()
    covered = ("values", "mean")
    shown = ("scheme", "input_scale", "activation")
    speed = 10.0
    trains = False
    step_figures = ()
    goals = goals.JACOBIAN
    presets = (
        Preset(
            "orthogonal against Gaussian",
            "Weights of one variance: by theory the mean square is the same. Will the singular values be?",
            (ORTHOGONAL, {"scheme": "Xavier"}),
            ("orthogonal", "Xavier"),
        ),
        Preset(
            "larger inputs",
            "Isometry lasts while tanh is straight. Larger inputs saturate units, and the values drift apart.",
            (
                {**ORTHOGONAL, "input_scale": 0.1},
                {**ORTHOGONAL, "input_scale": 1.0},
                {**ORTHOGONAL, "input_scale": 3.0},
            ),
            ("inputs 0.1", "inputs 1", "inputs 3"),
        ),
        Preset(
            "ReLU cannot",
            "Each layer switches off about half of its units. Some directions are gone for good; those that are left "
            "range over powers of ten.",
            (  # holds: l4_relu_loses_directions
                {**ORTHOGONAL, **RELU, "gain": ROOT_TWO},
                {"scheme": "Kaiming fan-in", **RELU},
                {**ORTHOGONAL, "activation": "linear"},
            ),
            ("√2 · orthogonal, ReLU", "Kaiming, ReLU", "orthogonal, linear"),
            says=("scheme", "activation", "gain"),
        ),
        Preset(
            "nor the logistic",
            "With a slope of 1/4 at most, twenty layers shrink everything at least 10¹²-fold. Four times the weights: "
            "better, and still no isometry.",
            (  # holds: l4_logistic_is_not_isometric
                {**ORTHOGONAL, "activation": "logistic"},
                {**ORTHOGONAL, "activation": "logistic", "gain": 4.0},
                ORTHOGONAL,
            ),
            ("logistic", "logistic, gain 4", "tanh"),
        ),
        Preset(
            "a hundred layers",
            "Orthogonal tanh at small inputs, five times as deep: the values sink slowly, and together.",
            (  # holds: l4_a_hundred_layers_sink_together
                {**ORTHOGONAL, "steps": 100},
                {"scheme": "Xavier", "steps": 100},
            ),
            ("orthogonal", "Xavier"),
            30.0,
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[JacobianSettings]]:
        ticks: dict[str, Any] = {"make": partial(marks, symbol="line-ns-open")}
        return {
            "values": Panel(
                "Singular values of the Jacobian, in order (ticks: exactly 0; triangles: below what "
                "float64 tells from 0)",
                "number, from the largest on",
                "singular value",
                Curve(_known_values),
                Curve(partial(_zeros, _values), "{lane}, exactly 0", **ticks),
                Curve(_hidden_values, "{lane}, hidden", make=partial(marks, symbol="triangle-down-open")),
                fit=_fit_values,
                legend=True,
                yaxis_type="log",
            ),
            "mean": OverSteps(
                "Mean squared singular value, layer by layer",
                "mean square",
                Line(_mean_square, make=broad),
                Theory(_expected_mean_square, "{lane}, theory"),
                fit=lambda frame: {"yaxis.range": decades(frame.history["loss"], mean_squares(frame.lanes))},
                x="layers",
                legend=True,
                yaxis_type="log",
            ),
            "median": OverSteps(
                "The median singular value, layer by layer (ticks: exactly 0; a line ends where float64 does)",
                "median",
                Curve(_known_medians),
                Curve(partial(_zeros, _medians), "{lane}, exactly 0", **ticks),
                fit=lambda frame: {"yaxis.range": _with_room_for_zeros(_medians(frame)[1])},
                x="layers",
                yaxis_type="log",
            ),
        }

    def readings(self, frame: Frame) -> list[Reading]:
        found, step, lines = mean_squares(frame.lanes), frame.stop - 1, []
        for lane in range(len(frame.lanes)):
            values = frame.history["singular_values"][step, lane]
            lines += [
                Reading(lane, "largest", float(values[0])),
                _reading(lane, "median", float(medians(values)), values),
                _reading(lane, "smallest", float(values[-1]), values),
                Reading(lane, "exactly 0", f"{(values == 0).sum()} of {len(values)}"),
                Reading(lane, "mean square", float(frame.history["loss"][step, lane]), known(found[lane, step])),
            ]
        return lines


def marks(name: str, colour: str, symbol: str) -> go.Scatter:
    """Return empty marks for what a logarithmic axis has no place for."""
    return go.Scatter(
        x=[], y=[], mode="markers", name=name, showlegend=False, marker={"symbol": symbol, "size": 7, "color": colour}
    )


def medians(values: np.ndarray) -> np.ndarray:
    """Return the median of singular values (..., n), largest first: shape (...); NaN where it is hidden by rounding."""
    n = values.shape[-1]
    middle = (values[..., (n - 1) // 2] + values[..., n // 2]) / 2
    return np.where(hidden(values)[..., n // 2], np.nan, middle)


def hidden(values: np.ndarray) -> np.ndarray:
    """True where rounding hides a singular value, (..., n), largest first: at the floor."""
    return (values > 0) & (values <= floor(values))


def floor(values: np.ndarray) -> np.ndarray:
    """Below this, singular values (..., n) are rounding: shape (..., 1)."""
    return rounding_floor(torch.from_numpy(values)).numpy()


Ordered = tuple[np.ndarray, np.ndarray]  # x, shape (N,), and values, shape (K, N)


def _values(frame: Frame[JacobianSettings]) -> Ordered:
    """Numbers and singular values now."""
    return np.arange(1, frame.lanes.shared.width + 1), frame.history["singular_values"][frame.stop - 1]


def _medians(frame: Frame[JacobianSettings]) -> Ordered:
    """Layers and the median singular value after each."""
    return np.arange(frame.stop), medians(frame.history["singular_values"][: frame.stop]).T


def _known_values(frame: Frame[JacobianSettings], lane: int) -> Points:
    x, values = _values(frame)
    return x, positive(np.where(hidden(values[lane]), np.nan, values[lane]))


def _hidden_values(frame: Frame[JacobianSettings], lane: int) -> Points:
    x, values = _values(frame)
    lost = hidden(values[lane])
    return x[lost], values[lane, lost]


def _known_medians(frame: Frame[JacobianSettings], lane: int) -> Points:
    x, values = _medians(frame)
    return x, positive(values[lane])


def _zeros(of: Callable[[Frame[JacobianSettings]], Ordered], frame: Frame[JacobianSettings], lane: int) -> Points:
    """Values that are exactly 0, as ticks at the bottom, a row for each lane."""
    x, values = of(frame)
    low, high = decades(values)
    zero = values[lane] == 0
    return x[zero], np.full(zero.sum(), 10 ** (low - ROW * (high - low) * (lane + 0.5)))


def _with_room_for_zeros(values: np.ndarray) -> list[float]:
    low, high = decades(values)
    return [low - ROW * (high - low) * len(values) if (values == 0).any() else low, high]


def _fit_values(frame: Frame[JacobianSettings]) -> dict[str, list[float]]:
    return {
        "xaxis.range": [0, frame.lanes.shared.width + 1],
        "yaxis.range": _with_room_for_zeros(_values(frame)[1]),
    }


def _mean_square(frame: Frame[JacobianSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    return positive(frame.history["loss"][steps, lane])


def _expected_mean_square(frame: Frame[JacobianSettings], lane: int) -> Points:
    found = mean_squares(frame.lanes)[lane]
    return np.arange(len(found)), found


def _reading(lane: int, quantity: str, value: float, values: np.ndarray) -> Reading:
    """A singular value, in words where it is hidden by rounding."""
    least = float(floor(values)[0])
    if np.isfinite(least) and (np.isnan(value) or 0 < value <= least):
        return Reading(lane, quantity, f"below {number(least, 1)}, hidden by rounding")
    return Reading(lane, quantity, value)


def mean_squares(lanes: Lanes) -> np.ndarray:
    """Return the mean squared singular value after 0, 1, ... layers by mean-field theory, shape (K, L + 1)."""
    return _mean_squares(tuple(lanes.settings))


@lru_cache(maxsize=8)
def _mean_squares(lanes: tuple[JacobianSettings, ...]) -> np.ndarray:
    names = ("scheme", "activation", "gain", "deviation", "constant", "input_scale", "width")
    settings = [
        PropagationSettings(depth=each.steps, **{name: getattr(each, name) for name in names}) for each in lanes
    ]
    factor = predict(Lanes(settings)).gradient_factor.numpy()
    return np.concatenate([np.ones((len(factor), 1)), factor.cumprod(1)], 1)
