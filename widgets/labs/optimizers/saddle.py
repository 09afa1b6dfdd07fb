"""The time that each method stays at a saddle point, against its distance at the start from the line that leads in."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lessons.optimizers.escape import RADIUS, Escape, EscapeSettings
from lessons.optimizers.spreads import DISTANCES, ESCAPING, SADDLE, SaddleSettings
from lessons.optimizers.theory import escape_time
from widgets.figure.colours import colour_of
from widgets.figure.frame import Frame
from widgets.labs.optimizers import goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Points, Theory
from widgets.view.panels import Panel
from widgets.view.view import LabView


class SaddleView(LabView[EscapeSettings, SaddleSettings]):
    """Escape time over the distance, one row of dots per method, with the closed forms."""

    name = "saddle"
    title = "Escape from a saddle point"
    experiment = Escape()
    spread = SADDLE
    compare = False
    step_figures = ()
    covered = ("escape",)
    shown = ("learning_rate", "damping", "momentum")
    goals = goals.SADDLE
    presets = (
        Preset(
            "ten billion times nearer",
            "Eleven starts, each ten times nearer to the line than the last. What does each factor of ten cost?",
            ({},),
        ),
        Preset(
            "a damped Newton",
            "With δ = 2 Newton's method leaves as gradient descent does.",
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

    @property
    def panels(self) -> Mapping[str, Panel[EscapeSettings]]:
        pairs = [(method, colour_of("optimizer", method)) for method in ESCAPING]
        predicted = [(f"{method}, closed form", colour) for method, colour in pairs[:2]]
        return {
            "escape": Panel(
                "Steps until it has left the saddle (at the top: still there)",
                "distance from the line that leads in, ε",
                "steps",
                Curve(_measured, each=pairs, mode="lines+markers", line={"width": 1}),
                Theory(_closed_form, each=predicted, says="closed form"),
                fit=lambda frame: {"yaxis.range": [0, 1.05 * frame.lanes.shared.steps]},
                xaxis_type="log",
                xaxis_exponentformat="power",
                height=400,
                showlegend=True,
            )
        }

    def readings(self, frame: Frame[EscapeSettings]) -> list[Reading]:
        times = frame.history["escape_time"][frame.stop - 1].reshape(len(ESCAPING), -1)
        per_decade = (times[:, 2] - times[:, 8]) / 6
        growth = np.log(10) / np.log1p(frame.lanes.settings[0].learning_rate)
        newton = "none" if (times[3] >= frame.stop - 1).all() else f"{times[3, 2]:.0f} steps from 10⁻¹⁰"
        return [
            Reading(0, "gradient descent: steps per factor of ten", float(per_decade[0]), float(growth)),
            Reading(0, "heavy ball: steps per factor of ten", float(per_decade[1])),
            Reading(0, "Newton's escape", newton),
        ]


def _measured(frame: Frame[EscapeSettings], method: int) -> Points:
    times = frame.history["escape_time"][frame.stop - 1].reshape(len(ESCAPING), -1)
    return DISTANCES, times[method]


def _closed_form(frame: Frame[EscapeSettings], method: int) -> Points:
    values = frame.lanes.settings[method * len(DISTANCES)]
    momentum = values.momentum if ESCAPING[method] == "heavy ball" else 0.0
    return DISTANCES, [escape_time(float(d), RADIUS, values.learning_rate, momentum) for d in DISTANCES]
