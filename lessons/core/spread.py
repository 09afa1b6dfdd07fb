"""Sweeps and clouds of seeds as data: how one set of settings becomes many lanes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any, Generic, cast

import numpy as np
import torch
from typing_extensions import TypeVar

from lessons.core.lanes import Lanes
from lessons.core.settings import SettingError, Settings, SettingsT, setting

SEEDS = 20  # of a cloud
# What is set, where that is not what lanes have.
ControlsT = TypeVar("ControlsT", bound=Settings, default=Any)
# What tells lanes apart: for each of them its name, and the settings that it has of its own.
Cases = Sequence[tuple[str, Mapping[str, Any]]]
Axis = Callable[[Mapping[str, Any]], Cases]  # from the settings that are set to the cases


def crossed(lane_type: type[SettingsT], common: Mapping[str, Any], *axes: Cases) -> Lanes[SettingsT]:
    """Return a lane for each combination of cases, one from each axis; the last axis varies fastest.

    Args:
        lane_type: Settings of the lanes.
        common: What all lanes have, unless a case says otherwise.
        axes: The cases of each axis.

    Raises:
        SettingError: If a value is not allowed.
    """
    names, settings = [], []
    for cases in product(*axes):
        names.append(", ".join(name for name, _ in cases if name))
        own = {name: value for _, values in cases for name, value in values.items()}
        settings.append(lane_type.checked({**common, **own}))
    return Lanes(settings, names)


@dataclass(frozen=True)
class Each:
    """An axis: some values of a field. `name` is the format of a lane's name."""

    field: str
    values: Sequence[Any]
    name: str = "{}"

    def __call__(self, values: Mapping[str, Any]) -> Cases:
        return [(self.name.format(value), {self.field: value}) for value in self.values]


@dataclass(frozen=True)
class Seeds:
    """An axis: seeds from `seed` on, as many as `count`, a number or the name of a setting, in all these fields."""

    count: int | str
    fields: tuple[str, ...] = ("seed",)

    def __call__(self, values: Mapping[str, Any]) -> Cases:
        first, count = values["seed"], _value(self.count, values)
        return [(f"seed {seed}", dict.fromkeys(self.fields, seed)) for seed in range(first, first + count)]


def fewer(shape: type[Settings], field: str, default: Any, high: float | None = None, **changed: Any) -> Any:
    """Declare a setting of many lanes as `shape` declares that of one: with other bounds, and it is not hot.

    Args:
        shape: Settings of one lane.
        field: The field.
        default: Value at the start.
        high: Largest allowed value; as in `shape` if left out. A slider ends there, if not before.
        changed: What else is different, as of `setting`.
    """
    same = shape.fields()[field]
    names = ("label", "symbol", "unit", "doc", "low", "slider_step", "scale", "shared")
    kept = {name: getattr(same, name) for name in names}
    high = same.high if high is None else high
    slider = None if high is None else (same.slider_low, min(cast(float, same.slider_high), high))
    return setting(default, **{**kept, "high": high, "slider": slider, **changed})


def first_seed(shape: type[Settings], count: int, **changed: Any) -> Any:
    """Declare the first of at most so many seeds; arguments as of `fewer`."""
    return fewer(shape, "seed", 0, 2**31 - count, **changed)


def end_of_rates(
    default: float, which: str, count: int, slider: tuple[float, float], low: float = 1e-6, high: float = 100.0
) -> Any:
    """Declare the lowest or the highest of many learning rates (`Over`)."""
    doc = f"The {which} of {count} learning rates, spaced evenly in logarithm."
    label = f"{which} learning rate"
    return setting(default, label=label, symbol="η", doc=doc, low=low, high=high, slider=slider, scale="log")


def evenly_in_log(lowest: float, highest: float, count: int) -> list[float]:
    """Return numbers spaced evenly in logarithm, both ends among them."""
    span = torch.linspace(0, 1, count, dtype=torch.float64)
    values: list[float] = (lowest * (highest / lowest) ** span).tolist()
    values[-1], values[0] = float(highest), float(lowest)  # rounding must not step over a bound
    return values


def geomspace(lowest: float, highest: float, count: int) -> list[float]:
    """Return such numbers as numpy computes them; they differ in the last digit, and with it a run's numbers."""
    values: list[float] = np.geomspace(lowest, highest, count).clip(lowest, highest).tolist()
    return values


@dataclass(frozen=True)
class Over:
    """An axis: values of a field from a lowest to a highest one.

    Attributes:
        field: The field.
        between: The ends, each a number or the name of a setting.
        count: How many.
        name: Format of a lane's name.
        spacing: Makes the values of the ends and their number.

    Raises:
        SettingError: If the lowest is not above 0 and below the highest.
    """

    field: str
    between: tuple[float | str, float | str]
    count: int
    name: str
    spacing: Callable[[float, float, int], Sequence[float]] = evenly_in_log

    def __call__(self, values: Mapping[str, Any]) -> Cases:
        lowest, highest = (_value(end, values) for end in self.between)
        if not 0 < lowest < highest:
            what = self.field.replace("_", " ")
            raise SettingError([f"The lowest {what}, {lowest:g}, must be above 0 and below the highest, {highest:g}."])
        return Each(self.field, self.spacing(lowest, highest, self.count), self.name)(values)


@dataclass(frozen=True)
class Doubling:
    """An axis: a setting's own value, and larger ones, each `every`-th twice as large; `count` names a setting."""

    field: str
    count: str
    name: str
    every: int = 1

    def __call__(self, values: Mapping[str, Any]) -> Cases:
        first = values[self.field]
        return Each(self.field, [first * 2 ** (k / self.every) for k in range(values[self.count])], self.name)(values)


@dataclass(frozen=True)
class Spread(Generic[ControlsT, SettingsT]):
    """A rule that makes many lanes of one set of settings: one for each combination of the axes' cases.

    Attributes:
        settings_type: What is set.
        lane_type: Settings of the lanes; what they do not know of `settings_type` is there for the axes.
        axes: In the order of a lane's name; the last one varies fastest.
        fixed: What all lanes have, and nobody may set.
        most: How many sets of settings may be spread side by side.
    """

    settings_type: type[ControlsT]
    lane_type: type[SettingsT]
    axes: tuple[Axis, ...]
    fixed: Mapping[str, Any] = field(default_factory=dict)
    most: int = 1

    def lanes(self, settings: Sequence[ControlsT], names: Sequence[str]) -> Lanes[SettingsT]:
        """Return the lanes of one set of settings after the other; of several, the lanes' names begin with theirs.

        Raises:
            SettingError: If there are too many, or a value is not allowed.
        """
        if len(settings) > self.most:
            raise SettingError([f"A lane is many trainings here; there may be at most {self.most} of them."])
        parts = [self._of_one(each) for each in settings]
        labels = [
            f"{name}, {label}" if len(parts) > 1 else label
            for name, part in zip(names, parts, strict=True)
            for label in part.names
        ]
        return Lanes([lane for part in parts for lane in part.settings], labels)

    def _of_one(self, settings: ControlsT) -> Lanes[SettingsT]:
        values, declared = settings.model_dump(), self.settings_type.fields()
        for name in self.fixed:
            if name in declared and values[name] != declared[name].default:
                raise SettingError([f"{declared[name].title} is not to be set here."])
        common = {name: value for name, value in values.items() if name in self.lane_type.model_fields}
        return crossed(self.lane_type, {**common, **self.fixed}, *(axis(values) for axis in self.axes))


def _value(given: Any, values: Mapping[str, Any]) -> Any:
    return values[given] if isinstance(given, str) else given
