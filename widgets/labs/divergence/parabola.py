"""The parabola: four regimes of one number, eta / eta_opt."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go

from lessons.core.doctor import Vitals
from lessons.divergence.parabola import Parabola
from lessons.divergence.settings import ParabolaSettings
from lessons.divergence.theory import observed_regime, regime
from widgets.figure.frame import Frame
from widgets.figure.plots import broad, thin
from widgets.labs.divergence import goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, Path, Points, Theory
from widgets.view.panels import Panel
from widgets.view.view import LabView

REACH = 4.5
ERROR_RANGE = (-6, 4)
# Where a distance of exactly 0 is drawn, which a logarithmic axis does not have.
ZERO = 10.0 ** ERROR_RANGE[0]


class ParabolaView(LabView[ParabolaSettings]):
    """The steps on the curve, and the distance to the minimum beside its closed form."""

    name = "parabola"
    title = "Gradient descent on a parabola"
    experiment = Parabola()
    covered = ("error",)
    shown = ("ratio", "curvature", "start")
    instant = True
    speed = 4.0
    rate_field = "ratio"
    step_figures = ("error",)
    goals = goals.PARABOLA
    presets = (
        Preset(
            "oscillating",
            "η is past ηₒₚₜ. On which side of the minimum will each step land, and how far out?",
            ({"ratio": 1.6},),
        ),
        Preset(
            "monotone",
            "Below ηₒₚₜ the descent never crosses the minimum.",  # holds: l3_monotone
            ({"ratio": 0.3},),
        ),
        Preset(
            "one step",
            "At ηₒₚₜ one step lands on the minimum, whatever the start.",  # holds: l3_one_step
            ({"ratio": 1.0},),
        ),
        Preset(
            "for ever",
            "At exactly 2 ηₒₚₜ it swings between two points and never ends.",  # holds: l3_for_ever
            ({"ratio": 2.0},),
        ),
        Preset(
            "diverging",
            "Above 2 ηₒₚₜ every step lands farther out than the last.",  # holds: l3_diverging
            ({"ratio": 2.2},),
        ),
        Preset(
            "side by side",
            "Four learning rates from one start: only the ratio to ηₒₚₜ decides.",
            ({"ratio": 0.3}, {"ratio": 1.0}, {"ratio": 1.9}, {"ratio": 2.1}),
            ("0.3 ηₒₚₜ", "1.0 ηₒₚₜ", "1.9 ηₒₚₜ", "2.1 ηₒₚₜ"),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[ParabolaSettings]]:
        return {
            "descent": Panel(
                "Steps on the curve",
                "position x",
                "f(x) = λx²/2",
                Curve(_curve, "f, {lane}", make=thin, fixed=True, says="the curve f"),
                Path(_descent, mode="lines+markers", marker={"size": 6}),
                fit=_height,
                legend=True,
                xaxis_range=[-REACH, REACH],
            ),
            "error": Panel(
                "Distance to the minimum",
                "step",
                "|x|",
                Line(_distance, make=broad, mode="lines+markers", marker={"size": 6}),
                Theory(_closed_form, "{lane}, closed form"),
                Curve(_zero, "{lane}, exactly 0", make=_landing_mark),
                fit=lambda frame: {"xaxis.range": [-0.5, frame.lanes.shared.steps + 0.5]},
                yaxis_type="log",
                yaxis_range=list(ERROR_RANGE),
            ),
        }

    def readings(self, frame: Frame) -> list[Reading]:
        return [line for lane in range(len(frame.lanes)) for line in self._lane_readings(frame, lane)]

    def vitals(self, frame: Frame, lane: int) -> Vitals:
        curvature = float(frame.lanes.curvature[lane])
        length = len(frame.history)
        return Vitals(
            loss=frame.history["loss"][:, lane],
            sharpness=np.full(length, curvature),
            components=frame.history["position"][:, lane, None],
            directions=("distance to the minimum",),
            learning_rate=float(frame.lanes.ratio[lane]) / curvature,
            limit_factor=2.0,
        )

    def _lane_readings(self, frame: Frame, lane: int) -> list[Reading]:
        ratio, x = float(frame.lanes.ratio[lane]), frame.history["position"][:, lane]
        at = self._telling_row(x)
        if at == 0:
            return [Reading(lane, "theory says", regime(ratio)), Reading(lane, "x", float(x[-1]))]
        before, after = float(x[at - 1]), float(x[at])
        used = float(frame.at_each_step(lane, "ratio")[at - 1])
        return [
            Reading(lane, "what it does", f"{observed_regime(before, after)} (theory: {regime(used)})"),
            Reading(lane, "factor per step x′/x, 1 − ηλ", after / before, 1 - used),
            Reading(lane, "x now", float(x[-1])),
        ]

    @staticmethod
    def _telling_row(x: np.ndarray) -> int:
        """The last row whose position before is far enough from 0 and infinity to divide by; 0 if there is none."""
        before = np.abs(x[:-1])
        usable = np.flatnonzero((before > 1e-150) & (before < 1e150))
        return int(usable[-1]) + 1 if len(usable) else 0


def _curve(frame: Frame[ParabolaSettings], lane: int) -> Points:
    x = np.linspace(-REACH, REACH, 55)
    return x, float(frame.lanes.curvature[lane]) * x**2 / 2


def _height(frame: Frame[ParabolaSettings]) -> dict[str, list[float]]:
    top = float(frame.lanes.curvature.max()) * REACH**2 / 2
    return {"yaxis.range": [-0.04 * top, 1.04 * top]}


def _descent(frame: Frame[ParabolaSettings], lane: int) -> tuple[np.ndarray, np.ndarray]:
    return frame.history["position"][:, lane], frame.history["loss"][:, lane]


def _distance(frame: Frame[ParabolaSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    """The distance to the minimum; once it is 0 it is drawn at the bottom, and then no more."""
    distance = np.abs(frame.history["position"][steps, lane])
    return np.where(distance > 0, distance, np.where(steps == _landing(frame, lane), ZERO, np.nan))


def _closed_form(frame: Frame[ParabolaSettings], lane: int) -> Points:
    """|x_0| times the product of |1 - eta lambda| over the updates so far."""
    factors = np.abs(1 - frame.at_each_step(lane, "ratio"))
    start = abs(float(frame.lanes.start[lane]))
    with np.errstate(over="ignore"):
        steps, values = frame.thinned(start * np.concatenate([[1.0], np.cumprod(factors)]))
    return steps, np.where(values > 0, values, np.nan)


def _zero(frame: Frame[ParabolaSettings], lane: int) -> Points:
    """A mark with a 0 where a lane has come to lie on the minimum exactly."""
    step = _landing(frame, lane)
    return ([step], [ZERO]) if step >= 0 else ([], [])


def _landing(frame: Frame[ParabolaSettings], lane: int) -> int:
    """The first row whose position is exactly 0; -1 if there is none."""
    x = frame.history["position"][: frame.stop, lane]
    return int(np.argmax(x == 0)) if (x == 0).any() else -1


def _landing_mark(name: str, colour: str) -> go.Scatter:
    """The empty trace of a mark at the bottom: here the distance is 0."""
    return go.Scatter(
        x=[],
        y=[],
        mode="markers+text",
        name=name,
        marker={"symbol": "triangle-down", "size": 10, "color": colour},
        text="0",
        textposition="top right",
        textfont={"color": colour},
        cliponaxis=False,
        showlegend=False,
    )
