"""The loss is a proxy: classifiers of two Gaussians, the best boundary, and one point out of place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go

from lessons.optimizers.one_plane import OnePlane
from lessons.optimizers.proxy import WINDOW, Proxy, ProxySettings, grid_axis, training_points
from lessons.optimizers.spreads import CLASSIFIERS, OUTLIER_DISTANCES, OUTLIER_SHIFT, OutlierSettings
from lessons.optimizers.theory import bayes_error
from widgets.colours import colour_of
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.level_lines import level_line
from widgets.plots import equal_axes, grey, line, placed, plot, theory, two_classes
from widgets.view import LabView

SHOWN_POINTS = 200
NEAR = WINDOW / 2  # half the side of the square that is drawn where no outlier is
LEFT, RIGHT, OUTLIER, BAYES, BOUNDARIES = range(5)
GHOST = {"dash": "dot", "width": 1.5}


def _compare(methods: Sequence[str], **common: object) -> dict[str, Any]:
    return {"lanes": tuple({"method": method, **common} for method in methods), "names": tuple(methods)}


class ProxyView(LabView[ProxySettings]):
    """Training points, boundaries with and without the outlier, and error on training against fresh points."""

    name = "proxy"
    title = "The loss is a proxy for the error"
    experiment = OnePlane()
    methods = ("method",)
    shown = ("method", "outlier", "learning_rate", "separation", "train_size", "seed")
    more = ("outlier_x", "outlier_y", "width", "steps")
    step_figures = ("error",)
    places: ClassVar = {"plane": ("outlier_x", "outlier_y")}
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        outlier = _points(
            "outlier, of class 0",
            {"size": 13, "symbol": "diamond", "color": "#888", "line": {"width": 2, "color": "#d6457b"}},
        )
        best = line("best possible", grey(0.9), line={"dash": "dash", "width": 2})
        plane = plot(
            "proxy-plane",
            "Training points and boundaries (dotted: the same without the outlier)",
            "x₁",
            "x₂",
            [
                *two_classes(),
                outlier,
                best,
                *(line(n, c, showlegend=False) for n, c in pairs),
                *(line(f"{n}, without the outlier", c, line=GHOST, showlegend=False) for n, c in pairs),
            ],
            height=420,
            xaxis_range=[-WINDOW, WINDOW],
            yaxis_range=[-WINDOW, WINDOW],
            showlegend=True,
        )
        lines = [
            *(line(f"{n}, fresh", c, showlegend=False) for n, c in pairs),
            *(line(f"{n}, training", c, line=GHOST, showlegend=False) for n, c in pairs),
            theory("best possible", "#888"),
        ]
        caption = "Error on fresh points (lines) and on training points (dotted); dashes: the best possible"
        error = plot("proxy-error", caption, "step", "error", lines, yaxis_range=[0, 0.35], height=420)
        return {"plane": placed(equal_axes(plane), OUTLIER, "Click or drag to place the outlier"), "error": error}

    def begin(self, frame: Frame[ProxySettings]) -> None:
        shared = frame.lanes.shared
        points, labels = (part.numpy() for part in training_points(shared.seed, shared.train_size, shared.separation))
        for trace, label in ((LEFT, -1), (RIGHT, 1)):
            rows = np.flatnonzero(labels == label)[: SHOWN_POINTS // 2]
            frame.screen.replace("plane", trace, x=points[rows, 0], y=points[rows, 1])
        shown = [[shared.outlier_x], [shared.outlier_y]] if shared.outlier else [[], []]
        frame.screen.replace("plane", OUTLIER, x=shown[0], y=shown[1])
        reach = WINDOW if shared.outlier else NEAR
        frame.screen.relayout("plane", {"xaxis.range": [-reach, reach], "yaxis.range": [-reach, reach]})
        frame.screen.replace("plane", BAYES, x=[0, 0], y=[-WINDOW, WINDOW])
        best = bayes_error(shared.separation)
        frame.screen.replace("error", 2 * len(frame.lanes), x=[0, shared.steps], y=[best, best])
        frame.screen.relayout("error", {"xaxis.range": [0, shared.steps]})

    def draw(self, frame: Frame[ProxySettings]) -> None:
        for lane in range(len(frame.lanes)):
            self._boundary(frame, BOUNDARIES + lane, "score", lane)
            if frame.lanes.shared.outlier:
                self._boundary(frame, BOUNDARIES + len(frame.lanes) + lane, "score_without", lane)
            frame.curve("error", lane, lane, "fresh_error")
            frame.curve("error", len(frame.lanes) + lane, lane, "train_error")

    @staticmethod
    def _boundary(frame: Frame, trace: int, score: str, lane: int) -> None:
        axis = grid_axis().numpy()
        x, y = level_line(axis, axis, frame.history.snapshot(score)[lane], 0.0)
        frame.screen.replace("plane", trace, x=x, y=y)

    def readings(self, frame: Frame[ProxySettings]) -> list[Reading]:
        best, lines = bayes_error(frame.lanes.shared.separation), []
        for lane in range(len(frame.lanes)):
            row = frame.last(lane)
            lines += [
                Reading(lane, "loss", float(frame.history["loss"][row, lane])),
                Reading(lane, "training error", float(frame.history["train_error"][row, lane])),
                Reading(lane, "error on fresh points", float(frame.history["fresh_error"][row, lane]), best, "at best"),
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
    more = ("steps",)
    presets = (
        Preset(
            "six classifiers",
            "The outlier lies at 30° beyond the other class, nearer and farther.",  # given
            ({},),
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        traces = [line(method, colour_of("method", method), mode="lines+markers") for method in CLASSIFIERS]
        caption = "Share of fresh points that change sides when the outlier comes in"
        log = {
            "xaxis_type": "log",
            "xaxis_tickvals": OUTLIER_DISTANCES,
            "yaxis_type": "log",
            "yaxis_range": [-4, 0],
            "yaxis_tickformat": "~%",
        }
        return {
            "shift": plot(
                "outlier-shift", caption, "distance of the outlier", "share", traces, height=400, showlegend=True, **log
            )
        }

    def begin(self, frame: Frame) -> None:
        frame.screen.relayout(
            "shift", {"xaxis.range": [np.log10(OUTLIER_DISTANCES[0]) - 0.05, np.log10(OUTLIER_DISTANCES[-1]) + 0.05]}
        )

    def draw(self, frame: Frame) -> None:
        for number, shifts in enumerate(self._shifts(frame)):
            frame.screen.replace("shift", number, x=OUTLIER_DISTANCES, y=np.where(shifts > 0, shifts, np.nan))

    def readings(self, frame: Frame) -> list[Reading]:
        farthest = self._shifts(frame)[:, -1]
        return [
            Reading(0, method, f"{100 * shift:.2g} % at distance {OUTLIER_DISTANCES[-1]:g}")
            for method, shift in zip(CLASSIFIERS, farthest, strict=True)
        ]

    def _shifts(self, frame: Frame) -> np.ndarray:
        """Shape (methods, distances)."""
        side = frame.history.snapshot("fresh_side").reshape(len(CLASSIFIERS), len(OUTLIER_DISTANCES) + 1, -1)
        return (side[:, 1:] != side[:, :1]).mean(2)


def _points(name: str, marker: dict[str, Any]) -> go.Scatter:
    return go.Scatter(x=[], y=[], mode="markers", name=name, marker=marker, hoverinfo="skip")
