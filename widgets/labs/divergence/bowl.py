"""The bowl: the limit lies along eigen-directions, and momentum moves it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go

from lessons.core.doctor import Vitals
from lessons.core.rules.own import OWN_CALL
from lessons.core.rules.stability import limit_factor
from lessons.divergence.bowl import Bowl, eigenvalues, rotation
from lessons.divergence.settings import BowlSettings
from lessons.divergence.theory import growth_factor
from widgets.figure.frame import Frame
from widgets.figure.plots import FAINT, grey, placed, see_through, theory
from widgets.labs.divergence import goals
from widgets.view.controls import Preset
from widgets.view.lines import Curve, Line, Path, Points
from widgets.view.panels import Now, OverSteps, Panel
from widgets.view.view import LabView

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
    own_call = OWN_CALL
    covered = ("bars",)
    shown = ("learning_rate", "angle", "optimizer")
    instant = True
    speed = 12.0
    rate_field = "learning_rate"
    places: ClassVar = {"plane": ("start_x", "start_y")}
    goals = goals.BOWL
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
            "η = 3 is too large for gradient descent and for Nesterov (limit 1.36 here), not for heavy ball (3.8).",
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

    @property
    def panels(self) -> Mapping[str, Panel[BowlSettings]]:
        still: dict[str, Any] = {"fixed": True, "showlegend": False, "hoverinfo": "skip"}
        return {
            "plane": Panel(
                "Path over the level lines",
                "θ₁",
                "θ₂",
                Curve(
                    _ring,
                    each=[("level line", FAINT)] * LEVELS,
                    line={"width": 1},
                    says="level line",
                    **still,
                ),
                Curve(_eigen_direction, each=[("eigen-direction", grey(0.9))] * 2, make=theory, **still),
                Path(
                    _path,
                    pointer=partial(placed, invitation="Click or drag to start elsewhere"),
                    mode="lines+markers",
                    marker={"size": 4},
                    line={"width": 1.5},
                ),
                legend=True,
                xaxis_range=[-REACH, REACH],
                yaxis_range=[-REACH, REACH],
                xaxis_constrain="domain",
                yaxis_scaleanchor="x",
                height=380,
            ),
            "bars": Panel(
                "Distance along each eigen-direction (marks: growth factor to the power of the step)",
                "eigenvalue λᵢ, from λₘₐₓ to λₘᵢₙ",
                "|qᵢᵀθ|",
                Curve(_amplitudes, make=_bar),
                Curve(_predicted, "{lane}, predicted", make=_tick),
                fit=_eigenvalue_names,
                yaxis_type="log",
                yaxis_range=[-6, 3],
                xaxis_type="category",
                scattermode="group",
                barmode="group",
                height=380,
            ),
            "loss": OverSteps("Loss over the run", "loss", Line("loss"), yaxis_type="log"),
        }

    @property
    def table(self) -> Sequence[Now[BowlSettings]]:
        return (
            Now(
                "η, limit 2/λₘₐₓ (as the rule moves it)",
                lambda frame, lane: float(frame.lanes.learning_rate[lane]),
                _limit,
                "limit",
            ),
            Now("growth per step along λₘₐₓ", _growth, _spectral_radius),
            Now("loss", "loss"),
        )

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


# ---- what is drawn ----


def _path(frame: Frame[BowlSettings], lane: int) -> tuple[np.ndarray, np.ndarray]:
    theta = frame.history["theta"]
    return theta[:, lane, 0], theta[:, lane, 1]


def _plane(frame: Frame[BowlSettings]) -> tuple[np.ndarray, np.ndarray]:
    """Eigenvalues and eigenvectors of the Hessian in the plane of the first two coordinates."""
    values, turn = eigenvalues(frame.lanes)[0].numpy(), rotation(frame.lanes)[0].numpy()
    plane_values, plane_turn = np.linalg.eigh(((turn * values) @ turn.T)[:2, :2])
    return plane_values, plane_turn


def _ring(frame: Frame[BowlSettings], level: int) -> Points:
    values, turn = frame.once(_plane)
    around = np.linspace(0, 2 * np.pi, 56)
    circle = np.stack([np.cos(around), np.sin(around)])
    # A long valley's level lines leave the window: what counts there is that they reach across.
    outermost = max(1.3 * np.sqrt(values[0]), 0.46 * np.sqrt(values[1])) * REACH
    x, y = turn @ (circle * outermost * (level + 1) / LEVELS / np.sqrt(values)[:, None])
    return x, y


def _eigen_direction(frame: Frame[BowlSettings], axis: int) -> Points:
    """An eigen-direction, if it lies in the plane."""
    _, turn = frame.once(_plane)
    reach = 2 * REACH * turn[:, axis] if frame.lanes.shared.dimension == 2 else np.full(2, np.nan)
    return [-reach[0], reach[0]], [-reach[1], reach[1]]


def _amplitudes(frame: Frame[BowlSettings], lane: int) -> Points:
    amplitude = np.abs(frame.history["amplitude"][frame.last(lane), lane])
    return np.arange(len(amplitude)), amplitude


def _predicted(frame: Frame[BowlSettings], lane: int) -> Points:
    """|a_i(0)| rho_i^t; exact for gradient descent, the long-run size with momentum. A gap after a change."""
    start = np.abs(frame.history["amplitude"][0, lane])
    changed = any(change.lane == lane for change in frame.changes)
    now = np.full(len(start), np.nan) if changed else start * _factors(frame, lane) ** frame.last(lane)
    return np.arange(len(start)), now


def _eigenvalue_names(frame: Frame[BowlSettings]) -> dict[str, Any]:
    values = eigenvalues(frame.lanes)[0].tolist()
    named = range(len(values)) if len(values) <= 12 else (0, len(values) - 1)
    return {"xaxis.tickvals": list(named), "xaxis.ticktext": [f"{values[i]:.3g}" for i in named]}


def _bar(name: str, colour: str) -> go.Bar:
    return go.Bar(x=[], y=[], name=name, marker={"color": see_through(colour, 0.5)}, offsetgroup=name)


def _tick(name: str, colour: str) -> go.Scatter:
    """A tick across the bar of its lane."""
    marker = {"symbol": "line-ew-open", "size": 14, "line": {"width": 2}, "color": colour}
    return go.Scatter(
        x=[], y=[], mode="markers", name=name, marker=marker, offsetgroup=name.removesuffix(", predicted")
    )


# ---- what is read ----


def _limit(frame: Frame[BowlSettings], lane: int) -> float | None:
    factor = limit_factor(frame.lanes, lane)
    return None if factor is None else factor / float(frame.lanes.sharpness[lane])


def _factors(frame: Frame[BowlSettings], lane: int) -> np.ndarray:
    """Growth per step along each eigen-direction, (D,); NaN for a rule without a closed form."""
    rule = frame.lanes.values("optimizer")[lane]
    if limit_factor(frame.lanes, lane) is None:
        return np.full(frame.lanes.shared.dimension, np.nan)
    eta_lambda = frame.lanes.learning_rate[lane] * eigenvalues(frame.lanes)[lane]
    return growth_factor(rule, eta_lambda, frame.lanes.momentum[lane]).numpy()


def _growth(frame: Frame[BowlSettings], lane: int) -> float | str:
    """Mean factor per step since the last change.

    Momentum makes the amplitude oscillate, so largest values are compared: of two stretches of equal length.
    """
    row = frame.last(lane)
    since = max((c.step for c in frame.changes if c.lane == lane), default=0)
    length = min(AVERAGED_STEPS, (row - since) // 2)
    size = np.abs(frame.history["amplitude"][: row + 1, lane, 0])
    after, before = size[row + 1 - length : row + 1], size[row + 1 - 2 * length : row + 1 - length]
    if length < 1 or not (before.max() > 1e-250 and after.max() > 1e-250):
        return "needs two steps, away from the minimum"
    return float((after.max() / before.max()) ** (1 / length))


def _spectral_radius(frame: Frame[BowlSettings], lane: int) -> float | None:
    predicted = float(_factors(frame, lane)[0])
    return None if np.isnan(predicted) else predicted
