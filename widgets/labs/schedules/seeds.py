"""Twenty seeds under one schedule: is it warmup that saves them, or luck?"""

from __future__ import annotations

from functools import partial

import numpy as np

from lessons.core.rules.stability import limit_factor
from lessons.schedules.net import ScheduledNet
from lessons.schedules.schedules import planned_shares
from lessons.schedules.settings import ScheduledNetSettings
from lessons.schedules.spreads import SCHEDULE_SEEDS, ScheduleSeedsSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import limit
from widgets.labs.schedules import goals
from widgets.labs.schedules.net import MORE, WARMUP, over_decades
from widgets.labs.schedules.rate_figure import idle_schedule_fields, telling_steps
from widgets.view.controls import Preset
from widgets.view.lines import One, Points
from widgets.view.seed_cloud import Cloud, SeedCloudView
from widgets.view.sharpness_gauge import reach

# A catapult is over after ten steps, and hidden by a running mean.
FIRST_STEPS = {"steps": 60, "smoothing": 0.0, "sharpness_every": 4}


def _limits(frame: Frame[ScheduledNetSettings]) -> Points | None:
    """The limit under the learning rate that is planned for each step."""
    factor = limit_factor(frame.lanes, preconditioned=True)
    planned = planned_shares(frame.lanes)[:, 0].numpy() * float(frame.lanes.learning_rate[0])
    steps = telling_steps(planned)
    return None if factor is None or not planned.all() else (steps, factor / planned[steps])


class ScheduleSeedsView(SeedCloudView[ScheduledNetSettings, ScheduleSeedsSettings]):
    """Loss and sharpness of twenty seeds under one schedule."""

    name = "schedule_seeds"
    title = "Twenty seeds under one schedule"
    experiment = ScheduledNet()
    spread = SCHEDULE_SEEDS
    methods = ("schedule",)
    goals = goals.SCHEDULE_SEEDS
    clouds = (
        Cloud(
            "smoothed_loss",
            "Smoothed loss: median, 10 to 90\u00a0%",
            "loss",
            {"yaxis_type": "log", "yaxis_tickformat": "~g"},
        ),
        Cloud(
            "preconditioned_sharpness",
            "Sharpness: median, 10 to 90\u00a0%, and its limit",
            "λₘₐₓ",
            {"fit": partial(reach, usual=over_decades, wide=True), "yaxis_type": "log", "yaxis_tickformat": "~g"},
            beside=(One(_limits, "limit", make=limit, fixed=True),),
        ),
    )
    shown = ("learning_rate", "warmup_share", "schedule")
    more = ("init_scale", "batch_size", "seed", "period", "floor", *(name for name in MORE if name != "init_scale"))
    presets = (
        Preset(
            "with warmup",
            "η rises to 0.3 in the first tenth of the run. How many of the twenty come through?",
            ({**WARMUP, "schedule": "warmup"},),  # given
        ),
        Preset(
            "without warmup",
            "The same twenty nets, with η = 0.3 from the first step.",
            ({**WARMUP, "steps": 60, "sharpness_every": 2},),  # given
        ),
        Preset(
            "twice the limit",
            "2/η is about half the sharpness at the start. How many diverge, and what does the loss do at first?",
            ({**WARMUP, **FIRST_STEPS, "learning_rate": 0.13},),  # holds: l2_twice_the_limit_is_survived
        ),
    )

    def limit(self, frame: Frame, quantity: str) -> float | None:
        rate = float(np.max(frame.history["learning_rate"][frame.stop - 1]))
        factor = limit_factor(frame.lanes, preconditioned=True)
        return None if quantity != "preconditioned_sharpness" or factor is None or rate == 0 else factor / rate

    def idle(self, settings: ScheduleSeedsSettings) -> tuple[str, ...]:
        return (*super().idle(settings), *idle_schedule_fields(settings, used_too=("smoothing",)))
