"""Several classifiers of the same points, each beside its twin that has not seen the point out of place."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from lessons.core.experiment import Measurement
from lessons.core.lanes import Lanes
from lessons.core.settings import setting
from lessons.optimizers.proxy import Classifiers, Proxy, ProxySettings, ProxyState


def _one_for_all(field: str) -> Any:
    """The same setting as in `ProxySettings`, but one for all lanes."""
    same = ProxySettings.fields()[field]
    bounds = {} if same.kind == "flag" else {"slider": (same.slider_low, same.slider_high), "low": same.low}
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


class OnePlane(Proxy):
    """`Proxy` with the same points in all lanes; beside each lane the same classifier is trained without the outlier.

    Measures what `Proxy` does, and `moved` (K,): the share of fresh points that the two put to different classes.

    Snapshots: those of `Proxy`, and `score_without` (K, G, G), the score of the classifier without the outlier.
    """

    name = "one_plane"
    title = "The loss is a proxy for the error, on one plane"
    settings_type = OnePlaneSettings

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        states = (ProxyState(Classifiers(lanes).initial(lanes.seed)) for _ in range(2))
        return self.resume(lanes, device, OnePlaneState(*states))

    def resume(self, lanes: Lanes, device: str, state: OnePlaneState) -> Iterator[Measurement]:
        twins = Lanes([each.with_value("outlier", False) for each in lanes.settings])
        seen = super().resume(lanes, device, state.seen)
        without = super().resume(twins, device, state.without) if lanes.shared.outlier else None
        for measured in seen:
            other = measured if without is None else next(without)
            values = {**measured.values, "moved": _moved(measured, other)}
            snapshots = {**measured.snapshots, "score_without": other.snapshots["score"]}
            yield Measurement(measured.step, values, snapshots, state=OnePlaneState(measured.state, other.state))
            _follow(twins, lanes)


@dataclass
class OnePlaneState:
    """Where a run of `OnePlane` is: with the outlier and without it."""

    seen: ProxyState
    without: ProxyState


def _moved(one: Measurement, other: Measurement) -> Tensor:
    if one is other:
        return torch.zeros_like(one["loss"])
    side, before = (each.snapshots["fresh_side"]() for each in (one, other))
    return (side != before).double().mean(1)


def _follow(twins: Lanes, lanes: Lanes) -> None:
    """Give the twins the learning rates that the lanes have now."""
    for lane in torch.nonzero(twins.learning_rate != lanes.learning_rate).flatten().tolist():
        twins.change(lane, "learning_rate", lanes.settings[lane].learning_rate)
