"""Dynamical isometry: the singular values of the input-output Jacobian, as layers are added."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import plotly.graph_objects as go
import torch

from lessons.core.lanes import Lanes
from lessons.initialization.jacobian import JacobianSettings, JacobianSpectrum, rounding_floor
from lessons.initialization.prediction import predict
from lessons.initialization.propagation import PropagationSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.initialization.layer_figures import by_layer, decades
from widgets.labs.initialization.scheme_view import SchemeView
from widgets.labs.initialization.variance import known, positive
from widgets.plots import line, plot
from widgets.readings import number

ORTHOGONAL, RELU = {"scheme": "orthogonal"}, {"activation": "relu"}
ROOT_TWO = round(math.sqrt(2), 4)


class JacobianView(SchemeView[JacobianSettings]):
    """All singular values in order, their mean square beside theory, and the largest and the median, layer by layer."""

    name = "jacobian"
    title = "Singular values of the whole net"
    experiment = JacobianSpectrum()
    covered = ("values", "mean")
    shown = ("scheme", "gain", "deviation", "constant", "activation", "input_scale", "steps")
    more = ("width", "seed")
    speed = 10.0
    trains = False
    step_figures = ()
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        zeros = [marks(f"{n}, exactly 0", c, "line-ns-open") for n, c in pairs]
        lost = [marks(f"{n}, hidden", c, "triangle-down-open") for n, c in pairs]
        values = plot(
            "jacobian-values",
            "Singular values of the Jacobian, in order (ticks at the bottom: exactly 0; triangles: below what float64 "
            "can tell from 0)",
            "number, from the largest on",
            "singular value",
            [*(line(n, c) for n, c in pairs), *zeros, *lost],
            yaxis_type="log",
            showlegend=len(names) > 1,
        )
        mean = by_layer(
            "jacobian-mean",
            "Mean squared singular value (dashes: theory)",
            "mean square",
            names,
            colours,
            "layers",
        )
        middle = plot(
            "jacobian-median",
            "The median singular value, layer by layer (ticks: exactly 0; a line ends where float64 does)",
            "layers",
            "median",
            [*(line(n, c) for n, c in pairs), *zeros],
            yaxis_type="log",
        )
        return {"values": values, "mean": mean, "median": middle}

    def begin(self, frame: Frame[JacobianSettings]) -> None:
        found, count, depth = mean_squares(frame.lanes), len(frame.lanes), frame.lanes.shared.steps
        for lane in range(count):
            frame.screen.replace("mean", count + lane, x=np.arange(depth + 1), y=found[lane])
        for figure in ("mean", "median"):
            frame.screen.relayout(figure, {"xaxis.range": [0, depth]})
        frame.screen.relayout("values", {"xaxis.range": [0, frame.lanes.shared.width + 1]})

    def draw(self, frame: Frame[JacobianSettings]) -> None:
        count, numbers = len(frame.lanes), np.arange(1, frame.lanes.shared.width + 1)
        values = frame.history["singular_values"][: frame.stop]
        middle, layers = medians(values), np.arange(frame.stop)
        _with_zeros(frame, "values", numbers, values[-1])
        _with_zeros(frame, "median", layers, middle.T)
        for lane in range(count):
            lost = hidden(values[-1, lane])
            heights = values[-1, lane, lost]
            frame.screen.replace("values", 2 * count + lane, x=numbers[lost], y=heights)
            new = np.arange(frame.start, frame.stop)
            frame.screen.extend("mean", lane, new, positive(frame.history["loss"][new, lane]))
        frame.screen.relayout("mean", {"yaxis.range": decades(frame.history["loss"], mean_squares(frame.lanes))})

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


def _with_zeros(frame: Frame, figure: str, x: np.ndarray, values: np.ndarray) -> None:
    """Draw values (K, N) over x, and what is exactly 0 as ticks at the bottom, a row for each lane."""
    low, high = decades(values)
    zero, row = values == 0, 0.05 * (high - low)
    for lane, each in enumerate(values):
        at = 10 ** (low - row * (lane + 0.5))
        shown = np.where(hidden(each), np.nan, each) if figure == "values" else each
        frame.screen.replace(figure, lane, x=x, y=positive(shown))
        frame.screen.replace(figure, len(values) + lane, x=x[zero[lane]], y=np.full(zero[lane].sum(), at))
    frame.screen.relayout(figure, {"yaxis.range": [low - row * len(values) if zero.any() else low, high]})


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
