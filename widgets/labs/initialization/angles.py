"""Two inputs through a deep random net: the angle between them, layer by layer, and what one more layer makes of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np
import torch

from lessons.core.lanes import Lanes
from lessons.initialization.angles import Angles, AngleSettings
from lessons.initialization.correlation import angle_map, predict_angles, small_angle_growth
from widgets.figure.frame import Frame
from widgets.figure.plots import grey, limit
from widgets.labs.initialization import goals
from widgets.labs.initialization.scheme_view import SchemeView
from widgets.labs.initialization.variance import band_in_words, known, middle, over_layers
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, One, Points, Theory
from widgets.view.panels import Panel

SMALLEST = 1e-3  # degrees, in the figure; far above 1e-6, where the arc cosine of the theory ends
GRID = np.linspace(0.0, 180.0, 37)
BIASES: dict[str, Any] = {"scheme": "LeCun", "bias_deviation": 0.3}
GAINS: dict[str, float] = {"g = 0.8": 0.8, "g = 1.4": 1.4, "g = 2.5": 2.5}


class AnglesView(SchemeView[AngleSettings]):
    """The angle between what two inputs have become in each layer, and the map from one layer to the next."""

    name = "angles"
    title = "Two inputs, layer by layer"
    experiment = Angles()
    covered = ("angle", "map")
    shown = ("gain", "angle", "activation")
    more = (
        "scheme",
        "deviation",
        "constant",
        "bias_deviation",
        "depth",
        "residual",
        "width",
        "input_scale",
        "steps",
        "seed",
    )
    speed = 5.0
    trains = False
    step_figures = ()
    goals = goals.ANGLES
    presets: ClassVar[tuple[Preset, ...]] = (
        Preset(
            "three gains",
            "Two inputs one degree apart go down three nets that differ in their gain. How far apart will they be?",
            tuple({**BIASES, "angle": 1.0, "gain": gain} for gain in GAINS.values()),
            tuple(GAINS),
        ),
        Preset(
            "wherever they begin",
            "In the chaotic net inputs 1°, 60° and 170° apart all come to one angle: where they began is forgotten.",
            tuple({**BIASES, "gain": 2.5, "angle": angle} for angle in (1.0, 60.0, 170.0)),
            ("1° apart", "60° apart", "170° apart"),  # holds: l4_chaos_forgets_the_angle
        ),
        Preset(
            "no biases",
            "Without biases a small gain shrinks both inputs to nothing, but not towards each other: in the median the "
            "angle stays.",
            (  # holds: l4_no_biases_no_likeness
                {"scheme": "LeCun", "gain": 0.8, "angle": 60.0},
                {**BIASES, "gain": 0.8, "angle": 60.0},
            ),
            ("g = 0.8, no biases", "g = 0.8, with biases"),
        ),
        Preset(
            "ReLU",
            "Three gains, one curve: without biases a ReLU net has no chaos. It closes every angle, slowly.",
            tuple(  # holds: l4_relu_closes_every_angle
                {"scheme": "LeCun", "activation": "relu", "gain": gain, "angle": 60.0} for gain in (1.0, 1.4142, 3.0)
            ),
            ("g = 1", "g = √2", "g = 3"),
        ),
        Preset(
            "residual nets",
            "The three gains once more, but each layer only adds to what came before. How far apart will one degree be "
            "after fifty layers, and after 200?",
            tuple({**BIASES, "angle": 1.0, "gain": gain, "residual": True} for gain in GAINS.values()),  # given
            tuple(GAINS),
        ),
        Preset(
            "sixteen units wide",
            "The same gains in narrow nets. At 1.4 most of them bring the two closer; at 2.5 they end anywhere from "
            "a few degrees to more than 90°.",
            tuple(  # holds: l4_narrow_nets_scatter_angles
                {**BIASES, "angle": 1.0, "gain": gain, "width": 16} for gain in GAINS.values()
            ),
            tuple(GAINS),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[AngleSettings]]:
        degrees = [0.0, 180.0]
        return {
            "angle": over_layers(
                "Angle between the two, down to 0.001°: median, 10–90 % of nets",
                "angle (°)",
                angles,
                _expected_angle,
                fit=lambda frame: {"xaxis.range": [0, frame.lanes.shared.depth]},
                yaxis_range=np.log10([SMALLEST, 200]).tolist(),
            ),
            "map": Panel(
                "One layer more: angle after a layer against the angle before it",
                "angle in a layer (°)",
                "in the next (°)",
                Curve(_steps, mode="markers", opacity=0.5, says="the medians, layer by layer"),
                Theory(_expected_map, "{lane}, theory"),
                One(lambda _: (degrees, degrees), "the angle stays", grey(0.9), make=limit, fixed=True),
                xaxis_range=degrees,
                yaxis_range=degrees,
            ),
        }

    def readings(self, frame: Frame[AngleSettings]) -> list[Reading]:
        theory = prediction(frame.lanes)
        depth, found = frame.lanes.shared.depth, []
        for lane in range(len(frame.lanes)):
            last = angles(frame, lane)[:, -1]
            end = theory.angle[lane, -1]
            found += [
                Reading(
                    lane,
                    f"angle at layer {depth} (°), median",
                    float(middle(last[:, None])[0]),
                    None if end < SMALLEST else known(end),
                ),
                Reading(lane, "10–90 %", band_in_words(last, 3)),
                Reading(lane, "theory: a layer multiplies a small angle by", float(theory.growth[lane])),
                Reading(lane, "nets", str(frame.stop)),
            ]
        return found


def angles(frame: Frame, lane: int) -> np.ndarray:
    """The angle in each layer of each net so far, in degrees, shape (nets, L + 1)."""
    return frame.history["angle"][: frame.stop, lane]


@dataclass(frozen=True)
class Predicted:
    """What mean-field theory says of K lanes: angles in degrees.

    Attributes:
        angle: In each layer, shape (K, L + 1).
        here: In the last layer, on a grid, shape (K, A).
        following: In the layer that would follow it, where it is `here` in that; shape (K, A).
        growth: What that layer multiplies a small angle by, shape (K,).
    """

    angle: np.ndarray
    here: np.ndarray
    following: np.ndarray
    growth: np.ndarray


def prediction(lanes: Lanes[AngleSettings]) -> Predicted:
    """Return what mean-field theory says of these lanes."""
    return _predicted(tuple(lanes.settings))


@lru_cache(maxsize=8)
def _predicted(settings: tuple[AngleSettings, ...]) -> Predicted:
    lanes = Lanes(settings)
    found = predict_angles(lanes), *angle_map(lanes, torch.from_numpy(GRID)), small_angle_growth(lanes)
    return Predicted(*(each.numpy() for each in found))


def _expected_angle(frame: Frame[AngleSettings], lane: int) -> Points:
    found = prediction(frame.lanes).angle[lane]
    return np.arange(len(found)), np.where(found > SMALLEST, found, np.nan)


def _expected_map(frame: Frame[AngleSettings], lane: int) -> Points:
    found = prediction(frame.lanes)
    return found.here[lane], found.following[lane]


def _steps(frame: Frame[AngleSettings], lane: int) -> Points:
    medians = middle(angles(frame, lane))
    return medians[:-1], medians[1:]
