"""The lanes a person compares: settings, names, colours, and which one the controls belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from lessons.core.run import Change
from lessons.core.settings import SettingError, Settings
from widgets.controls import LANE_COLOURS, MOST_LANES, Preset


@dataclass(frozen=True)
class Lane:
    """One lane as the person sees it; `described` if its name tells of its settings, as in a preset."""

    name: str
    colour: str
    settings: Settings
    described: bool = False


class LaneList:
    """An immutable list of lanes with one of them selected; each operation returns another list.

    Raises:
        SettingError: From every operation that is given something not allowed; the list is left as it was.
    """

    def __init__(self, lanes: Sequence[Lane], selected: int = 0):
        self.lanes = tuple(lanes)
        self.selected = min(selected, len(self.lanes) - 1)

    @classmethod
    def of(cls, settings_type: type[Settings], preset: Preset) -> LaneList:
        """Return the lanes of a preset."""
        names = preset.names or tuple(f"lane {k + 1}" for k in range(len(preset.lanes)))
        settings = [settings_type.checked(changes) for changes in preset.lanes]
        described = bool(preset.names)
        return cls([Lane(*parts, described) for parts in zip(names, LANE_COLOURS, settings, strict=False)])

    @classmethod
    def replayed(
        cls, settings: Sequence[Settings], names: Sequence[str], changes: Sequence[Change], selected: int = 0
    ) -> LaneList:
        """Return lanes that started with these settings and went through these changes."""
        lanes = cls([Lane(*parts) for parts in zip(names, LANE_COLOURS, settings, strict=False)], selected)
        for change in changes:
            lanes = lanes.with_value(change.lane, change.field, change.value)
        return lanes

    def __len__(self) -> int:
        return len(self.lanes)

    @property
    def settings(self) -> list[Settings]:
        """Settings of each lane."""
        return [lane.settings for lane in self.lanes]

    @property
    def names(self) -> list[str]:
        """Name of each lane."""
        return [lane.name for lane in self.lanes]

    @property
    def colours(self) -> list[str]:
        """Colour of each lane; a lane keeps its own when another is removed."""
        return [lane.colour for lane in self.lanes]

    def select(self, lane: int) -> LaneList:
        """Choose the lane that the controls belong to."""
        return LaneList(self.lanes, self._index(lane))

    def with_everywhere(self, values: Mapping[str, Any]) -> LaneList:
        """Set fields in all lanes; their names still tell them apart."""
        lanes = [
            replace(lane, settings=type(lane.settings).checked({**lane.settings.model_dump(), **values}))
            for lane in self.lanes
        ]
        return LaneList(lanes, self.selected)

    def with_value(self, lane: int, field: str, value: Any) -> LaneList:
        """Set a field in one lane; in all of them if the field is shared.

        A name that tells of the settings gives way to a plain one when its lane is changed.
        """
        chosen = self.lanes[self._index(lane)].settings
        changed = chosen.with_value(field, value)
        everywhere = type(chosen).fields()[field].shared
        kept = getattr(changed, field)
        return LaneList(
            [
                self._changed(k, other.settings.with_value(field, kept)) if everywhere or k == lane else other
                for k, other in enumerate(self.lanes)
            ],
            self.selected,
        )

    def _changed(self, lane: int, settings: Settings) -> Lane:
        held = self.lanes[lane]
        if held.described and settings != held.settings:
            return replace(held, name=self._plain_name(lane + 1), settings=settings, described=False)
        return replace(held, settings=settings)

    def _plain_name(self, wished: int = 1) -> str:
        numbers = (wished, *range(1, MOST_LANES + 2))
        return next(f"lane {n}" for n in numbers if f"lane {n}" not in self.names)

    def coloured(self, colours: Sequence[str]) -> LaneList:
        """Give the first lanes these colours, and the others what is left."""
        left = [colour for colour in LANE_COLOURS if colour not in colours]
        paired = zip(self.lanes, [*colours, *left], strict=False)
        return LaneList([replace(lane, colour=colour) for lane, colour in paired], self.selected)

    def add(self) -> LaneList:
        """Add a copy of the selected lane and select it."""
        if len(self) >= MOST_LANES:
            raise SettingError([f"A lab compares at most {MOST_LANES} lanes."])
        colour = next(c for c in LANE_COLOURS if c not in self.colours)
        added = replace(self.lanes[self.selected], name=self._plain_name(), colour=colour, described=False)
        return LaneList([*self.lanes, added], len(self))

    def remove(self, lane: int) -> LaneList:
        """Remove a lane; the last one stays."""
        if len(self) == 1:
            raise SettingError(["The last lane stays: a run needs at least one."])
        index = self._index(lane)
        return LaneList([*self.lanes[:index], *self.lanes[index + 1 :]], self.selected - (index < self.selected))

    def rename(self, lane: int, name: str) -> LaneList:
        """Name a lane; an empty name leaves the old one."""
        index, name = self._index(lane), " ".join(name.split())
        renamed = replace(self.lanes[index], name=name or self.lanes[index].name, described=False)
        return LaneList([*self.lanes[:index], renamed, *self.lanes[index + 1 :]], self.selected)

    def _index(self, lane: int) -> int:
        if not 0 <= lane < len(self):
            asked = lane + 1 if abs(lane) < 1000 else "of that number"
            raise SettingError([f"There is no lane {asked}; there are {len(self)}."])
        return lane
