"""The lanes a person compares: settings, names, colours, and which one the controls belong to."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lessons.core.record import Change
from lessons.core.settings import SettingError, Settings
from widgets.figure.colours import METHODS, colours_of, free_colour, method_of
from widgets.lab.lane_names import PLAIN, Idle, Named, nothing_idle, said, told_apart, worded
from widgets.view.controls import MOST_LANES, Preset

BY_OPTIMIZER = ("optimizer",)


@dataclass(frozen=True)
class Lane:
    """One lane as the person sees it.

    Attributes:
        given: The name that it was given; empty if it was given none.
        colour: Its colour.
        settings: Its settings.
        origin: Its settings when it was named.
        says: What that name says of the settings; nothing if a person gave it.
        idle: Names the settings that have no effect under the others.
        method: The setting that says which method it is; empty if there is none.
        plain: Its name where there is nothing to say; empty until it is needed.
        name: The name to show.
        told: What that says of the settings.
    """

    given: str
    colour: str
    settings: Settings
    origin: Settings
    says: Mapping[str, Any] = field(default_factory=dict)
    idle: Idle = nothing_idle
    method: str = ""
    plain: str = ""
    name: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def fixed(self) -> bool:
        """True if a person gave its name."""
        return bool(self.given) and not self.says

    @property
    def named(self) -> Named:
        """The parts of its name."""
        return Named(self.given, self.says, self.settings, self.origin, self.method, self.idle(self.settings))

    def changed(self, settings: Settings, taken: Collection[str]) -> Lane:
        """Return the lane with other settings; of another method it has that one's colour, if that is not taken."""
        choice = getattr(settings, self.method, "")
        colour = METHODS.get(self.method, {}).get(choice, self.colour)
        same = choice == getattr(self.settings, self.method, "")
        return replace(self, settings=settings, colour=self.colour if same or colour in taken else colour)


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
        methods: Sequence[str] = BY_OPTIMIZER,
    ) -> LaneList:
        """Return the lanes of a preset.

        Args:
            settings_type: Their settings.
            preset: The preset.
            common: Settings that all of its lanes get instead of their own; what a name says stays as it was.
            idle: See `Lane`.
            methods: See `LabView`.
        """
        settings = [settings_type.checked(changes) for changes in preset.lanes]
        names = preset.names or [f"lane {k + 1}" for k in range(len(settings))]
        says = said(names, settings, preset.says, idle)
        wanted = [settings_type.checked({**each.model_dump(), **(common or {})}) for each in settings]
        return cls.named(names, wanted, says, idle, methods)

    @classmethod
    def named(
        cls,
        names: Sequence[str],
        settings: Sequence[Settings],
        says: Sequence[Mapping[str, Any]],
        idle: Idle = nothing_idle,
        methods: Sequence[str] = BY_OPTIMIZER,
    ) -> LaneList:
        """Return lanes with these names, what those say, and the colours of their methods."""
        method, lanes = method_of(settings, methods), []
        for name, colour, each, told in zip(names, colours_of(settings, methods), settings, says, strict=True):
            plain = name if PLAIN.fullmatch(name) else ""
            lanes.append(Lane("" if plain else name, colour, each, each, told, idle, method, plain))
        return cls(lanes)

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
        """The settings that each lane's name tells of."""
        return [dict(lane.told) for lane in self.lanes]

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
        everywhere, lanes = type(chosen).fields()[field].shared, list(self.lanes)
        for k, other in enumerate(lanes):
            if k == lane:
                lanes[k] = other.changed(changed, self.colours)
            elif everywhere:  # what one lane may have, others may
                same = other.settings.model_copy(update={field: getattr(changed, field)})
                lanes[k] = other.changed(same, self.colours)
        return LaneList(lanes, self.selected)

    def add(self) -> LaneList:
        """Add a copy of the selected lane and select it."""
        if len(self) >= MOST_LANES:
            raise SettingError([f"A lab compares at most {MOST_LANES} lanes."])
        chosen = self.lanes[self.selected]
        colour = free_colour(self.colours)
        added = replace(chosen, given="", colour=colour, origin=chosen.settings, says={}, plain="")
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
    """Give each lane the name that it has among the others; one that another lane has says nothing."""
    parts = [lane.named for lane in lanes]
    names = [
        (lane.given, {}) if lane.fixed else worded(part, [*parts[:k], *parts[k + 1 :]])
        for k, (lane, part) in enumerate(zip(lanes, parts, strict=True))
    ]
    held = [lane.fixed or (bool(lane.given) and part.holds) for lane, part in zip(lanes, parts, strict=True)]
    wanted = [name for name, _ in names]
    for k, (name, told) in enumerate(names):
        if name and not held[k] and wanted.count(name) > 1:
            other = next(other for other in range(len(names)) if other != k and wanted[other] == name)
            names[k] = told_apart(name, told, parts[k], parts[other])
    wanted, done = [name for name, _ in names], list(lanes)
    for k, (name, told) in enumerate(names):
        if name and (held[k] or wanted.count(name) == 1):
            done[k] = replace(done[k], name=name, told=told)
        else:
            plain = done[k].plain or _plain_name(done, k + 1)
            done[k] = replace(done[k], plain=plain, name=plain, told={})
    return tuple(done)


def _plain_name(lanes: Sequence[Lane], wished: int) -> str:
    taken = {name for lane in lanes for name in (lane.given, lane.plain)}
    return next(f"lane {n}" for n in range(wished, wished + 3 * MOST_LANES) if f"lane {n}" not in taken)
