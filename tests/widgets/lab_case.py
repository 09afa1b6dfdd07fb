"""What the tests of the widgets know of a lab; `lab_cases` has a module for each topic."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lessons.core.spread import SEEDS
from widgets.lab.lab import Lab
from widgets.view.view import LabView


@dataclass(frozen=True)
class Shown:
    """What a trace has to show when a run has ended."""

    figure: int
    trace: int
    x: list[float]
    y: list[float]


Drawn = Callable[[Lab], list[Shown]]


def curves(figure: str = "loss", quantity: str = "loss", every: int = 1) -> Drawn:
    """The first traces of a figure are a quantity at each step, or every so many, lane by lane."""

    def shown(lab: Lab) -> list[Shown]:
        number = list(lab.view.figures(["a"], ["#111111"])).index(figure)
        values = lab.history[quantity].astype(float)
        steps = list(range(0, len(values), every))
        return [Shown(number, lane, steps, values[steps, lane].tolist()) for lane in range(values.shape[1])]

    return shown


def cloud(lab: Lab) -> list[Shown]:
    """Three traces a cloud; the third is the median over its seeds."""
    values = lab.history[lab.view.clouds[0].quantity].astype(float)
    clouds = np.split(values, values.shape[1] // SEEDS, axis=1)
    medians = [np.quantile(each, 0.5, axis=1, method="nearest") for each in clouds]
    return [Shown(0, 3 * k + 2, list(range(len(values))), median.tolist()) for k, median in enumerate(medians)]


@dataclass(frozen=True)
class LabCase:
    """A lab and the settings with which it runs in well under a second."""

    view: type[LabView]
    small: dict[str, Any] = field(default_factory=dict)
    # Computed as a whole when it is opened, without Play.
    instant: bool = False
    # Its lanes are a grid that nobody edits one by one.
    sweep: bool = False
    # A setting that may change in flight, and a value it does not have at the start.
    hot: tuple[str, float] | None = None
    # A preset that diverges, and the setting that the doctor halves.
    diverging: tuple[int, str] | None = None
    drawn: Drawn = field(default_factory=curves)
    # One lane can be had as a PyTorch script.
    script: bool = True
