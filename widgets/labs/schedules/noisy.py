"""Noisy gradients on a quadratic: a schedule is drawn above the loss that it makes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import plotly.graph_objects as go

from lessons.core.settings import Settings
from lessons.schedules.noisy_quadratic import NoisyQuadratic, eigenvalues
from lessons.schedules.schedule_settings import DRAWN_FIELDS
from lessons.schedules.theory import stationary_loss
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.schedules.rate_figure import (
    begin_rates,
    draw_rates,
    drawn_schedule,
    idle_schedule_fields,
    rate_figure,
)
from widgets.plots import line, plot, theory, wide
from widgets.view import LabView

AVERAGED_STEPS = 100
LENGTH = {"steps": 900, "horizon": 900}


def _lanes(*schedules: str, **common: Any) -> dict[str, Any]:
    """Lanes and names of a preset that compares schedules."""
    return {"lanes": tuple({"schedule": each, **LENGTH, **common} for each in schedules), "names": schedules}


class NoisyView(LabView):
    """Learning rate, and the loss with its expectation, over the step."""

    name = "noisy_quadratic"
    title = "Schedules against noise"
    experiment = NoisyQuadratic()
    methods = ("schedule",)
    shown = ("schedule", "learning_rate", "period", "decay_factor", "floor", "warmup_share", "noise")
    more = (
        "horizon",
        "period_growth",
        "patience",
        "smoothing",
        "optimizer",
        "momentum",
        "sharpness",
        "condition_number",
        "dimension",
        "start",
        "replicas",
        "steps",
        "seed",
        *DRAWN_FIELDS,
    )
    rate_field = None
    step_figures = ("loss",)
    draws: ClassVar = ("rate",)
    presets = (
        Preset(
            "step decay lowers the floor",
            "A constant η stops at a floor of noise. Each drop of η lets the loss fall to a lower one.",
            **_lanes("constant", "step decay", period=300),
        ),
        Preset(
            "six schedules",
            "All spend the same 900 steps. Which is lowest in the end, and which on the way?",
            **_lanes("constant", "exponential", "cosine", "warmup + cosine", "one-cycle", "warm restarts"),
        ),
        Preset(
            "divide when stuck",
            "No plan: η is divided when the smoothed loss has not improved for 50 steps.",
            **_lanes("constant", "divide when stuck", smoothing=0.97, replicas=64),
        ),
        Preset(
            "cycles and restarts",
            "The loss follows η up and down. What counts is where it is when η is low.",
            **_lanes("triangular", "warm restarts", period=150),
        ),
        Preset(
            "draw your own",
            "Draw a curve into the upper figure. Can you end below the cosine?",
            **_lanes("cosine", "drawn"),
        ),
        Preset(
            "one run, not the mean of many",
            "The same, as a single training looks: the floor hides in the noise.",
            **_lanes("constant", "step decay", period=300, replicas=1),
        ),
    )

    def idle(self, settings: Settings) -> tuple[str, ...]:
        return (*super().idle(settings), *idle_schedule_fields(settings))

    def drawing(self, figure: str, x: np.ndarray, y: np.ndarray, settings: Settings) -> dict[str, Any]:
        return drawn_schedule(x, y, settings, settings.steps)

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        several = len(names) > 1
        traces = [*(line(n, c) for n, c in pairs), *(theory(f"{n}, expected", c, showlegend=False) for n, c in pairs)]
        caption = "Loss, mean of the runs (line), and its expectation (dashes)"
        loss = plot("noisy-loss", caption, "step", "loss", traces, yaxis_type="log", showlegend=several)
        rate = rate_figure("noisy-rate", names, colours).update_layout(height=220)
        return {"rate": wide(rate), "loss": wide(loss)}

    def begin(self, frame: Frame) -> None:
        begin_rates(frame)
        frame.screen.relayout("loss", {"xaxis.range": [0, frame.lanes.shared.steps]})

    def draw(self, frame: Frame) -> None:
        draw_rates(frame)
        for lane in range(len(frame.lanes)):
            frame.curve("loss", lane, lane, "loss")
            frame.curve("loss", len(frame.lanes) + lane, lane, "expected_loss")

    def readings(self, frame: Frame) -> list[Reading]:
        floors = self._floors(frame)
        return [line for lane in range(len(frame.lanes)) for line in self._of_lane(frame, lane, floors[lane])]

    def _of_lane(self, frame: Frame, lane: int, floor: float) -> list[Reading]:
        row = frame.last(lane)
        recent = slice(max(0, row + 1 - AVERAGED_STEPS), row + 1)
        measured, expected = (float(frame.history[name][recent, lane].mean()) for name in ("loss", "expected_loss"))
        return [
            Reading(lane, "η now", float(frame.history["learning_rate"][row, lane])),
            Reading(lane, f"loss, mean of the last {AVERAGED_STEPS} steps", measured, expected),
            Reading(lane, "floor of this η for ever", "none: η is too large" if np.isinf(floor) else floor),
        ]

    @staticmethod
    def _floors(frame: Frame) -> list[float]:
        lanes = frame.lanes
        rates = lanes.learning_rate.new_tensor(frame.history["learning_rate"][frame.stop - 1])
        plain = [rule == "gradient descent" for rule in lanes.values("optimizer")]
        momentum = lanes.momentum.masked_fill(lanes.momentum.new_tensor(plain).bool(), 0.0)
        return stationary_loss(rates, eigenvalues(lanes), lanes.noise, momentum).tolist()
