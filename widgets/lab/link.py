"""A lab's state as a link, and back: what a teacher sends to a class."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lessons.core.record import Change, RunRecord
from lessons.core.settings import SettingError, Settings
from widgets.lab.lane_list import LaneList
from widgets.view.controls import MOST_LANES
from widgets.view.view import LabView

LONGEST = 6000
NOT_UNDERSTOOD = "The link holds something that this lab does not understand; it shows its defaults."

Name = Annotated[str, Field(max_length=40)]


class LinkedLab(BaseModel):
    """The content of a link: for each lane its name and what differs from the defaults, and the changes in flight.

    `says` is what each name says of the settings, as in `widgets.lab.lane_list.Lane`.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    names: Annotated[list[Name], Field(min_length=1, max_length=MOST_LANES)]
    lanes: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_LANES)]
    says: Annotated[list[dict[str, Any]], Field(max_length=MOST_LANES)] = []
    changes: Annotated[list[tuple[int, int, str, Any]], Field(max_length=1000)] = []
    step: Annotated[int, Field(ge=0)] = 0


def content(lanes: LaneList, record: RunRecord, settings_type: type[Settings], step: int) -> dict[str, Any]:
    """Return what a link to this run holds, up to `step`."""
    held: dict[str, Any] = {
        "names": lanes.names,
        "lanes": [_differing(settings_type, values) for values in record.settings],
        "step": step,
    }
    if any(lanes.says):
        held["says"] = lanes.says
    if record.changes:
        held["changes"] = [[c.step, c.lane, c.field, c.value] for c in record.changes]
    return held


def query(lab: str, held: Mapping[str, Any]) -> str:
    """Return the query string that opens this lab with what a link holds.

    Raises:
        SettingError: If it would be too long for a link.
    """
    text = urlencode({lab: json.dumps(held, ensure_ascii=False, separators=(",", ":"))})
    if len(text) > LONGEST:
        raise SettingError(["So many changes were made during this run that no link can hold them; reset, then share."])
    return text


def python_line(view: LabView, held: Mapping[str, Any]) -> str:
    """Return the line that opens the lab with what a link holds in a notebook."""
    topic = type(view).__module__.split(".")[2]
    own = "" if view.own is None else f"own={getattr(view.own, '__name__', 'my_rule')}, "
    return f"{topic}.{type(view).name}({own}link={held!r})"


def linked(lab: str, search: str) -> LinkedLab | None:
    """Return what a page's query string holds for a lab; None if nothing.

    Raises:
        SettingError: If there is something that no lab of ours wrote.
    """
    if len(search) > 3 * LONGEST:
        raise SettingError([NOT_UNDERSTOOD])
    try:
        text = parse_qs(search.removeprefix("?"), keep_blank_values=True, max_num_fields=20).get(lab)
    except ValueError:
        raise SettingError([NOT_UNDERSTOOD]) from None
    return None if text is None else _read(text[0])


def linked_here(lab: str, search: str) -> LinkedLab:
    """Return what a query string holds for a lab.

    Raises:
        SettingError: If it holds nothing for it, or something that no lab of ours wrote.
    """
    found = linked(lab, search)
    if found is None:
        raise SettingError(["The link holds nothing for this lab."])
    return found


def given(lab: str, link: Any) -> LinkedLab:
    """Return what was given to a lab in Python as its link: the content of one, or one that was copied from a page.

    Raises:
        SettingError: If there is nothing for this lab, or something that no lab of ours wrote.
    """
    if not isinstance(link, str):
        try:
            return _read(json.dumps(link))
        except (TypeError, ValueError, RecursionError):
            raise SettingError([NOT_UNDERSTOOD]) from None
    found = linked(lab, link.partition("?")[2])
    if found is None:
        raise SettingError(["The link holds nothing for this lab; it shows its defaults."])
    return found


def _read(text: str) -> LinkedLab:
    try:
        found = LinkedLab.model_validate_json(text)
    except (ValidationError, ValueError, RecursionError):
        raise SettingError([NOT_UNDERSTOOD]) from None
    if len(found.names) != len(found.lanes) or len(found.says) not in (0, len(found.names)):
        raise SettingError([NOT_UNDERSTOOD])
    return found


def started(found: LinkedLab, view: LabView) -> LaneList:
    """Return the lanes that a link begins with.

    Raises:
        SettingError: If their settings are not allowed, or names say something of none.
    """
    if not all(field in view.settings_type.model_fields for says in found.says for field in says):
        raise SettingError([NOT_UNDERSTOOD])
    settings = [view.settings_type.checked(values) for values in found.lanes]
    return LaneList.named(found.names, settings, found.says or [{}] * len(settings), view.idle, view.methods)


def _differing(settings_type: type[Settings], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values that are not the defaults."""
    defaults = settings_type().model_dump()
    return {name: value for name, value in values.items() if value != defaults[name]}


def as_changes(found: LinkedLab, settings_type: type[Settings]) -> tuple[Change, ...]:
    """Return the changes in flight that a link holds.

    Raises:
        SettingError: If one of them is no change that can be made in flight.
    """
    fields = settings_type.fields()
    if not all(field in fields and fields[field].hot for _, _, field, _ in found.changes):
        raise SettingError([NOT_UNDERSTOOD])
    try:
        return tuple(Change(step=s, lane=lane, field=f, value=v) for s, lane, f, v in found.changes)
    except ValidationError:
        raise SettingError([NOT_UNDERSTOOD]) from None
