"""The net on the digits under a schedule, with its sharpness against 2 / eta."""

from __future__ import annotations

from typing import Any, ClassVar, cast

import numpy as np

from lessons.core.doctor import Vitals
from lessons.core.rules.stability import limit_factor
from lessons.schedules.net import ScheduledNet
from lessons.schedules.schedule_settings import DRAWN_FIELDS
from lessons.schedules.settings import ScheduledNetSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG
from widgets.labs.schedules import goals
from widgets.labs.schedules.rate_figure import drawn_schedule, idle_schedule_fields, planned_rates, rate_panel
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line
from widgets.view.other_seeds import OtherSeeds
from widgets.view.panels import Now, OverSteps, now
from widgets.view.sharpness_gauge import sharpness_panel, sharpness_readings
from widgets.view.view import LabView

WARMUP = {"learning_rate": 0.3, "steps": 400, "horizon": 400, "sharpness_every": 10, "other_seeds": 4}
SMALL_BATCHES = {"learning_rate": 0.4, "init_scale": 0.5, "batch_size": 8, "train_size": 200}
# Four images a step and a loss that one wrong image makes large: here noise is what holds the loss up.
NOISY = {
    "learning_rate": 0.4,
    "init_scale": 0.5,
    "loss": "cross-entropy",
    "batch_size": 4,
    "train_size": 400,
    "period": 310,
    "steps": 900,
    "horizon": 900,
    "smoothing": 0.98,
    "sharpness_every": 30,
    "other_seeds": 4,
}
# Batches of 32 and a smaller η: the loss is far above its noise floor to the end.
QUIET = {"learning_rate": 0.15, "init_scale": 0.5, "steps": 600, "horizon": 600, "other_seeds": 4}
QUIET_RACE = {
    "constant": {},
    "step decay": {"period": 250},
    "cosine": {},
    "one-cycle": {},
    "triangular": {"period": 200},
}
RESTARTS = {"period": 200, "steps": 999, "horizon": 1000, "other_seeds": 4}
MORE = (
    "horizon",
    "period_growth",
    "decay_factor",
    "patience",
    "smoothing",
    "optimizer",
    "momentum",
    "loss",
    "activation",
    "width",
    "depth",
    "init_scale",
    "train_size",
    "sharpness_every",
    "steps",
    "other_seeds",
    *DRAWN_FIELDS,
)


def over_decades(frame: Frame) -> dict[str, Any]:
    """A logarithmic axis of all that is drawn, as layout changes."""
    del frame
    return {"yaxis.type": "log", "yaxis.autorange": True, "yaxis.tickformat": "~g"}


def _rate_now(frame: Frame, lane: int) -> float:
    return now(frame, "learning_rate", lane)


class ScheduledNetView(LabView[ScheduledNetSettings]):
    """Learning rate, loss, sharpness and test accuracy."""

    name = "scheduled_net"
    title = "A net under a schedule"
    experiment = ScheduledNet()
    methods = ("schedule",)
    shown = ("learning_rate", "schedule", "batch_size")
    more = ("warmup_share", "period", "floor", "seed", *MORE)
    rate_field = "learning_rate"
    opens = False  # the lane without warmup is lost in its first steps
    step_figures = ("loss", "sharpness")
    draws: ClassVar = ("rate",)
    goals = goals.NET
    presets = (
        Preset(
            "with and without warmup",
            "η = 0.3 is far above 2/λₘₐₓ at the start. One lane begins with it, the other takes a tenth of the run to "
            "rise to it.",
            ({**WARMUP, "schedule": "constant"}, {**WARMUP, "schedule": "warmup"}),
            ("constant", "warmup"),  # given
        ),
        Preset(
            "decay pays",
            "Batches of 4 are noisy, and the noise holds the constant lane up. Where η falls, so does the loss.",
            tuple({**NOISY, "schedule": each} for each in ("constant", "step decay", "cosine")),
            ("constant", "step decay", "cosine"),  # holds: l2_decay_pays_with_small_batches
        ),
        Preset(
            "decay does not pay",
            "Batches of 32 are less noisy. The constant η still has far to go, and goes on; the others slow down.",
            tuple({**QUIET, "schedule": each, **shape} for each, shape in QUIET_RACE.items()),
            tuple(QUIET_RACE),  # holds: l2_decay_does_not_pay_with_little_noise
        ),
        Preset(
            "warm restarts",
            "At each restart η jumps up. What does the loss do, and which ends lower: five cycles, or one long cosine?",
            tuple({**SMALL_BATCHES, **RESTARTS, "schedule": each} for each in ("warm restarts", "cosine")),
            ("warm restarts", "cosine"),
        ),
    )

    def idle(self, settings: ScheduledNetSettings) -> tuple[str, ...]:
        return (*super().idle(settings), *idle_schedule_fields(settings, used_too=("smoothing",)))

    def drawing(self, figure: str, x: np.ndarray, y: np.ndarray, settings: ScheduledNetSettings) -> dict[str, Any]:
        return drawn_schedule(x, y, settings, settings.steps)

    panels = {
        "rate": rate_panel(),
        "loss": OverSteps(
            "Loss of the batches, smoothed",
            "loss",
            OtherSeeds("smoothed_loss"),
            Line("smoothed_loss"),
            legend=True,
            **LOG,
        ),
        "sharpness": sharpness_panel(planned_rates, over_decades, wide=True, yaxis_rangemode="normal", **LOG),
        "accuracy": OverSteps(
            "Accuracy on test images",
            "accuracy",
            Line("test_accuracy"),
            yaxis_range=[0, 1],
        ),
    }
    table = (Now("training loss", "train_loss"), Now("test accuracy", "test_accuracy"))

    def readings(self, frame: Frame[ScheduledNetSettings]) -> list[Reading]:
        lines = list[Reading]()
        for lane in range(len(frame.lanes)):
            lines.append(Now("η now", "learning_rate").reading(frame, lane))
            lines += sharpness_readings(frame, lane, _rate_now)
        return lines + super().readings(frame)

    def vitals(self, frame: Frame, lane: int) -> Vitals:
        end = min(cast(int, frame.ends[lane]), len(frame.history) - 1)
        return Vitals(
            loss=frame.history["loss"][:, lane],
            sharpness=frame.history["sharpness"][:, lane],
            components=frame.history["loss"][:, lane, None],
            directions=("loss",),
            learning_rate=float(frame.history["learning_rate"][max(0, end - 1), lane]),
            limit_factor=limit_factor(frame.lanes, lane),
        )
