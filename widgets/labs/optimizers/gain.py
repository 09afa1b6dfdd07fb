"""What momentum makes of a gradient that stays and of one that reverses."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.optimizers.gains import Gain, GainSettings
from lessons.optimizers.theory import gain
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.plots import line, plot, theory
from widgets.view import LabView

BOTH = ({"gradient": "constant"}, {"gradient": "alternating"})


class GainView(LabView[GainSettings]):
    """Length of each update over that of a plain gradient step, and how far the updates lead."""

    name = "gain"
    title = "The gain of momentum"
    experiment = Gain()
    methods = ("gradient", "optimizer")
    instant = True
    speed = 12.0
    covered = ("gain",)
    shown = ("momentum", "gradient", "optimizer")
    more = ("steps",)
    step_figures = ("gain",)
    presets = (
        Preset(
            "constant and alternating",
            "One gradient stays, the other changes its sign at every step.",
            BOTH,
            ("constant", "alternating"),
        ),
        Preset(
            "both conventions",
            "The moving average never exceeds a plain step; PyTorch's form multiplies a constant gradient by 1/(1−β).",
            ({"gradient": "constant"}, {"gradient": "constant", "optimizer": "moving average"}),
            ("heavy ball", "moving average"),
            # holds: l1_gain
        ),
        Preset(
            "more momentum",
            "β = 0.99: a hundredfold gain, but it takes some hundreds of steps.",
            tuple({**each, "momentum": 0.99, "steps": 400} for each in BOTH),
            ("constant", "alternating"),
            # holds: l1_more_momentum
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        gains = [*(line(n, c) for n, c in pairs), *(theory(f"{n}, closed form", c, showlegend=False) for n, c in pairs)]
        return {
            "gain": plot(
                "gain",
                "Length of the update, in plain gradient steps (dashes: closed form)",
                "step",
                "gain",
                gains,
                yaxis_rangemode="tozero",
                showlegend=True,
            ),
            "way": plot("gain-way", "Where the updates have led", "step", "θ", [line(n, c) for n, c in pairs]),
        }

    def idle(self, settings: GainSettings) -> tuple[str, ...]:
        return ("momentum",) if settings.optimizer == "gradient descent" else ()

    def begin(self, frame: Frame[GainSettings]) -> None:
        steps = np.arange(1, frame.lanes.shared.steps + 1)
        for lane, settings in enumerate(frame.lanes.settings):
            changed = any(change.lane == lane for change in frame.changes)
            share, momentum = _share(settings)
            predicted = share * np.array([float(gain(settings.gradient, momentum, float(step))) for step in steps])
            x, y = frame.thinned(np.concatenate([[0.0], predicted]))
            frame.screen.replace("gain", len(frame.lanes) + lane, x=x, y=np.full(len(y), np.nan) if changed else y)
        for figure in ("gain", "way"):
            frame.screen.relayout(figure, {"xaxis.range": [0, frame.lanes.shared.steps]})

    def draw(self, frame: Frame) -> None:
        for lane in range(len(frame.lanes)):
            frame.curve("gain", lane, lane, "gain")
            frame.curve("way", lane, lane, "theta")

    def readings(self, frame: Frame[GainSettings]) -> list[Reading]:
        lines = []
        for lane, settings in enumerate(frame.lanes.settings):
            share, momentum = _share(settings)
            limit = share * float(gain(settings.gradient, momentum))
            now = float(frame.history["gain"][frame.stop - 1, lane])
            lines.append(Reading(lane, "gain now", now, limit, "long run"))
        return lines


def _share(settings: GainSettings) -> tuple[float, float]:
    """Return what the rule multiplies the gradient by before it adds it, and its momentum."""
    if settings.optimizer == "gradient descent":
        return 1.0, 0.0
    return (1 - settings.momentum if settings.optimizer == "moving average" else 1.0), settings.momentum
