"""The bowl: the limit lies along eigen-directions, and momentum moves it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import plotly.graph_objects as go

from lessons.core.doctor import Vitals
from lessons.core.rules.stability import limit_factor
from lessons.divergence.bowl import Bowl, eigenvalues, rotation
from lessons.divergence.settings import BowlSettings
from lessons.divergence.theory import growth_factor
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.plots import FAINT, line, placed, plot, see_through, theory
from widgets.view import LabView

LEVELS = 6
REACH = 3.2
AVERAGED_STEPS = 25
# Beyond κ = 20 a rate near the limit leaves the flat direction slower than the sharp one.
LONG = {"condition_number": 50.0}


class BowlView(LabView[BowlSettings]):
    """Paths over the level lines, the amplitude along each eigen-direction, and the loss."""

    name = "bowl"
    title = "Gradient methods on a rotated bowl"
    experiment = Bowl()
    covered = ("bars",)
    shown = ("learning_rate", "optimizer", "momentum", "condition_number", "angle")
    more = ("sharpness", "dimension", "start_x", "start_y", "steps")
    instant = True
    speed = 12.0
    rate_field = "learning_rate"
    places: ClassVar = {"plane": ("start_x", "start_y")}
    presets = (
        Preset(
            "near the limit",
            # holds: l3_near
            "The path zigzags across the valley along one eigen-direction and creeps along the other.",
            ({**LONG, "learning_rate": 1.9},),
        ),
        Preset(
            "past the limit",
            # holds: l3_past
            "Only the sharpest direction diverges; along the flat one the distance goes on shrinking.",
            ({**LONG, "learning_rate": 2.1},),
        ),
        Preset(
            "turn the bowl",
            "Drag the rotation: the paths change. Which lane converges and which diverges does not.",  # holds: l3_turn
            ({**LONG, "learning_rate": 1.9}, {**LONG, "learning_rate": 2.1}),
            ("η = 1.9", "η = 2.1"),
        ),
        Preset(
            "momentum moves the limit",
            # holds: l3_four_rules
            "η = 3 is too large for gradient descent and for Nesterov (limit 1.36 here), not for the heavy ball (3.8).",
            (
                {"learning_rate": 3.0},
                {"learning_rate": 3.0, "optimizer": "heavy ball"},
                {"learning_rate": 3.0, "optimizer": "moving average"},
                {"learning_rate": 3.0, "optimizer": "Nesterov"},
            ),
            ("gradient descent", "heavy ball", "moving average", "Nesterov"),
        ),
        Preset(
            "twenty dimensions",
            "Each bar is one eigen-direction: with η just below the limit, which ones are slow?",
            ({"dimension": 20, "condition_number": 100.0, "learning_rate": 1.98, "steps": 300},),
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        rings = [
            line("level line", FAINT, line={"width": 1}, hoverinfo="skip", showlegend=False) for _ in range(LEVELS)
        ]
        axes = [theory("eigen-direction", FAINT, showlegend=False) for _ in range(2)]
        paths = [line(n, c, mode="lines+markers", marker={"size": 4}, line={"width": 1.5}) for n, c in pairs]
        bars = [go.Bar(x=[], y=[], name=n, marker={"color": see_through(c, 0.5)}, offsetgroup=n) for n, c in pairs]
        tick = {"symbol": "line-ew-open", "size": 14, "line": {"width": 2}}
        ticks = [
            go.Scatter(x=[], y=[], mode="markers", name=f"{n}, predicted", marker={**tick, "color": c}, offsetgroup=n)
            for n, c in pairs
        ]
        return {
            "plane": placed(
                plot(
                    "bowl-path",
                    "Path over the level lines (dashed: eigen-directions)",
                    "θ₁",
                    "θ₂",
                    [*rings, *axes, *paths],
                    xaxis_range=[-REACH, REACH],
                    yaxis_range=[-REACH, REACH],
                    xaxis_constrain="domain",
                    yaxis_scaleanchor="x",
                    height=380,
                    showlegend=len(names) > 1,
                ),
                LEVELS + 2,
                "Click or drag to start elsewhere",
            ),
            "bars": plot(
                "bowl-bars",
                "Distance along each eigen-direction (marks: growth factor to the power of the step)",
                "eigenvalue λᵢ, from λₘₐₓ to λₘᵢₙ",
                "|qᵢᵀθ|",
                [*bars, *ticks],
                yaxis_type="log",
                yaxis_range=[-6, 3],
                xaxis_type="category",
                scattermode="group",
                barmode="group",
                height=380,
            ),
            "loss": plot(
                "bowl-loss",
                "Loss",
                "step",
                "loss",
                [line(n, c) for n, c in pairs],
                yaxis_type="log",
            ),
        }

    def begin(self, frame: Frame[BowlSettings]) -> None:
        self._rings(frame)
        frame.screen.relayout("loss", {"xaxis.range": [0, frame.lanes.shared.steps]})
        values = eigenvalues(frame.lanes)[0].tolist()
        named = range(len(values)) if len(values) <= 12 else (0, len(values) - 1)
        frame.screen.relayout(
            "bars", {"xaxis.tickvals": list(named), "xaxis.ticktext": [f"{values[i]:.3g}" for i in named]}
        )

    def draw(self, frame: Frame[BowlSettings]) -> None:
        count = len(frame.lanes)
        theta = frame.history["theta"]
        places = np.arange(theta.shape[2])
        for lane in range(count):
            frame.path("plane", LEVELS + 2 + lane, theta[:, lane, 0], theta[:, lane, 1], lane)
            frame.curve("loss", lane, lane, "loss")
            row = frame.last(lane)
            amplitude = np.abs(frame.history["amplitude"][row, lane])
            frame.screen.replace("bars", lane, x=places, y=amplitude)
            frame.screen.replace("bars", count + lane, x=places, y=self._predicted(frame, lane, row))

    def readings(self, frame: Frame[BowlSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            factor = limit_factor(frame.lanes, lane)
            limit = None if factor is None else factor / float(frame.lanes.sharpness[lane])
            rate, row = float(frame.lanes.learning_rate[lane]), frame.last(lane)
            lines += [
                Reading(lane, "η, limit 2/λₘₐₓ (as the rule moves it)", rate, limit, "limit"),
                Reading(lane, "growth per step along λₘₐₓ", *self._growth(frame, lane, row)),
                Reading(lane, "loss", float(frame.history["loss"][row, lane])),
            ]
        return lines

    def vitals(self, frame: Frame[BowlSettings], lane: int) -> Vitals:
        values = eigenvalues(frame.lanes)[lane]
        return Vitals(
            loss=frame.history["loss"][:, lane],
            sharpness=np.full(len(frame.history), float(values[0])),
            components=frame.history["amplitude"][:, lane],
            directions=tuple(f"component along the eigen-direction of λ = {v:.4g}" for v in values.tolist()),
            learning_rate=float(frame.lanes.learning_rate[lane]),
            limit_factor=limit_factor(frame.lanes, lane),
        )

    @staticmethod
    def _factors(frame: Frame[BowlSettings], lane: int) -> np.ndarray:
        """Growth per step along each eigen-direction, (D,); NaN for a rule without a closed form."""
        rule = frame.lanes.values("optimizer")[lane]
        if limit_factor(frame.lanes, lane) is None:
            return np.full(frame.lanes.shared.dimension, np.nan)
        eta_lambda = frame.lanes.learning_rate[lane] * eigenvalues(frame.lanes)[lane]
        return growth_factor(rule, eta_lambda, frame.lanes.momentum[lane]).numpy()

    def _growth(self, frame: Frame[BowlSettings], lane: int, row: int) -> tuple[float | str, float | None]:
        """Mean factor per step since the last change, and the spectral radius of one step.

        Momentum makes the amplitude oscillate, so largest values are compared: of two stretches of equal length.
        """
        since = max((c.step for c in frame.changes if c.lane == lane), default=0)
        length = min(AVERAGED_STEPS, (row - since) // 2)
        size = np.abs(frame.history["amplitude"][: row + 1, lane, 0])
        after, before = size[row + 1 - length : row + 1], size[row + 1 - 2 * length : row + 1 - length]
        if length < 1 or not (before.max() > 1e-250 and after.max() > 1e-250):
            return "needs two steps, away from the minimum", None
        predicted = float(self._factors(frame, lane)[0])
        return float((after.max() / before.max()) ** (1 / length)), None if np.isnan(predicted) else predicted

    def _predicted(self, frame: Frame[BowlSettings], lane: int, row: int) -> np.ndarray:
        """|a_i(0)| rho_i^t; exact for gradient descent, the long-run size with momentum. A gap after a change."""
        start = np.abs(frame.history["amplitude"][0, lane])
        if any(change.lane == lane for change in frame.changes):
            return np.full(len(start), np.nan)
        return start * self._factors(frame, lane) ** row

    @staticmethod
    def _rings(frame: Frame[BowlSettings]) -> None:
        """Level lines in the plane of the first two coordinates, and the eigen-directions if they lie in it."""
        values, turn = eigenvalues(frame.lanes)[0].numpy(), rotation(frame.lanes)[0].numpy()
        hessian = (turn * values) @ turn.T
        plane_values, plane_turn = np.linalg.eigh(hessian[:2, :2])
        around = np.linspace(0, 2 * np.pi, 56)
        circle = np.stack([np.cos(around), np.sin(around)])
        # A long valley's level lines leave the window: what counts there is that they reach across.
        outermost = max(1.3 * np.sqrt(plane_values[0]), 0.46 * np.sqrt(plane_values[1])) * REACH
        for level in range(LEVELS):
            ring = plane_turn @ (circle * outermost * (level + 1) / LEVELS / np.sqrt(plane_values)[:, None])
            frame.screen.replace("plane", level, x=ring[0], y=ring[1])
        for axis in range(2):
            reach = 2 * REACH * plane_turn[:, axis] if len(values) == 2 else np.full(2, np.nan)
            frame.screen.replace("plane", LEVELS + axis, x=[-reach[0], reach[0]], y=[-reach[1], reach[1]])
