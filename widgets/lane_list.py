"""The lanes a person compares: settings, names, colours, and which one the controls belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lessons.core.run import Change
from lessons.core.settings import SettingError, Settings
from widgets.controls import LANE_COLOURS, MOST_LANES, Preset
from widgets.lane_names import Idle, holds, nothing_idle, said


@dataclass(frozen=True)
class Lane:
    """One lane as the person sees it.

    Attributes:
        given: The name that it was given.
        colour: Its colour.
        settings: Its settings.
        says: What that name says of the settings; nothing if a person gave it.
        idle: Names the settings that have no effect under the others.
        plain: Its name where the one that it was given does not hold; empty until it is needed.
    """

    given: str
    colour: str
    settings: Settings
    says: Mapping[str, Any] = field(default_factory=dict)
    idle: Idle = nothing_idle
    plain: str = ""

    @property
    def well_named(self) -> bool:
        """Whether what the given name says is so."""
        return holds(self.says, self.settings, self.idle)

    @property
    def name(self) -> str:
        """The name to show."""
        return self.given if self.well_named else self.plain


class LaneList:
    """An immutable list of lanes with one of them selected; each operation returns another list.

    Raises:
        SettingError: From every operation that is given something not allowed; the list is left as it was.
    """

    def __init__(self, lanes: Sequence[Lane], selected: int = 0):
        self.lanes = _all_named(lanes)
        self.selected = min(selected, len(self.lanes) - 1)

    @classmethod
    def of(
        cls,
        settings_type: type[Settings],
        preset: Preset,
        common: Mapping[str, Any] | None = None,
        idle: Idle = nothing_idle,
    ) -> LaneList:
        """Return the lanes of a preset.

        Args:
            settings_type: Their settings.
            preset: The preset.
            common: Settings that all of its lanes get instead of their own; what a name says stays as it was.
            idle: See `Lane`.
        """
        settings = [settings_type.checked(changes) for changes in preset.lanes]
        if preset.names:
            names, says = preset.names, said(preset.names, settings, preset.says, idle)
        else:
            names, says = [f"lane {k + 1}" for k in range(len(settings))], [{}] * len(settings)
        return cls.named(names, settings, says, idle).with_everywhere(common or {})

    @classmethod
    def named(
        cls, names: Sequence[str], settings: Sequence[Settings], says: Sequence[Mapping[str, Any]], idle: Idle
    ) -> LaneList:
        """Return lanes with these names, and what those say."""
        parts = zip(names, LANE_COLOURS, settings, says, strict=False)
        return cls([Lane(*each, idle) for each in parts])

    def replayed(self, settings: Sequence[Settings], changes: Sequence[Change]) -> LaneList:
        """Return these lanes as they are if they start with these settings and go through these changes."""
        started = [replace(lane, settings=each) for lane, each in zip(self.lanes, settings, strict=True)]
        lanes = LaneList(started, self.selected)
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
    def says(self) -> list[dict[str, Any]]:
        """What each lane's name says of its settings."""
        return [dict(lane.says) if lane.well_named else {} for lane in self.lanes]

    @property
    def colours(self) -> list[str]:
        """Colour of each lane; a lane keeps its own when another is removed."""
        return [lane.colour for lane in self.lanes]

    def select(self, lane: int) -> LaneList:
        """Choose the lane that the controls belong to."""
        return LaneList(self.lanes, self._index(lane))

    def with_everywhere(self, values: Mapping[str, Any]) -> LaneList:
        """Set fields in all lanes."""
        lanes = [
            replace(lane, settings=type(lane.settings).checked({**lane.settings.model_dump(), **values}))
            for lane in self.lanes
        ]
        return LaneList(lanes, self.selected)

    def with_value(self, lane: int, field: str, value: Any) -> LaneList:
        """Set a field in one lane; in all of them if the field is shared."""
        chosen = self.lanes[self._index(lane)].settings
        changed = chosen.with_value(field, value)
        everywhere = type(chosen).fields()[field].shared
        kept = getattr(changed, field)
        return LaneList(
            [
                replace(other, settings=other.settings.with_value(field, kept)) if everywhere or k == lane else other
                for k, other in enumerate(self.lanes)
            ],
            self.selected,
        )

    def add(self) -> LaneList:
        """Add a copy of the selected lane and select it."""
        if len(self) >= MOST_LANES:
            raise SettingError([f"A lab compares at most {MOST_LANES} lanes."])
        colour = next(c for c in LANE_COLOURS if c not in self.colours)
        added = replace(self.lanes[self.selected], given=_plain_name(self.lanes), colour=colour, says={}, plain="")
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
        if not name:
            return self
        renamed = replace(self.lanes[index], given=name, says={})
        return LaneList([*self.lanes[:index], renamed, *self.lanes[index + 1 :]], self.selected)

    def _index(self, lane: int) -> int:
        if not 0 <= lane < len(self):
            asked = lane + 1 if abs(lane) < 1000 else "of that number"
            raise SettingError([f"There is no lane {asked}; there are {len(self)}."])
        return lane


def _all_named(lanes: Sequence[Lane]) -> tuple[Lane, ...]:
    """Give a plain name to each lane whose own does not hold."""
    lanes = list(lanes)
    for number, lane in enumerate(lanes, 1):
        if not (lane.plain or lane.well_named):
            lanes[number - 1] = replace(lane, plain=_plain_name(lanes, number))
    return tuple(lanes)


def _plain_name(lanes: Sequence[Lane], wished: int = 1) -> str:
    taken = {name for lane in lanes for name in (lane.given, lane.plain)}
    numbers = (wished, *range(1, 3 * MOST_LANES))
    return next(f"lane {n}" for n in numbers if f"lane {n}" not in taken)
