"""What the names of lanes say of their settings: a name stays as long as that holds."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

from lessons.core.settings import Settings
from lessons.core.written_number import Unclear, read_number

Idle = Callable[[Settings], Collection[str]]
PLAIN = re.compile(r"lane \d+")


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
    """Whether what a name says is true of these settings."""
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
    return [read_number(text) for text in re.findall(r"[\d.]+(?: ?%)?", name)]
