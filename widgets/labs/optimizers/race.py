"""The race: every optimizer on one surface, from one start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go

from lessons.core.doctor import Vitals, along_eigen_directions
from lessons.core.rules.own import OWN_CALL
from lessons.core.rules.stability import limit_factor
from lessons.optimizers.line_up import line_up
from lessons.optimizers.race import SURFACES, Race
from lessons.optimizers.settings import RaceSettings
from lessons.optimizers.surfaces import Surface, loss_grid
from widgets.figure.frame import Frame
from widgets.figure.plots import EQUAL_AXES, limit, line, marks, placed, ring
from widgets.labs.optimizers import goals
from widgets.labs.optimizers.idle import idle_hyperparameters
from widgets.view.controls import Preset
from widgets.view.lines import Line, One, Path, Points
from widgets.view.panels import Now, OverSteps, Panel
from widgets.view.readings import number
from widgets.view.view import LabView

GRID = 45
LEVELS = 16
ARROW_HEAD = 0.05
SMALLEST_HEAD, HEAD_OF_LENGTH = 0.6, 0.8
ARROW: dict[str, Any] = {"line": {"width": 3}, "hoverinfo": "skip"}
ASKED = 0.02  # radius of the ring where a gradient is asked for, as a share of the window
LOWEST = 1e-12  # below it lines end: who is first is settled by then, and Newton's method goes on to 1e-32
MEETINGS = ("gradient descent", "heavy ball", "Nesterov", "Adam")


def _line_up(
    surface: str, *names: str, own: Mapping[str, dict[str, Any]] = MappingProxyType({}), **common: Any
) -> dict[str, Any]:
    """Lanes and names of a preset: these optimizers, or all, at learning rates that suit the surface.

    Args:
        surface: Its name.
        names: Of the optimizers.
        own: Settings of some of them.
        common: Settings of all.
    """
    lanes = line_up(surface)
    chosen = names or tuple(lanes)
    settings = tuple({**lanes[name].model_dump(), **common, **own.get(name, {})} for name in chosen)
    return {"lanes": settings, "names": chosen}


class RaceView(LabView[RaceSettings]):
    """Paths over the level lines with the vectors of the chosen lane's next step, and the loss."""

    name = "race"
    title = "Optimizers on a surface"
    experiment = Race()
    own_call = OWN_CALL
    shown = ("learning_rate", "momentum", "condition_number")
    more = (
        "optimizer",
        "surface",
        "angle",
        "gradient_noise",
        "beta_2",
        "weight_decay",
        "damping",
        "start_x",
        "start_y",
        "steps",
        "seed",
    )
    speed = 60.0
    rate_field = "learning_rate"
    places: ClassVar = {"plane": ("start_x", "start_y")}
    goals = goals.RACE
    presets = (
        Preset(
            "a long valley",
            "κ = 100, and each of the four is tuned to it. Which arrives first, and which path is the smoothest?",
            **_line_up("quadratic", *MEETINGS, own={"gradient descent": {"learning_rate": 1.9}}, steps=200),
            # given
        ),
        Preset(
            "too much momentum",
            "A shorter valley, κ = 20, gradient descent and heavy ball with two β. Who arrives first? Who swings past?",
            tuple(
                {"condition_number": 20.0, "steps": 150, **lane}
                for lane in (
                    {"optimizer": "gradient descent", "learning_rate": 1.8},
                    {"optimizer": "heavy ball", "learning_rate": 0.3, "momentum": 0.9},
                    {"optimizer": "heavy ball", "learning_rate": 2.4, "momentum": 0.4},
                )
            ),
            ("gradient descent", "heavy ball, β = 0.9", "heavy ball, β = 0.4"),
            # given
        ),
        Preset(
            "all twelve",
            "Eleven optimizers and gradient descent with noise, each at a learning rate that suits it.",
            **_line_up("quadratic", own={"gradient descent": {"learning_rate": 1.9}}),
            says=("optimizer", "gradient_noise"),
        ),
        Preset(
            "along the axes",
            "κ = 2, and the valley lies along the coordinates: Quickprop's second step arrives, Newton's first. Then "
            "turn the valley.",  # holds: l1_quickprop
            tuple(
                {"optimizer": name, "learning_rate": rate, "condition_number": 2.0, "angle": 0.0, "steps": 30}
                for name, rate in (("gradient descent", 1.33), ("Quickprop", 0.8), ("Newton", 1.0))
            ),
            ("gradient descent", "Quickprop", "Newton"),
            speed=2.0,
        ),
        Preset(
            "Rosenbrock's banana",
            "The valley is bent: where it points is not where the minimum is. Who does not follow the bend?",
            **_line_up("Rosenbrock", *MEETINGS, "Newton", "L-BFGS"),
        ),
        Preset(
            "Beale",
            "Steep at the edges, flat in the middle: heavy ball gets through first. Newton ends at the saddle point.",
            **_line_up("Beale", *MEETINGS, "RMSProp", "Newton"),
            # holds: l1_beale
        ),
        Preset(
            "a saddle point",
            "Gradient descent stays near it for a while. Heavy ball and Nesterov swing through, Adam passes by. "
            "Newton's method is drawn to it and never leaves.",
            **_line_up("saddle", *MEETINGS, "Newton"),
            # holds: l1_race_saddle
        ),
        Preset(
            "two minima",
            "Only heavy ball, in both conventions, and Nesterov carry enough speed to get across the ridge.",
            **_line_up("two minima"),
            says=("optimizer", "gradient_noise"),
            # holds: l1_two_minima
        ),
        Preset(
            "a slice of a real net",
            "A plane through the weights of a net trained on the digits. Its valley is short: momentum does not pay.",
            **_line_up("net", *MEETINGS, "Newton", "L-BFGS"),
            # holds: l1_net_slice
        ),
        Preset(
            "Nesterov looks ahead",
            "Slow, step by step: the dotted arrow is what the velocity adds. Where does each ask for its gradient?",
            **_line_up(
                "quadratic",
                "heavy ball",
                "Nesterov",
                steps=60,
                condition_number=20.0,
                own={name: {"learning_rate": 0.3, "momentum": 0.9} for name in ("heavy ball", "Nesterov")},
            ),
            speed=4.0,
        ),
        Preset(
            "one path, two conventions",
            "Heavy ball at η and the moving average at 10 η: the two paths lie on each other.",
            (
                {"optimizer": "heavy ball", "learning_rate": 0.1},
                {"optimizer": "moving average", "learning_rate": 1.0},
            ),
            ("heavy ball, η = 0.1", "moving average, η = 1"),
            # holds: l1_same_path
        ),
    )

    def idle(self, settings: RaceSettings) -> tuple[str, ...]:
        shape = () if settings.surface == "quadratic" else ("condition_number", "angle")
        noise = () if settings.gradient_noise else ("seed",)
        return (*idle_hyperparameters(settings), *shape, *noise)

    @property
    def panels(self) -> Mapping[str, Panel[RaceSettings]]:
        still: dict[str, Any] = {"fixed": True, "make": marks, "hoverinfo": "skip", "showlegend": False}
        return {
            "plane": Panel(
                "Paths, and the next step of the chosen lane as arrows",
                "θ₁",
                "θ₂",
                One(_levels, "level lines", make=_level_lines, fixed=True),
                One(
                    lambda frame: _places(_surface(frame).minima),
                    "minimum",
                    marker={"symbol": "star", "size": 12, "color": "#d6457b"},
                    **still,
                ),
                One(
                    lambda frame: _places(_surface(frame).saddles),
                    "saddle point",
                    marker={"symbol": "x", "size": 9, "color": "#888"},
                    **still,
                ),
                Path(_path, pointer=partial(placed, invitation="Click or drag to start elsewhere")),
                One(downhill, "downhill, −η g", "#888", make=line, says="downhill step, −η g", **ARROW),
                One(velocity, "velocity", "#888", make=limit, says="velocity", **ARROW),
                One(look_ahead, "asks for its gradient here", "#888", make=ring, says="asks for its gradient here"),
                fit=_window,
                height=440,
                **EQUAL_AXES,
            ),
            "loss": OverSteps("Loss over the run (down to 10⁻¹²)", "loss", Line(_loss), yaxis_type="log", height=440),
        }

    @property
    def table(self) -> Sequence[Now[RaceSettings]]:
        return (
            Now("loss", "loss"),
            Now("lowest loss", _lowest_loss),
            Now("θ", _theta),
            Now("length of the last step", _last_step),
        )

    def vitals(self, frame: Frame[RaceSettings], lane: int) -> Vitals:
        theta = frame.history["theta"][:, lane]
        surface = SURFACES[frame.lanes.shared.surface](frame.lanes)
        hessians = _hessians(surface, frame, lane)
        top = np.array([np.linalg.eigvalsh(h)[-1] if np.isfinite(h).all() else np.nan for h in hessians])
        loss, end = frame.history["loss"][:, lane], frame.last(lane) + 1
        lowest = hessians[int(np.argmin(loss[end - len(hessians) : end]))]
        components, directions = along_eigen_directions(frame.history["update"][:, lane], lowest)
        return Vitals(
            loss=loss,
            sharpness=np.concatenate([np.full(len(theta) - len(top), top[0]), top]),
            components=components,
            directions=directions,
            learning_rate=float(frame.lanes.learning_rate[lane]),
            limit_factor=limit_factor(frame.lanes, lane),
        )


