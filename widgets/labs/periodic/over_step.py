"""The kind of question that most of lesson 6 asks: some nets, and one value of each over the step."""

from __future__ import annotations

from typing import Any, ClassVar

from lessons.core.experiment import Experiment
from lessons.core.lanes import Lanes
from lessons.periodic.experiment import Periodic
from lessons.periodic.settings import PeriodicSettings
from widgets.figure.plots import LOG
from widgets.quiz.question import Question, sampled
from widgets.view.lines import Curve
from widgets.view.panels import Panel


class OverStep(Question[PeriodicSettings]):
    """Some lanes, and one of their measured values over the step."""

    experiment: Experiment[PeriodicSettings] = Periodic()
    settings: ClassVar[dict[str, dict[str, Any]]]
    common: ClassVar[dict[str, Any]] = {}
    quantity: ClassVar[str] = "norm"
    caption: ClassVar[str] = "Norm ρ of the weights"
    axis: ClassVar[str] = "norm ρ"

    def lanes(self) -> Lanes[PeriodicSettings]:
        common = {"sharpness_every": 10_000, **self.common}
        return Lanes(
            [PeriodicSettings.checked({**common, **each}) for each in self.settings.values()], [*self.settings]
        )

    @property
    def panel(self) -> Panel[PeriodicSettings]:
        curve = Curve[PeriodicSettings](lambda frame, lane: sampled(frame.history[self.quantity][:, lane]))
        return Panel(self.caption, "step", self.axis, curve, legend=True, **LOG)
