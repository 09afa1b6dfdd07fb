"""Several classifiers of the same points, each beside its twin that has not seen the point out of place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.settings import setting
from lessons.core.training import State, Training
from lessons.optimizers.proxy import Proxy, ProxySettings, ProxyState, ProxyTraining


def _one_for_all(field: str) -> Any:
    """The same setting as in `ProxySettings`, but one for all lanes."""
    same = ProxySettings.fields()[field]
    bounds: dict[str, Any] = (
        {} if same.kind == "flag" else {"slider": (same.slider_low, same.slider_high), "low": same.low}
    )
    return setting(
        same.default,
        label=same.label,
        symbol=same.symbol,
        doc=same.doc,
        high=same.high,
        slider_step=same.slider_step,
        shared=True,
        **bounds,
    )


class OnePlaneSettings(ProxySettings):
    """Settings of `OnePlane`: all lanes see the same points, the outlier among them."""

    outlier: bool = _one_for_all("outlier")
    outlier_x: float = _one_for_all("outlier_x")
    outlier_y: float = _one_for_all("outlier_y")
    seed: int = _one_for_all("seed")


@dataclass
class OnePlaneState(State):
    """State of the trainings: with the outlier and without it."""

    seen: ProxyState
    without: ProxyState


class OnePlaneTraining(Training[OnePlaneState, OnePlaneSettings]):
    """Two trainings side by side. Where there is no outlier they are the same, and only one is made."""

    def __init__(self, lanes: Lanes[OnePlaneSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.twins = Lanes([each.with_value("outlier", False) for each in lanes.settings])
        self.seen, self.without = ProxyTraining(lanes, device), ProxyTraining(self.twins, device)
        self.differ = lanes.shared.outlier

    def start(self) -> OnePlaneState:
        return OnePlaneState(self.seen.start(), self.without.start())

    def measure(self, now: OnePlaneState) -> dict[str, Tensor]:
        values = self.seen.measure(now.seen)
        moved = torch.zeros_like(values["loss"])
        if self.differ:
            self.without.measure(now.without)
            sides = [one.classifier.sides(state.theta, one.fresh) for one, state in self._both(now)]
            moved = (sides[0] != sides[1]).double().mean(1)
        return {**values, "moved": moved}

    def advance(self, now: OnePlaneState) -> None:
        self.seen.make_step(now.seen)
        if self.differ:
            self.twins.stacked["learning_rate"] = self.lanes.learning_rate
            self.without.make_step(now.without)

    def snapshots(self, now: OnePlaneState) -> dict[str, Callable[[], Tensor]]:
        snapshots = self.seen.snapshots(now.seen)
        other = self.without.snapshots(now.without) if self.differ else snapshots
        return {**snapshots, "score_without": other["score"]}

    def _both(self, now: OnePlaneState) -> tuple[tuple[ProxyTraining, ProxyState], ...]:
        return (self.seen, now.seen), (self.without, now.without)


class OnePlane(Proxy):
    """`Proxy` with the same points in all lanes; beside each lane the same classifier is trained without the outlier.

    Measures what `Proxy` does, and `moved` (K,): the share of fresh points that the two put to different classes.

    Snapshots: those of `Proxy`, and `score_without` (K, G, G), the score of the classifier without the outlier.
    """

    name = "one_plane"
    title = "The loss is a proxy for the error, on one plane"
    settings_type = OnePlaneSettings
    training = OnePlaneTraining
