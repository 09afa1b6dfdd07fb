"""The loss is a proxy: classifiers of two Gaussians, the best boundary, and one point out of place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, ClassVar

import numpy as np

from lessons.optimizers.one_plane import OnePlane
from lessons.optimizers.proxy import WINDOW, Proxy, ProxySettings, grid_axis, training_points
from lessons.optimizers.spreads import CLASSIFIERS, OUTLIER_DISTANCES, OUTLIER_SHIFT, OutlierSettings
from lessons.optimizers.theory import bayes_error, fewest_errors
from widgets.figure.colours import colour_of
from widgets.figure.frame import Frame
from widgets.figure.level_lines import level_line
from widgets.figure.plots import EQUAL_AXES, TWO_CLASSES, grey, limit, marks, placed, theory, thin, two_classes
from widgets.labs.optimizers import data_goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, One, Points
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.view import LabView

SHOWN_POINTS = 200
NEAR = WINDOW / 2  # half the side of the square that is drawn where no outlier is


def _compare(methods: Sequence[str], **common: object) -> dict[str, Any]:
    return {"lanes": tuple({"method": method, **common} for method in methods), "names": tuple(methods)}


class ProxyView(LabView[ProxySettings]):
    """Training points, boundaries with and without the outlier, and error on training against fresh points."""

    name = "proxy"
    title = "The loss is a proxy for the error"
    experiment = OnePlane()
    methods = ("method",)
    shown = ("outlier", "method", "separation")
    step_figures = ("error",)
    places: ClassVar = {"plane": ("outlier_x", "outlier_y")}
    goals = data_goals.PROXY
    presets = (
        Preset(
            "five losses",
            "The same sixty points, five classifiers. Whose boundary comes to lie on the dashed line?",
            **_compare(("squared error", "logistic", "hinge", "squared error of a sigmoid", "MLP")),
        ),
        Preset(
            "one point out of place",
            "The diamond belongs to the left class. Dotted: each boundary without it. Drag it: whose boundary follows?",
            **_compare(
                ("squared error", "logistic", "hinge", "squared error of a sigmoid", "MLP"),
                outlier=True,
                outlier_y=-3.0,
                steps=1000,
            ),
        ),
        Preset(
            "few points",
            "Ten training points: in most draws the training error is far below the error on fresh points.",
            **_compare(("squared error", "logistic", "MLP"), train_size=10, separation=1.5),
            # holds: l1_few_points
        ),
        Preset(
            "the perceptron's rule",
            "It stops where no point is wrong; where the classes overlap it never stops.",
            **_compare(("perceptron", "logistic"), separation=2.0, steps=1500),
            # holds: l1_perceptron
        ),
    )

    def idle(self, settings: ProxySettings) -> tuple[str, ...]:
        net = () if settings.method == "MLP" else ("width",)
        return (*net, *(() if settings.outlier else ("outlier_x", "outlier_y")))

    @property
    def panels(self) -> Mapping[str, Panel[ProxySettings]]:
        outlier = {"size": 13, "symbol": "diamond", "color": "#888", "line": {"width": 2, "color": "#d6457b"}}
        return {
            "plane": Panel(
                "Training points and boundaries",
                "x₁",
                "x₂",
                Curve(_training_points, each=TWO_CLASSES, make=two_classes, fixed=True),
                One(
                    _outlier,
                    "outlier, of class 0",
                    fixed=True,
                    pointer=partial(placed, invitation="Click or drag to place the outlier"),
                    make=marks,
                    marker=outlier,
                    hoverinfo="skip",
                ),
                One(_best_boundary, "best possible", grey(0.9), make=theory, fixed=True),
                Curve(partial(_boundary, "score"), showlegend=False),
                Curve(_boundary_without, "{lane}, without the outlier", make=thin),
                fit=_reach,
                height=420,
                xaxis_range=[-WINDOW, WINDOW],
                yaxis_range=[-WINDOW, WINDOW],
                showlegend=True,
                **EQUAL_AXES,
            ),
            "error": OverSteps(
                "Error on fresh points and on training points",
                "error",
                Line("fresh_error", "{lane}, fresh", showlegend=False),
                Line("train_error", "{lane}, training", make=thin),
                One(_best_error, "best possible", "#888", make=theory, fixed=True),
                One(_fewest_errors, "fewest of any line, training", "#888", make=limit, fixed=True),
                yaxis_range=[0, 0.35],
                height=420,
            ),
        }

    def readings(self, frame: Frame[ProxySettings]) -> list[Reading]:
        best, lines = bayes_error(frame.lanes.shared.separation), []
        for lane in range(len(frame.lanes)):
            row = frame.last(lane)
            lines += [
                Reading(lane, "loss", now(frame, "loss", lane)),
                Reading(lane, "training error", now(frame, "train_error", lane)),
                Reading(lane, "error on fresh points", now(frame, "fresh_error", lane), best, "at best"),
            ]
            if frame.lanes.shared.outlier:
                lines.append(Reading(lane, "moved by the outlier", f"{100 * frame.history['moved'][row, lane]:.2g} %"))
        return lines


class OutlierView(LabView[ProxySettings, OutlierSettings]):
    """Share of fresh points that change sides when the outlier comes in, against its distance, for each loss."""

    name = "outlier_shift"
    title = "How far one outlier moves the boundary"
    experiment = Proxy()
    spread = OUTLIER_SHIFT
    compare = False
    step_figures = ()
    shown = ("train_size", "separation", "seed")
    goals = data_goals.OUTLIER
    presets = (
        Preset(
            "six classifiers",
            "The outlier lies at 30° beyond the other class, nearer and farther.",  # given
            ({},),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[ProxySettings]]:
        return {
            "shift": Panel(
                "Share of fresh points that change sides when the outlier comes in",
                "distance of the outlier",
                "share",
                Curve(
                    self._shift_of,
                    each=[(method, colour_of("method", method)) for method in CLASSIFIERS],
                    mode="lines+markers",
                ),
                fit=lambda _: {
                    "xaxis.range": [np.log10(OUTLIER_DISTANCES[0]) - 0.05, np.log10(OUTLIER_DISTANCES[-1]) + 0.05]
                },
                height=400,
                showlegend=True,
                xaxis_type="log",
                xaxis_tickvals=OUTLIER_DISTANCES,
                yaxis_type="log",
                yaxis_range=[-4, 0],
                yaxis_tickformat="~%",
            )
        }

    def _shift_of(self, frame: Frame[ProxySettings], method: int) -> Points:
        shifts = self._shifts(frame)[method]
        return OUTLIER_DISTANCES, np.where(shifts > 0, shifts, np.nan)

    def readings(self, frame: Frame) -> list[Reading]:
        farthest = self._shifts(frame)[:, -1]
        return [
            Reading(0, method, f"{100 * shift:.2g} % at distance {OUTLIER_DISTANCES[-1]:g}" if frame.stop > 1 else "–")
            for method, shift in zip(CLASSIFIERS, farthest, strict=True)
        ]

    def _shifts(self, frame: Frame) -> np.ndarray:
        """Shape (methods, distances)."""
        side = frame.history.snapshot("fresh_side").reshape(len(CLASSIFIERS), len(OUTLIER_DISTANCES) + 1, -1)
        return (side[:, 1:] != side[:, :1]).mean(2)


def _training_points(frame: Frame[ProxySettings], label: int) -> Points:
    shared = frame.lanes.shared
    points, labels = (part.numpy() for part in training_points(shared.seed, shared.train_size, shared.separation))
    rows = np.flatnonzero(labels == (-1, 1)[label])[: SHOWN_POINTS // 2]
    return points[rows, 0], points[rows, 1]


def _outlier(frame: Frame[ProxySettings]) -> Points:
    shared = frame.lanes.shared
    return ([shared.outlier_x], [shared.outlier_y]) if shared.outlier else ([], [])


def _best_boundary(_frame: Frame[ProxySettings]) -> Points:
    return [0, 0], [-WINDOW, WINDOW]


def _boundary(score: str, frame: Frame[ProxySettings], lane: int) -> Points:
    axis = grid_axis().numpy()
    return level_line(axis, axis, frame.history.snapshot(score)[lane], 0.0)


def _boundary_without(frame: Frame[ProxySettings], lane: int) -> Points | None:
    return _boundary("score_without", frame, lane) if frame.lanes.shared.outlier else None


def _reach(frame: Frame[ProxySettings]) -> dict[str, Any]:
    reach = WINDOW if frame.lanes.shared.outlier else NEAR
    return {"xaxis.range": [-reach, reach], "yaxis.range": [-reach, reach]}


def _best_error(frame: Frame[ProxySettings]) -> Points:
    best = bayes_error(frame.lanes.shared.separation)
    return [0, frame.lanes.shared.steps], [best, best]


def _fewest_errors(frame: Frame[ProxySettings]) -> Points | None:
    shared = frame.lanes.shared
    if shared.outlier:  # then the training points are others
        return None
    fewest = _fewest(shared.seed, shared.train_size, shared.separation)
    return [0, shared.steps], [fewest, fewest]


@lru_cache(maxsize=64)
def _fewest(seed: int, train_size: int, separation: float) -> float:
    """Takes some 60 ms for the most points that there may be."""
    return fewest_errors(*training_points(seed, train_size, separation))
