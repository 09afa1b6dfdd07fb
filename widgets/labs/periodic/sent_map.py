"""The map over learning rate and weight decay, with cells that are computed elsewhere and appear as they come."""

from __future__ import annotations

from collections.abc import Sequence

from lessons.core.sweep import ExecutorLike
from lessons.periodic.experiment import Periodic
from lessons.periodic.grid import NUMBERS, PeriodMap, curve_steps, map_sweep, period_map
from widgets.controls import Reading
from widgets.frame import Frame
from widgets.labs.periodic.period_map import MapView
from widgets.labs.periodic.periods import ticks
from widgets.sent_sweep import SentSweep, came_back, sent_readings


class SentMapView(MapView):
    """As `MapView`; its rows are cells that have come back, not steps.

    Args:
        executor: Where the cells are computed.
        lanes_per_task: How many train side by side there.
    """

    trains = False
    waits = True

    def __init__(self, executor: ExecutorLike, lanes_per_task: int):
        super().__init__()
        self.experiment = SentSweep(map_sweep, executor, lanes_per_task, NUMBERS, Periodic())

    def readings(self, frame: Frame) -> list[Reading]:
        return [*sent_readings(frame), *super().readings(frame)]

    def _read(self, frame: Frame) -> PeriodMap:
        return period_map({name: frame.history[name][frame.stop - 1] for name in NUMBERS}, *self._axes(frame))

    def _draw_norms(self, frame: Frame, lanes: Sequence[int]) -> None:
        steps, back = curve_steps(frame.lanes.shared.steps), came_back(frame)
        if not back.any():
            return
        norms = frame.history.snapshot("norm")
        for trace, lane in enumerate(lanes):
            if back[lane]:
                frame.screen.replace("norms", trace, x=steps, y=norms[lane])
        frame.screen.relayout("norms", {"yaxis.dtick": ticks(norms[back])})