def _surface(frame: Frame[RaceSettings]) -> Surface:
    return SURFACES[frame.lanes.shared.surface](frame.lanes)


def _window(frame: Frame[RaceSettings]) -> dict[str, Any]:
    low, high = _surface(frame).window.low, _surface(frame).window.high
    return {f"{axis}.range": [float(low[k]), float(high[k])] for k, axis in enumerate(("xaxis", "yaxis"))}


def _chosen(frame: Frame[RaceSettings]) -> int:
    return min(frame.selected, len(frame.lanes) - 1)


def _levels(frame: Frame[RaceSettings]) -> Points:
    """Spread the loss evenly over the levels: level lines at its quantiles, whatever its scale."""
    x, y, loss = (part.numpy() for part in loss_grid(_surface(frame), _chosen(frame), GRID))
    known = np.sort(loss[np.isfinite(loss)])
    rank = np.searchsorted(known, loss) / max(len(known), 1)
    return x, y, np.round(LEVELS * rank, 2)


def _level_lines(_name: str, _colour: str) -> go.Contour:
    return go.Contour(
        z=[[0, 0], [0, 0]],
        x=[0, 1],
        y=[0, 1],
        showscale=False,
        hoverinfo="skip",
        colorscale=[(0.0, "rgba(47,126,216,0.35)"), (1.0, "rgba(47,126,216,0)")],
        line={"width": 0.6, "color": "rgba(128,128,128,0.45)"},
        contours={"start": 0, "end": LEVELS, "size": 1, "coloring": "heatmap"},
        autocontour=False,
    )


