"""The measurements of a run as a CSV table that also holds its record."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from lessons.core.history import History
from lessons.core.run import RunRecord

MOST_COMPONENTS = 50
_ROWS = 1000
_MARK = "# "


def csv_text(history: History, record: RunRecord, experiment_title: str) -> str:
    """Return what was measured as CSV: one row a step, one column for each quantity of each lane.

    Columns are `step`, `<quantity> [<lane>]`, and for vectors `<quantity>.<i> [<lane>]`; vectors of more than
    `MOST_COMPONENTS` components are left out. Numbers have as many digits as it takes to read them back exactly; what
    is not finite reads `nan`, `inf` or `-inf`. Lines before the table start with `# ` and hold the title and the
    record as JSON, see `read_record`. Nothing in a lane's name starts a formula in a spreadsheet.

    Args:
        history: The measurements, of as many lanes as the record has.
        record: The run.
        experiment_title: Its name for people.
    """
    text = io.StringIO()
    text.write(heading_text(record, experiment_title))
    shown = [name for name in history.names if _is_shown(history[name])]
    columns = [column for name in shown for column in _columns(name, history[name].shape, record.names)]
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(["step", *columns])
    text.writelines(f"{','.join(row)}\n" for row in _rows(history, shown))
    return text.getvalue()


def heading_text(record: RunRecord, title: str) -> str:
    """Return the lines before a table: each starts with `# `; they hold the title and the record as JSON."""
    return "".join(f"{_MARK}{key}: {_json(value)}\n" for key, value in _heading(record, title))


def read_record(csv_text: str) -> RunRecord:
    """Return the record of the run that a table was made of, each number bit for bit.

    Raises:
        ValueError: If the lines before the table are missing or damaged.
    """
    found: dict[str, list[Any]] = {}
    for line in csv_text.removeprefix("\ufeff").splitlines():
        if not line.startswith(_MARK):
            break
        key, _, value = line.removeprefix(_MARK).partition(": ")
        found.setdefault(key, []).append(_parsed(value))
    try:
        return RunRecord(
            experiment=found["experiment"][0],
            torch_version=found["torch"][0],
            device=found["device"][0],
            names=[lane["name"] for lane in found["lane"]],
            settings=[lane["settings"] for lane in found["lane"]],
            changes=found.get("change", []),
        )
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError("The lines before the table do not hold the record of a run.") from error


def _heading(record: RunRecord, title: str) -> Iterator[tuple[str, Any]]:
    yield "title", title
    yield "experiment", record.experiment
    yield "torch", record.torch_version
    yield "device", record.device
    for name, settings in zip(record.names, record.settings, strict=True):
        yield "lane", {"name": name, "settings": settings}
    for change in record.changes:
        yield "change", change.model_dump()


def _json(value: Any) -> str:
    """JSON on one line, in ASCII, in which no text looks like a formula wherever a spreadsheet splits the line."""
    return re.sub(r'"(?:[^"\\]|\\.)*"', _guarded, json.dumps(value))


def _guarded(text: re.Match[str]) -> str:
    """A JSON string with separators, and a formula's first character, as escapes."""
    return re.sub(r'[,;]|(?<=^")[=+@-]', lambda found: f"\\u{ord(found[0]):04x}", text[0])


def _parsed(value: str) -> Any:
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError("The lines before the table do not hold the record of a run.") from error


def _is_shown(values: np.ndarray) -> bool:
    return values.ndim == 2 or (values.ndim == 3 and values.shape[2] <= MOST_COMPONENTS)


def _columns(name: str, shape: tuple[int, ...], lanes: tuple[str, ...]) -> list[str]:
    """Column names of one quantity of shape (T, K) or (T, K, D), in the order of its numbers."""
    parts = [""] if len(shape) == 2 else [f".{i}" for i in range(shape[2])]
    return [f"{name}{part} [{harmless(lane)}]" for lane in lanes for part in parts]


def harmless(lane: str) -> str:
    """Return the name, with `'` where a formula could start if a spreadsheet splits at `;`, tab or line end."""
    return re.sub(r'(?<=[;\t\r\n])([\s"]*)(?=[=+@-])', r"\1'", lane)


def _rows(history: History, names: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(history), _ROWS):
        steps = np.arange(start, min(start + _ROWS, len(history)))
        blocks = [history[name][start : start + _ROWS].reshape(len(steps), -1) for name in names]
        yield from np.hstack([steps[:, None].astype(str), *(block.astype(str) for block in blocks)]).tolist()
