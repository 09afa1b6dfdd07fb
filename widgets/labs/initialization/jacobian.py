"""Dynamical isometry: the singular values of the input-output Jacobian, as layers are added."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import plotly.graph_objects as go

from lessons.core.lanes import Lanes
from lessons.initialization.jacobian import JacobianSettings, JacobianSpectrum
from lessons.initialization.prediction import predict
from lessons.initialization.propagation import PropagationSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.initialization.layer_figures import by_layer, decades
from widgets.labs.initialization.scheme_view import SchemeView
from widgets.labs.initialization.variance import known, positive
from widgets.plots import line, plot

FLOOR = 1e-17
ORTHOGONAL, RELU = {"scheme": "orthogonal"}, {"activation": "relu"}
ROOT_TWO = round(math.sqrt(2), 4)


class JacobianView(SchemeView):
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
            "Both keep the mean square. Gaussian layers pull the singular values apart; orthogonal ones keep them.",
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
            "Each layer switches off half of the units: a few directions are stretched, most are gone.",
            (
                {**ORTHOGONAL, **RELU, "gain": ROOT_TWO},
                {"scheme": "Kaiming fan-in", **RELU},
                {**ORTHOGONAL, "activation": "linear"},
            ),
            ("√2 · orthogonal, ReLU", "Kaiming, ReLU", "orthogonal, linear"),
            says=("scheme", "activation", "gain"),
        ),
        Preset(
            "nor the logistic",
            "With a slope of 1/4 at most, twenty layers shrink everything 10¹²-fold. Four times the weights: better, "
            "and still no isometry.",
            (
                {**ORTHOGONAL, "activation": "logistic"},
                {**ORTHOGONAL, "activation": "logistic", "gain": 4.0},
                ORTHOGONAL,
            ),
            ("logistic", "logistic, gain 4", "tanh"),
        ),
        Preset(
            "a hundred layers",
            "Orthogonal tanh at small inputs, five times as deep: the values sink slowly, and together.",
            ({**ORTHOGONAL, "steps": 100}, {"scheme": "Xavier", "steps": 100}),
            ("orthogonal", "Xavier"),
            30.0,
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        values = plot(
            "jacobian-values",
            "Singular values of the Jacobian, in order (what is lost in rounding is left out)",
            "number, from the largest on",
            "singular value",
            [line(n, c) for n, c in zip(names, colours, strict=True)],
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
            "The median singular value, layer by layer",
            "layers",
            "median",
            [line(n, c) for n, c in zip(names, colours, strict=True)],
            yaxis_type="log",
        )
        return {"values": values, "mean": mean, "median": middle}

    def begin(self, frame: Frame) -> None:
        found, count, depth = mean_squares(frame.lanes), len(frame.lanes), frame.lanes.shared.steps
        for lane in range(count):
            frame.screen.replace("mean", count + lane, x=np.arange(depth + 1), y=found[lane])
        for figure in ("mean", "median"):
            frame.screen.relayout(figure, {"xaxis.range": [0, depth]})
        frame.screen.relayout("values", {"xaxis.range": [1, frame.lanes.shared.width]})

    def draw(self, frame: Frame) -> None:
        numbers = np.arange(1, frame.lanes.shared.width + 1)
        values = frame.history["singular_values"][: frame.stop]
        shown = np.where(values > FLOOR * values.max(2, keepdims=True), values, np.nan)
        layers = np.arange(frame.start, frame.stop)
        for lane in range(len(frame.lanes)):
            frame.screen.replace("values", lane, x=numbers, y=shown[-1, lane])
            frame.screen.extend("median", lane, layers, positive(np.median(values[layers, lane], 1)))
            frame.screen.extend("mean", lane, layers, positive(frame.history["loss"][layers, lane]))
        frame.screen.relayout("values", {"yaxis.range": decades(shown[-1])})
        frame.screen.relayout("median", {"yaxis.range": decades(np.median(values, 2))})
        frame.screen.relayout("mean", {"yaxis.range": decades(frame.history["loss"], mean_squares(frame.lanes))})

    def readings(self, frame: Frame) -> list[Reading]:
        found, step, lines = mean_squares(frame.lanes), frame.stop - 1, []
        for lane in range(len(frame.lanes)):
            values = frame.history["singular_values"][step, lane]
            lines += [
                Reading(lane, "largest", float(values[0])),
                Reading(lane, "median", float(np.median(values))),
                Reading(lane, "smallest", float(values[-1])),
                Reading(lane, "mean square", float(frame.history["loss"][step, lane]), known(found[lane, step])),
            ]
        return lines


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
