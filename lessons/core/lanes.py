"""Lanes: K settings that train side by side in one tensor program."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Sequence
from typing import Any, Generic, TypeVar, cast

import torch
from torch import Tensor

from lessons.core.settings import SettingError, Settings, SettingsT_co

OWN = "your own"  # the choice of a function that a learner has written


class Lanes(Generic[SettingsT_co]):
    """K settings of one class, stacked.

    Each numeric field is an attribute: `lanes.learning_rate` is a float64 tensor of shape (K,). Fields declared
    `shared` agree in all lanes and are read as plain values: `lanes.shared.width`. Choices are read per lane:
    `lanes.values("optimizer")`.

    Hot fields may change between two steps with `change`; the loop that reads `lanes.learning_rate` at each step then
    sees the new value.

    Args:
        settings: One for each lane.
        names: One for each lane, for people.
        own: The learner's own function, which lanes run whose settings ask for it.

    Raises:
        SettingError: If there is no lane, lanes disagree in a shared field, or one asks for a function of the learner's
            own and there is none.

    Attributes:
        stacked: Name of each numeric field -> its tensor.
    """

    def __init__(
        self,
        settings: Sequence[SettingsT_co],
        names: Sequence[str] | None = None,
        own: Callable[..., Any] | None = None,
    ):
        self.own = own
        self.settings: list[SettingsT_co] = list(settings)
        if not self.settings:
            raise SettingError(["A run needs at least one lane."])
        self.fields = type(self.settings[0]).fields()
        self.names = list(names or (f"lane {k + 1}" for k in range(len(self.settings))))
        self._check_shared()
        self._check_own()
        self.stacked = {
            name: torch.tensor([float(getattr(s, name)) for s in self.settings], dtype=torch.float64)
            for name, field in self.fields.items()
            if field.kind != "choice"
        }

    def __len__(self) -> int:
        return len(self.settings)

    def __getattr__(self, name: str) -> Tensor:
        stacked: dict[str, Tensor] = self.__dict__.get("stacked", {})
        if name not in stacked:
            raise AttributeError(f"Lanes have no numeric setting {name!r}")
        return stacked[name]

    @property
    def shared(self) -> SettingsT_co:
        """Settings to read fields declared `shared` from."""
        return self.settings[0]

    def values(self, field: str) -> tuple[Any, ...]:
        """Return the field's value in each lane."""
        return tuple(getattr(s, field) for s in self.settings)

    def change(self, lane: int, field: str, value: Any) -> None:
        """Change a hot field of one lane.

        Raises:
            SettingError: If the field is unknown or not hot, or the value is not allowed.
        """
        self.take(lane, field, self.settings[lane].with_value(field, value))

    def take(self, lane: int, field: str, settings: Settings) -> None:
        """Take settings of one lane that differ from those that it has in this hot field.

        Raises:
            SettingError: If the field is not hot.
        """
        if not self.fields[field].hot:
            raise SettingError([f"{self.fields[field].title} cannot change during a run."])
        self.settings[lane] = cast(SettingsT_co, settings)
        if field in self.stacked:
            self.stacked[field][lane] = float(getattr(settings, field))

    def kept(self) -> Lanes[SettingsT_co]:
        """Return the same lanes, which stay as they are whatever is changed in these."""
        same = copy.copy(self)
        same.settings, same.stacked = list(self.settings), {name: t.clone() for name, t in self.stacked.items()}
        return same

    def follow(self, changed: Lanes[SettingsT_co]) -> None:
        """Take over what was changed in the lanes that these were kept of."""
        if self.settings == changed.settings:  # mostly, and quickly, as they are the same objects
            return
        self.settings[:] = changed.settings
        for name, values in self.stacked.items():
            values.copy_(changed.stacked[name])

    def _check_own(self) -> None:
        if self.own is None and OWN in (getattr(each, "optimizer", "") for each in self.settings):
            raise SettingError(["No function of your own was given here; a notebook can give one: own=my_rule."])

    def _check_shared(self) -> None:
        for name, field in self.fields.items():
            if field.shared and len(set(self.values(name))) > 1:
                raise SettingError([f"{field.title} must be the same in all lanes."])


Name = TypeVar("Name", bound=Hashable)


def lanes_of_each(names: Sequence[Name]) -> dict[Name, Tensor | slice]:
    """Return which lanes have each name, as an index of rows: a slice, which is faster, where they lie side by side."""
    found: dict[Name, Tensor | slice] = {}
    for name in dict.fromkeys(names):
        lanes = [k for k, other in enumerate(names) if other == name]
        side_by_side = lanes[-1] - lanes[0] == len(lanes) - 1
        found[name] = slice(lanes[0], lanes[-1] + 1) if side_by_side else torch.tensor(lanes)
    return found
