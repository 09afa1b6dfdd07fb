"""The gain of momentum under a gradient that stays and under one that reverses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lessons.optimizers.gains import Gain, GainSettings
from lessons.optimizers.theory import gain
from widgets.figure.frame import Frame
from widgets.labs.optimizers import goals
from widgets.view.controls import Preset
from widgets.view.lines import Line, Points, Theory
from widgets.view.panels import Now, OverSteps, Panel
from widgets.view.view import LabView

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
    step_figures = ("gain",)
    goals = goals.GAIN
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

    @property
    def panels(self) -> Mapping[str, Panel[GainSettings]]:
        return {
            "gain": OverSteps(
                "Length of the update, in plain gradient steps",
                "gain",
                Line("gain"),
                Theory(_closed_form, "{lane}, closed form", showlegend=False),
                yaxis_rangemode="tozero",
                showlegend=True,
            ),
            "way": OverSteps("Where the updates have led", "θ", Line("theta")),
        }

    def idle(self, settings: GainSettings) -> tuple[str, ...]:
        return ("momentum",) if settings.optimizer == "gradient descent" else ()

    @property
    def table(self) -> Sequence[Now[GainSettings]]:
        return (Now("gain now", _gain_now, _limit, "long run"),)


def _closed_form(frame: Frame[GainSettings], lane: int) -> Points:
    """The gain after each step; a gap after a change."""
    settings, steps = frame.lanes.settings[lane], np.arange(1, frame.lanes.shared.steps + 1)
    share, momentum = _share(settings)
    predicted = share * np.array([float(gain(settings.gradient, momentum, float(step))) for step in steps])
    x, y = frame.thinned(np.concatenate([[0.0], predicted]))
    changed = any(change.lane == lane for change in frame.changes)
    return x, np.full(len(y), np.nan) if changed else y


def _gain_now(frame: Frame[GainSettings], lane: int) -> float:
    return float(frame.history["gain"][frame.stop - 1, lane])


def _limit(frame: Frame[GainSettings], lane: int) -> float:
    share, momentum = _share(frame.lanes.settings[lane])
    return share * float(gain(frame.lanes.settings[lane].gradient, momentum))


def _share(settings: GainSettings) -> tuple[float, float]:
    """Return what the rule multiplies the gradient by before it adds it, and its momentum."""
    if settings.optimizer == "gradient descent":
        return 1.0, 0.0
    return (1 - settings.momentum if settings.optimizer == "moving average" else 1.0), settings.momentum