def _places(points: Sequence[Sequence[float]]) -> Points:
    return [p[0] for p in points], [p[1] for p in points]


def _path(frame: Frame[RaceSettings], lane: int) -> tuple[np.ndarray, np.ndarray]:
    theta = frame.history["theta"]
    return theta[:, lane, 0], theta[:, lane, 1]


def _loss(frame: Frame[RaceSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    loss = frame.history["loss"][steps, lane]
    return np.where(loss > LOWEST, loss, np.nan)


def downhill(frame: Frame[RaceSettings]) -> Points:
    """The next step of the chosen lane: as much of the gradient as the rule adds to its velocity."""
    lane = _chosen(frame)
    row, average = frame.last(lane), frame.lanes.values("optimizer")[lane] == "moving average"
    share = 1 - float(frame.lanes.momentum[lane]) if average else 1.0
    step = -share * float(frame.lanes.learning_rate[lane]) * frame.history["gradient"][row, lane]
    return _arrow(frame, frame.history["theta"][row, lane], step)


def velocity(frame: Frame[RaceSettings]) -> Points:
    """The part that the velocity adds: both arrows together are the next step."""
    lane = _chosen(frame)
    row = frame.last(lane)
    return _arrow(frame, frame.history["ball"][row, lane], frame.history["carried"][row, lane])


def look_ahead(frame: Frame[RaceSettings]) -> Points:
    """A ring where the chosen lane asks for its gradient, if not where its ball lies: Nesterov's method looks ahead."""
    lane = _chosen(frame)
    row, window = frame.last(lane), _surface(frame).window
    place, ball = (frame.history[name][row, lane] for name in ("theta", "ball"))
    radius = ASKED * (np.array(window.high) - np.array(window.low))
    if not np.isfinite(place).all() or np.linalg.norm((place - ball) / radius) < 0.5:
        return [], []
    angles = np.linspace(0, 2 * np.pi, 25)
    return place[0] + radius[0] * np.cos(angles), place[1] + radius[1] * np.sin(angles)


def _arrow(frame: Frame[RaceSettings], start: np.ndarray, vector: np.ndarray) -> Points:
    window = _surface(frame).window
    head = ARROW_HEAD * (np.array(window.high) - np.array(window.low))
    end = start + vector
    shown = np.isfinite(end).all() and (np.abs(vector) > 1e-4 * head).any()
    points = _arrow_points(start, end, head) if shown else np.empty((0, 2))
    return points[:, 0], points[:, 1]


def _arrow_points(start: np.ndarray, end: np.ndarray, head: np.ndarray) -> np.ndarray:
    """The strokes of an arrow as one polyline, shape (5, 2); `head` is the size of its head along both axes.

    A short arrow has a smaller head, as long as it can be seen. A line with a marker would have to be drawn by
    plotly.js anew at each frame; a plain line has not.
    """
    along = (end - start) / head
    length = float(np.linalg.norm(along))
    head, along = head * np.clip(HEAD_OF_LENGTH * length, SMALLEST_HEAD, 1), along / length
    across = np.array([-along[1], along[0]])
    left, right = (end + head * (0.45 * side * across - along) for side in (1, -1))
    return np.stack([start, end, left, end, right])


def _lowest_loss(frame: Frame[RaceSettings], lane: int) -> float:
    return float(np.nanmin(frame.history["loss"][: frame.last(lane) + 1, lane]))


def _theta(frame: Frame[RaceSettings], lane: int) -> str:
    x, y = frame.history["theta"][frame.last(lane), lane]
    return f"({number(x, 3)}, {number(y, 3)})"


def _last_step(frame: Frame[RaceSettings], lane: int) -> float:
    return float(np.linalg.norm(frame.history["update"][frame.last(lane), lane]))


def _hessians(surface: Surface, frame: Frame, lane: int) -> np.ndarray:
    """The Hessian at the lane's last points before it diverged, shape (T', 2, 2)."""
    end = frame.last(lane) + 1
    theta = frame.lanes.learning_rate.new_tensor(frame.history["theta"][max(0, end - 200) : end, lane])
    shape = surface.rows(slice(lane, lane + 1))
    return np.stack([shape.hessian(point[None])[0].numpy() for point in theta])
