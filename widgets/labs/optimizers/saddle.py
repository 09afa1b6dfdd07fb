"""How long each method stays at a saddle point, against how near it starts to the line that leads in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.optimizers.escape import RADIUS, Escape, EscapeSettings
from lessons.optimizers.spreads import DISTANCES, ESCAPING, SADDLE, SaddleSettings
from lessons.optimizers.theory import escape_time
from widgets.colours import colour_of
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.plots import line, plot, theory
from widgets.view import LabView


class SaddleView(LabView[EscapeSettings, SaddleSettings]):
    """Escape time over the distance, one row of dots per method, with the closed forms."""

    name = "saddle"
    title = "Escape from a saddle point"
    experiment = Escape()
    spread = SADDLE
    compare = False
    step_figures = ()
    covered = ("escape",)
    shown = ("learning_rate", "momentum", "damping", "steps")
    presets = (
        Preset(
            "ten billion times nearer",
            "Eleven starts, each ten times nearer to the line than the last. What does each factor of ten cost?",
            ({},),
        ),
        Preset(
            "a damped Newton",
            "With δ = 2 it leaves as gradient descent does.",
            ({"damping": 2.0},),
            # holds: l1_damped_newton
        ),
        Preset(
            "a small step",
            "With a smaller η gradient descent takes longer in proportion, heavy ball less so.",
            ({"learning_rate": 0.03, "steps": 1200},),
            # holds: l1_small_step
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = [(method, colour_of("optimizer", method)) for method in ESCAPING]
        dots = [line(method, colour, mode="lines+markers", line={"width": 1}) for method, colour in pairs]
        lines = [theory(f"{method}, closed form", colour, showlegend=False) for method, colour in pairs[:2]]
        return {
            "escape": plot(
                "saddle-escape",
                "Steps until it has left the saddle (dashes: closed form; at the top: still there)",
                "distance from the line that leads in, ε",
                "steps",
                [*dots, *lines],
                xaxis_type="log",
                xaxis_exponentformat="power",
                height=400,
                showlegend=True,
            )
        }

    def begin(self, frame: Frame[EscapeSettings]) -> None:
        frame.screen.relayout("escape", {"yaxis.range": [0, 1.05 * frame.lanes.shared.steps]})
        for number, method in enumerate(ESCAPING[:2]):
            values = frame.lanes.settings[number * len(DISTANCES)]
            momentum = values.momentum if method == "heavy ball" else 0.0
            times = [escape_time(float(d), RADIUS, values.learning_rate, momentum) for d in DISTANCES]
            frame.screen.replace("escape", len(ESCAPING) + number, x=DISTANCES, y=times)

    def draw(self, frame: Frame) -> None:
        for number in range(len(ESCAPING)):
            rows = slice(number * len(DISTANCES), (number + 1) * len(DISTANCES))
            frame.screen.replace("escape", number, x=DISTANCES, y=frame.history["escape_time"][frame.stop - 1, rows])

    def readings(self, frame: Frame[EscapeSettings]) -> list[Reading]:
        times = frame.history["escape_time"][frame.stop - 1].reshape(len(ESCAPING), -1)
        per_decade = (times[:, 2] - times[:, 8]) / 6
        growth = np.log(10) / np.log1p(frame.lanes.settings[0].learning_rate)
        newton = "none" if (times[3] >= frame.stop - 1).all() else f"{times[3, 2]:.0f} steps from 1e−10"
        return [
            Reading(0, "gradient descent: steps per factor of ten", float(per_decade[0]), float(growth)),
            Reading(0, "heavy ball: steps per factor of ten", float(per_decade[1])),
            Reading(0, "Newton's escape", newton),
        ]
