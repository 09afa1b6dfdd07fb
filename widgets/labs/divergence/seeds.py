"""Twenty seeds of the net: each climbs to the same limit."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from lessons.core.rules.stability import limit_factor
from lessons.divergence.net import Net
from lessons.divergence.settings import NetSettings
from lessons.divergence.spreads import NET_SEEDS, NetSeedsSettings
from widgets.controls import Preset
from widgets.frame import Frame
from widgets.plots import theory
from widgets.seed_cloud import QUANTILES, Cloud, SeedCloudView


class NetSeedsView(SeedCloudView[NetSettings, NetSeedsSettings]):
    """Loss and sharpness over twenty seeds, with the limit on the sharpness."""

    name = "net_seeds"
    title = "Twenty seeds of one net"
    experiment = Net()
    spread = NET_SEEDS
    clouds = (
        Cloud(
            "loss",
            "Training loss: median, 10 to 90 %",
            "loss",
            {"yaxis_type": "log", "yaxis_tickformat": "~g", "yaxis_dtick": "D2"},
        ),
        Cloud(
            "sharpness",
            "Sharpness: median, 10 to 90 %, and its limit 2/η (dashes)",
            "λₘₐₓ",
            {"yaxis_rangemode": "tozero"},
            every="sharpness_every",
        ),
    )
    shown = ("learning_rate", "optimizer", "momentum", "init_scale", "seed")
    more = ("activation", "width", "depth", "loss", "train_size", "sharpness_every", "steps")
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        figures = super().figures(names, colours)
        figures["sharpness"].add_trace(theory("limit", colours[0]))
        return figures

    def begin(self, frame: Frame) -> None:
        super().begin(frame)
        limit = self.limit(frame, "sharpness")
        if limit is not None:
            frame.screen.replace("sharpness", len(QUANTILES), x=[0, frame.lanes.shared.steps], y=[limit, limit])

    def limit(self, frame: Frame, quantity: str) -> float | None:
        rate, factor = float(frame.lanes.learning_rate[0]), limit_factor(frame.lanes)
        return None if quantity != "sharpness" or factor is None or rate == 0 else factor / rate
