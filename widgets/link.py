"""A lab's state as a link, and back: what a teacher sends to a class."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from urllib.parse import parse_qs, urlencode

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from lessons.core.run import Change, RunRecord
from lessons.core.settings import SettingError, Settings
from widgets.controls import MOST_LANES
from widgets.lane_list import LaneList
from widgets.view import LabView

LONGEST = 6000
NOT_UNDERSTOOD = "The link holds something that this lab does not understand; it shows its defaults."

Name = Annotated[str, Field(max_length=40)]


class LinkedLab(BaseModel):
    """What a link holds: for each lane its name and what differs from the defaults, and the changes in flight."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    names: Annotated[list[Name], Field(min_length=1, max_length=MOST_LANES)]
    lanes: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_LANES)]
    changes: Annotated[list[tuple[int, int, str, Any]], Field(max_length=1000)] = []
    step: Annotated[int, Field(ge=0)] = 0


def query(lab: str, names: Sequence[str], record: RunRecord, settings_type: type[Settings], step: int) -> str:
    """Return the query string that opens this lab with this run, up to `step`.

    Raises:
        SettingError: If it would be too long for a link.
    """
    lanes = [_differing(settings_type, values) for values in record.settings]
    content: dict[str, Any] = {"names": list(names), "lanes": lanes, "step": step}
    if record.changes:
        content["changes"] = [[c.step, c.lane, c.field, c.value] for c in record.changes]
    text = urlencode({lab: json.dumps(content, ensure_ascii=False, separators=(",", ":"))})
    if len(text) > LONGEST:
        raise SettingError(["So many changes were made during this run that no link can hold them; reset, then share."])
    return text


def linked(lab: str, search: str) -> LinkedLab | None:
    """Return what a page's query string holds for a lab; None if nothing.

    Raises:
        SettingError: If there is something that no lab of ours wrote.
    """
    refusal = SettingError([NOT_UNDERSTOOD])
    if len(search) > 3 * LONGEST:
        raise refusal
    try:
        text = parse_qs(search.removeprefix("?"), keep_blank_values=True, max_num_fields=20).get(lab)
        found = None if text is None else LinkedLab.model_validate_json(text[0])
    except (ValidationError, ValueError, RecursionError):
        raise refusal from None
    if found is not None and len(found.names) != len(found.lanes):
        raise refusal
    return found


def python_line(view: LabView, lanes: LaneList) -> str:
    """Return the line that opens the lab with these settings in a notebook."""
    topic = type(view).__module__.split(".")[2]
    differing = [
        {"name": lane.name, **_differing(view.settings_type, lane.settings.model_dump())} for lane in lanes.lanes
    ]
    own = "" if view.own is None else f"own={getattr(view.own, '__name__', 'my_rule')}, "
    return f"{topic}.{type(view).name}({own}lanes={differing!r})"


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
