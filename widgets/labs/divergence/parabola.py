"""The parabola: four regimes of one number, eta / eta_opt."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.core.doctor import Vitals
from lessons.divergence.parabola import Parabola
from lessons.divergence.settings import ParabolaSettings
from lessons.divergence.theory import observed_regime, regime
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.plots import line, plot, theory
from widgets.view import LabView

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
    shown = ("ratio", "curvature", "start", "steps")
    instant = True
    speed = 4.0
    rate_field = "ratio"
    step_figures = ("error",)
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        curves = [theory(f"f, {n}", c, showlegend=False) for n, c in zip(names, colours, strict=True)]
        marker = {"size": 6}
        paths = [line(n, c, mode="lines+markers", marker=marker) for n, c in zip(names, colours, strict=True)]
        errors = [line(n, c, mode="lines+markers", marker={"size": 4}) for n, c in zip(names, colours, strict=True)]
        predicted = [theory(f"{n}, closed form", c) for n, c in zip(names, colours, strict=True)]
        zeros = [_landing_mark(n, c) for n, c in zip(names, colours, strict=True)]
        several = len(names) > 1
        return {
            "descent": plot(
                "parabola-descent",
                "Steps on the curve",
                "position x",
                "f(x) = λx²/2",
                [*curves, *paths],
                xaxis_range=[-REACH, REACH],
                showlegend=several,
            ),
            "error": plot(
                "parabola-error",
                "Distance to the minimum: measured (dots), closed form (dashes)",
                "step",
                "|x|",
                [*errors, *predicted, *zeros],
                yaxis_type="log",
                yaxis_range=list(ERROR_RANGE),
            ),
        }

    def begin(self, frame: Frame) -> None:
        count, x = len(frame.lanes), np.linspace(-REACH, REACH, 55)
        for lane, curvature in enumerate(frame.lanes.curvature.tolist()):
            frame.screen.replace("descent", lane, x=x, y=curvature * x**2 / 2)
            steps, values = frame.thinned(self._closed_form(frame, lane))
            frame.screen.replace("error", count + lane, x=steps, y=np.where(values > 0, values, np.nan))
        top = float(frame.lanes.curvature.max()) * REACH**2 / 2
        frame.screen.relayout("descent", {"yaxis.range": [-0.04 * top, 1.04 * top]})
        frame.screen.relayout("error", {"xaxis.range": [-0.5, frame.lanes.shared.steps + 0.5]})

    def draw(self, frame: Frame) -> None:
        x, loss = frame.history["position"], frame.history["loss"]
        for lane in range(len(frame.lanes)):
            frame.path("descent", len(frame.lanes) + lane, x[:, lane], loss[:, lane], lane)
            rows = frame.rows(lane)
            distance = np.abs(x[rows, lane])
            steps = np.arange(rows.start, rows.stop)
            drawn = (distance > 0) | (steps == self._landing(x[: rows.stop, lane]))
            frame.screen.extend("error", lane, steps[drawn], np.maximum(distance[drawn], ZERO * (distance[drawn] == 0)))
            self._mark_zero(frame, lane)

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

    def _mark_zero(self, frame: Frame, lane: int) -> None:
        """A mark with a 0 where a lane has come to lie on the minimum exactly."""
        step = self._landing(frame.history["position"][: frame.stop, lane])
        at, zero = ([step], [ZERO]) if step >= 0 else ([], [])
        frame.screen.replace("error", 2 * len(frame.lanes) + lane, x=at, y=zero)

    @staticmethod
    def _landing(x: np.ndarray) -> int:
        """The first row whose position is exactly 0; -1 if there is none."""
        return int(np.argmax(x == 0)) if (x == 0).any() else -1

    @staticmethod
    def _telling_row(x: np.ndarray) -> int:
        """The last row whose position before is far enough from 0 and infinity to divide by; 0 if there is none."""
        before = np.abs(x[:-1])
        usable = np.flatnonzero((before > 1e-150) & (before < 1e150))
        return int(usable[-1]) + 1 if len(usable) else 0

    @staticmethod
    def _closed_form(frame: Frame, lane: int) -> np.ndarray:
        """|x_0| times the product of |1 - eta lambda| over the updates so far, (steps + 1,)."""
        factors = np.abs(1 - frame.at_each_step(lane, "ratio"))
        start = abs(float(frame.lanes.start[lane]))
        with np.errstate(over="ignore"):
            return start * np.concatenate([[1.0], np.cumprod(factors)])


def _landing_mark(name: str, colour: str) -> go.Scatter:
    """The empty trace of a mark at the bottom: here the distance is 0."""
    return go.Scatter(
        x=[],
        y=[],
        mode="markers+text",
        name=f"{name}, exactly 0",
        marker={"symbol": "triangle-down", "size": 10, "color": colour},
        text="0",
        textposition="top right",
        textfont={"color": colour},
        cliponaxis=False,
        showlegend=False,
    )
