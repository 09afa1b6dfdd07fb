"""Twenty seeds of the net: each climbs to the same limit."""

from __future__ import annotations

from lessons.core.rules.stability import limit_factor
from lessons.divergence.net import Net
from lessons.divergence.settings import NetSettings
from lessons.divergence.spreads import NET_SEEDS, NetSeedsSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import limit
from widgets.labs.divergence import goals
from widgets.view.controls import Preset
from widgets.view.lines import One, Points
from widgets.view.seed_cloud import Cloud, SeedCloudView
from widgets.view.sharpness_gauge import reach


def _limit(frame: Frame[NetSettings]) -> float | None:
    rate, factor = float(frame.lanes.learning_rate[0]), limit_factor(frame.lanes, preconditioned=True)
    return None if factor is None or rate == 0 else factor / rate


def _limit_line(frame: Frame[NetSettings]) -> Points | None:
    limit = _limit(frame)
    return None if limit is None else ([0, frame.lanes.shared.steps], [limit, limit])


class NetSeedsView(SeedCloudView[NetSettings, NetSeedsSettings]):
    """Loss and sharpness over twenty seeds, with the limit on the sharpness."""

    name = "net_seeds"
    title = "Twenty seeds of one net"
    experiment = Net()
    spread = NET_SEEDS
    goals = goals.NET_SEEDS
    clouds = (
        Cloud(
            "loss",
            "Training loss: median, 10 to 90\u00a0%",
            "loss",
            {"yaxis_type": "log", "yaxis_tickformat": "~g", "yaxis_dtick": "D2"},
        ),
        Cloud(
            "preconditioned_sharpness",
            "Sharpness: median, 10 to 90\u00a0%, and its limit",
            "λₘₐₓ",
            {"yaxis_rangemode": "tozero", "fit": reach},
            beside=(One(_limit_line, "limit", make=limit, fixed=True),),
        ),
    )
    shown = ("learning_rate", "init_scale", "optimizer")
    more = ("momentum", "seed", "activation", "width", "depth", "loss", "train_size", "sharpness_every", "steps")
    presets = (
        Preset(
            "at the limit",
            "Twenty nets that start with different sharpness. Where will each of them end?",
            ({"learning_rate": 0.15},),
        ),
        Preset(
            "below the limit",
            "A small η: each net has a sharpness of its own, far below 2/η = 40.",  # holds: l3_small_rate
            ({"learning_rate": 0.05},),
        ),
    )

    def limit(self, frame: Frame[NetSettings], quantity: str) -> float | None:
        return _limit(frame) if quantity == "preconditioned_sharpness" else None
