"""Names of lanes and the settings they tell of. A word stays as long as it holds; a number follows what is typed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any, cast

from lessons.core.settings import SettingField, Settings
from lessons.core.written_number import Unclear, read_number, written

Idle = Callable[[Settings], Collection[str]]
PLAIN = re.compile(r"lane \d+")
LONGEST = 40
MOST_ADDED = 2
_NUMBER = re.compile(r"[\d.]+(?: ?%)?")


def nothing_idle(settings: Settings) -> Collection[str]:
    """Name no setting: all have an effect."""
    del settings
    return ()


def said(
    names: Sequence[str], lanes: Sequence[Settings], fields: Sequence[str] = (), idle: Idle = nothing_idle
) -> list[dict[str, Any]]:
    """Return for each lane what its name says: fields and their values.

    Names are there to tell lanes apart, so they say fields in which the lanes differ: choices, and the numbers that
    stand in the name. A name that then says nothing ("slow" beside "fast") says all in which they differ. The name of a
    single lane says the choices and numbers that stand in it and are not the defaults; "lane 2" says nothing.

    Args:
        names: Of the lanes.
        lanes: Their settings.
        fields: The fields that all names tell of, where that is known.
        idle: Names the settings that have no effect under the others; of those no name tells.
    """
    declared = type(lanes[0]).fields()
    differing = [name for name in declared if len({getattr(each, name) for each in lanes}) > 1]
    if len(lanes) == 1:
        fields = fields or _mentioned(names[0], lanes[0])
    return [
        {}
        if PLAIN.fullmatch(name)
        else {
            field: getattr(settings, field)
            for field in fields or _told(name, settings, differing) or differing
            if field not in idle(settings)
        }
        for name, settings in zip(names, lanes, strict=True)
    ]


def holds(says: Mapping[str, Any], settings: Settings, idle: Idle = nothing_idle) -> bool:
    """True if what a name says is true of these settings."""
    if any(getattr(settings, field) != value for field, value in says.items()):
        return False
    return not says or not set(says) & set(idle(settings))


def _told(name: str, settings: Settings, fields: Sequence[str]) -> list[str]:
    """The fields that are choices, and those whose number stands in the name."""
    declared, numbers = type(settings).fields(), _numbers(name)
    return [
        field
        for field in fields
        if declared[field].kind in ("choice", "flag") or float(getattr(settings, field)) in numbers
    ]


def _mentioned(name: str, settings: Settings) -> list[str]:
    """The fields whose value stands in the name and is not the default."""
    numbers = _numbers(name)
    return [
        field
        for field, declared in type(settings).fields().items()
        if (value := getattr(settings, field)) != declared.default
        and (str(value) in name if declared.kind == "choice" else declared.kind != "flag" and float(value) in numbers)
    ]


def _numbers(name: str) -> list[float | Unclear]:
    return [read_number(text) for text in _NUMBER.findall(name)]


# ---- the name of a lane whose settings are not those that it was named for ----


@dataclass(frozen=True)
class Named:
    """The parts of a name.

    Attributes:
        given: The name that the lane was given; empty if it was given none.
        says: What that name says of the settings.
        settings: The settings now.
        origin: The settings when it was named.
        method: The setting that says which method the lane is; empty if there is none.
        idle: Settings that have no effect now.
    """

    given: str
    says: Mapping[str, Any]
    settings: Settings
    origin: Settings
    method: str
    idle: Collection[str] = ()

    @property
    def holds(self) -> bool:
        """True if all that the given name says is so."""
        return holds(self.says, self.settings, lambda _: self.idle)


@dataclass
class _Words:
    """A name that grows: its parts, and the settings that they tell of."""

    parts: list[str] = field(default_factory=list)
    told: set[str] = field(default_factory=set)

    def add(self, name: str, text: str) -> None:
        if name not in self.told:
            self.told.add(name)
            self.parts.append(text)

    @property
    def text(self) -> str:
        return ", ".join(self.parts)


@cache
def _declared(settings_type: type[Settings]) -> dict[str, SettingField]:
    return settings_type.fields()


def worded(lane: Named, others: Sequence[Named]) -> tuple[str, dict[str, Any]]:
    """Return the name that a lane has now, and what it says; empty if there is nothing to tell it apart by.

    Args:
        lane: The lane.
        others: The lanes beside it. A difference that all lanes share tells nothing apart, and is not said.
    """
    fields = _declared(type(lane.settings))
    differing = [
        name for name in fields if any(getattr(o.settings, name) != getattr(lane.settings, name) for o in others)
    ]
    words = _Words([lane.given], set(lane.says)) if lane.given and lane.holds else _kept(lane, differing, fields)
    changed = [
        name
        for name in differing
        if getattr(lane.settings, name) != getattr(lane.origin, name)
        and name not in words.told
        and name not in lane.idle
    ]
    if changed and not words.parts and lane.method in differing:
        words.add(lane.method, _part(fields[lane.method], lane.settings))
    _tell(words, changed, fields, lane.settings)
    return words.text, {name: getattr(lane.settings, name) for name in fields if name in words.told}


def told_apart(name: str, says: Mapping[str, Any], lane: Named, other: Named) -> tuple[str, dict[str, Any]]:
    """Return a name with what makes a lane unlike another of that name; the same name if they do not differ."""
    fields = _declared(type(lane.settings))
    unlike = [
        field
        for field in fields
        if getattr(lane.settings, field) != getattr(other.settings, field) and field not in {*says, *lane.idle}
    ]
    words = _Words([name], set(says))
    _tell(words, unlike, fields, lane.settings)
    return words.text, {field: getattr(lane.settings, field) for field in fields if field in words.told}


def _tell(words: _Words, names: Sequence[str], fields: Mapping[str, SettingField], settings: Settings) -> None:
    """Add these settings to a name, or, where that would be too long, that it is not what it was."""
    names, before = [name for name in names if name not in words.told], list(words.parts)
    for name in names:
        words.add(name, _part(fields[name], settings))
    if len(names) > MOST_ADDED or len(words.text) > LONGEST:
        words.parts[:] = [*(before or words.parts[:1]), "changed"]
        if len(words.text) > LONGEST:
            words.parts[:] = [words.text[: LONGEST - 1] + "…"]


def _kept(lane: Named, differing: Sequence[str], fields: Mapping[str, SettingField]) -> _Words:
    """Return what stays of a name that does not hold any more: names of choices and numbers, as they are now.

    Other words go, and what they may have said is said by the settings in which the lanes differ.
    """
    read = [_reread(part, lane, fields) for part in lane.given.split(", ")] if lane.says else []
    kept, lost = [name for name, _ in read if name and name not in lane.idle], not all(name for name, _ in read)
    broken = [name for name, value in lane.says.items() if getattr(lane.settings, name) != value]
    words = _Words()
    for name, text in read:
        if name in kept:  # words around a number may have told of something that is broken: "held at 5"
            words.add(name, text if set(broken) <= set(kept) else _part(fields[name], lane.settings))
    unsaid = [name for name in lane.says if name in differing and name not in lane.idle and (lost or name in broken)]
    _tell(words, sorted(unsaid, key=lambda name: name != lane.method), fields, lane.settings)
    return words


def _reread(part: str, lane: Named, fields: Mapping[str, SettingField]) -> tuple[str, str]:
    """Return the one setting that a part of a name tells of, and the part as it is now; empty if there is none."""
    told = {lane.method: getattr(lane.origin, lane.method), **lane.says} if lane.method else lane.says
    found = [name for name, value in told.items() if _is_of(part, fields[name], value)]
    if len(found) != 1:
        return "", ""
    name = found[0]
    value = getattr(lane.settings, name)
    if value == told[name]:
        return name, part
    if fields[name].kind == "choice":
        return name, str(value)
    number = cast(re.Match[str], _NUMBER.search(part))[0]
    now = f"{100 * value:g} %" if number.endswith("%") else written(value)
    return name, part.replace(number, now)


def _is_of(part: str, declared: SettingField, value: Any) -> bool:
    """True if a part of a name tells of a setting: as its choice ("Kaiming"), or as its number with words ("30°")."""
    if declared.kind == "choice":
        return str(value).casefold().startswith(part.casefold())
    return declared.kind != "flag" and "/" not in part and _numbers(part) == [float(value)]


def _part(declared: SettingField, settings: Settings) -> str:
    """Return what is said of a setting: "β = 0.4", "heavy ball", "norm held fixed: on"."""
    value = getattr(settings, declared.name)
    if declared.kind == "choice":
        return str(value)
    if declared.kind == "flag":
        return f"{declared.label}: {'on' if value else 'off'}"
    return f"{declared.symbol or declared.label} = {written(value)}"
