"""What tests of the widgets know of a lab beside its view; `lab_cases` has a module for a topic that says more."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lessons.core.other_seeds import MOST_OTHERS, of_other_seeds
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
    """The first traces of a figure are a quantity at each step, or every so many, lane by lane; behind them, where the
    figure has them, those of four other seeds of each lane."""

    def shown(lab: Lab) -> list[Shown]:
        number = list(lab.view.figures(["a"], ["#111111"])).index(figure)
        values = lab.history[quantity].astype(float)
        steps = list(range(0, len(values), every))
        behind = other_seeds(lab, number, quantity, steps)
        lanes = range(values.shape[1])
        first = MOST_OTHERS * values.shape[1] if behind else 0
        return [*behind, *(Shown(number, first + lane, steps, values[steps, lane].tolist()) for lane in lanes)]

    return shown


def other_seeds(lab: Lab, figure: int, quantity: str, steps: list[int]) -> list[Shown]:
    """What is faint in a figure: four traces for each lane, of which it may need fewer, if it has any."""
    first = next(iter([*lab.view.figures(["a"], ["#111111"]).values()][figure].data))
    if "other seed" not in first.name:
        return []
    values = lab.history[of_other_seeds(quantity)].astype(float)
    return [
        Shown(figure, MOST_OTHERS * lane + k, steps, values[steps, lane, k].tolist())
        for lane in range(values.shape[1])
        for k in range(values.shape[2])
    ]


def cloud(lab: Lab) -> list[Shown]:
    """Three traces a cloud; the third is the median over its seeds."""
    values = lab.history[lab.view.clouds[0].quantity].astype(float)
    clouds = np.split(values, values.shape[1] // SEEDS, axis=1)
    medians = [np.quantile(each, 0.5, axis=1, method="nearest") for each in clouds]
    return [Shown(0, 3 * k + 2, list(range(len(values))), median.tolist()) for k, median in enumerate(medians)]


@dataclass(frozen=True)
class LabCase:
    """How to play a lab in well under a second, and what it shows then."""

    small: dict[str, Any] = field(default_factory=dict)
    # A setting that may change in flight, and a value it does not have at the start.
    hot: tuple[str, float] | None = None
    # A preset that diverges, and the setting that the doctor halves.
    diverging: tuple[int, str] | None = None
    drawn: Drawn = field(default_factory=curves)

    @classmethod
    def of(cls, view: LabView) -> "LabCase":
        """That of a lab of which no more is known: thirty steps, and half of its first setting that may change."""
        fields = view.settings_type.fields()
        hot = [name for name in view.controls if fields[name].hot and fields[name].kind == "number"]
        changed = (hot[0], fields[hot[0]].default / 2) if hot and not view.sweeps else None
        return cls({"steps": 30}, hot=changed)
