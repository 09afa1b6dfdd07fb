"""Twenty seeds under one schedule: is it warmup that saves them, or luck?"""

from __future__ import annotations

from lessons.core.declared import fewer
from lessons.core.settings import Settings
from lessons.schedules.net import ScheduledNet, ScheduledNetSettings
from widgets.controls import Preset
from widgets.labs.schedules.net import MORE, WARMUP
from widgets.labs.schedules.rate_figure import idle_schedule_fields
from widgets.seed_cloud import SEEDS, Cloud, SeedCloudView


class ScheduleSeedsSettings(ScheduledNetSettings):
    """A scheduled net, drawn `SEEDS` times: `seed` is the first of them."""

    width: int = fewer(ScheduledNetSettings, "width", 32, 64)
    depth: int = fewer(ScheduledNetSettings, "depth", 2, 3)
    steps: int = fewer(ScheduledNetSettings, "steps", 400, 2000)
    seed: int = fewer(ScheduledNetSettings, "seed", 0, 2**31 - SEEDS)


class ScheduleSeedsView(SeedCloudView):
    """Loss and sharpness of twenty seeds under one schedule."""

    name = "schedule_seeds"
    title = "Twenty seeds under one schedule"
    experiment = ScheduledNet()
    methods = ("schedule",)
    clouds = (
        Cloud(
            "smoothed_loss",
            "Smoothed loss: median, 10 to 90 %",
            "loss",
            {"yaxis_type": "log", "yaxis_tickformat": "~g"},
        ),
        Cloud(
            "sharpness",
            "Sharpness: median, 10 to 90 %",
            "λ_max",
            {"yaxis_rangemode": "tozero"},
            every="sharpness_every",
        ),
    )
    shown = ("schedule", "learning_rate", "warmup_share", "init_scale", "batch_size", "seed")
    more = ("period", "floor", *(name for name in MORE if name != "init_scale"))
    presets = (
        Preset("with warmup", "All twenty come through.", ({**WARMUP, "schedule": "warmup"},)),
        Preset("without warmup", "The same twenty nets, with η = 0.3 from the first step.", ({**WARMUP},)),
        Preset(
            "three times the limit",
            "η λ_max is about 3 at the start: above the limit, and still none is lost.",
            ({**WARMUP, "learning_rate": 0.09},),
        ),
    )

    @property
    def settings_type(self) -> type[Settings]:
        return ScheduleSeedsSettings

    def idle(self, settings: Settings) -> tuple[str, ...]:
        return (*super().idle(settings), *idle_schedule_fields(settings, used_too=("smoothing",)))
