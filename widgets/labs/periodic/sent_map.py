"""The map over learning rate and weight decay, with cells that are computed elsewhere and appear as they come."""

from __future__ import annotations

from functools import partial
from typing import Any

from lessons.core.sweeps.sweep import ExecutorLike
from lessons.periodic.experiment import Periodic
from lessons.periodic.grid import NUMBERS, PeriodMap, curve_steps, map_sweep, period_map
from lessons.periodic.settings import PeriodicSettings
from widgets.figure.frame import Frame
from widgets.labs.periodic.period_map import CORNERS, MapView, axes_of, corner_lane
from widgets.labs.periodic.periods import ticks
from widgets.view.controls import Reading
from widgets.view.lines import Curve, Part, Points
from widgets.view.sent_sweep import SentSweep, came_back, sent_readings


class SentMapView(MapView):
    """A `MapView` whose rows are cells that have come back, not steps.

    Args:
        executor: Where the cells are computed.
        lanes_per_task: How many train side by side there.
    """

    trains = False
    waits = True

    def __init__(self, executor: ExecutorLike, lanes_per_task: int):
        super().__init__()
        self.experiment = SentSweep(map_sweep, executor, lanes_per_task, NUMBERS, Periodic())

    def readings(self, frame: Frame[PeriodicSettings]) -> list[Reading]:
        return [*sent_readings(frame), *super().readings(frame)]

    def _read(self, frame: Frame[PeriodicSettings]) -> PeriodMap:
        return period_map({name: frame.history[name][frame.stop - 1] for name in NUMBERS}, *axes_of(frame))

    def _corner(self, number: int) -> Part[PeriodicSettings]:
        name, colour, make = CORNERS[number]
        return Curve(partial(_norm_of, number), each=[(name, colour)], make=make, showlegend=True)

    def _fit_norms(self, frame: Frame[PeriodicSettings]) -> dict[str, Any]:
        back = came_back(frame)
        return {"yaxis.dtick": ticks(frame.history.snapshot("norm")[back])} if back.any() else {}


def _norm_of(corner: int, frame: Frame[PeriodicSettings], _number: int) -> Points | None:
    lane = corner_lane(frame, corner)
    if not came_back(frame)[lane]:
        return None
    return curve_steps(frame.lanes.shared.steps), frame.history.snapshot("norm")[lane]
