"""How long a descent stays at a saddle point, against how near its stable manifold it starts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import torch

from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.core.settings import setting
from lessons.optimizers.race import DescentSettings, DescentState, descent
from lessons.optimizers.surfaces import Saddle

RADIUS = 0.1
START_X = -1.5


class EscapeSettings(DescentSettings):
    """Settings of `Escape`."""

    distance: float = setting(
        1e-3,
        label="distance from the stable manifold",
        symbol="ε",
        doc="Second coordinate of the start. From exactly 0 the gradient leads into the saddle and not out again.",
        low=0.0,
        high=1.0,
        slider=(1e-12, 0.1),
        scale="log",
    )
    steps: int = setting(
        400, label="steps", doc="Number of updates.", low=1, high=10000, slider=(10, 2000), shared=True
    )


class Escape(Experiment):
    """Each lane starts at (-1.5, distance) on the saddle x^2 / 2 + (y^2 - 1)^2 / 4.

    Measures what `Race` measures, and `escape_time` (K,): the step at which |y| first exceeded `RADIUS`; before that,
    the present step.
    """

    name = "escape"
    title = "Escape from a saddle point"
    settings_type = EscapeSettings
    references = (
        "Lee, Simchowitz, Jordan & Recht 2016, arXiv 1602.04915",
        "Dauphin et al. 2014, arXiv 1406.2572",
    )

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        start = torch.stack([torch.full_like(lanes.distance, START_X), lanes.distance], 1)
        inside, time = torch.ones_like(lanes.distance, dtype=torch.bool), torch.zeros_like(lanes.distance)
        for measured in descent(lanes, Saddle(), DescentState.start(lanes, start)):
            time = torch.where(inside, float(measured.step), time)
            inside = inside & ~(measured["theta"][:, 1].abs() > RADIUS)
            yield replace(measured, values={**measured.values, "escape_time": time}, state=None)
