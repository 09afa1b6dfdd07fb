"""The measurements of a run as a CSV table that also holds its record."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.core.history import History
from lessons.core.record import RunRecord

MOST_COMPONENTS = 50
MOST_NUMBERS = 1_000_000  # about 15 MB of text, made in about a second
_BLOCK = 5000  # numbers that are written in some 10 ms
_SEARCHED = 100_000  # numbers that are looked through in some 10 ms
_MARK = "# "


def csv_text(history: History, record: RunRecord, experiment_title: str) -> str:
    """Return what was measured as CSV: one row a step, one column for each quantity of each lane.

    Columns are `step`, `<quantity> [<lane>]`, and for vectors `<quantity>.<i> [<lane>]`; vectors of more than
    `MOST_COMPONENTS` components are left out. Numbers have as many digits as it takes to read them back exactly; what
    is not finite reads `nan`, `inf` or `-inf`, and what was not measured at a step is empty. Lines before the table
    start with `# ` and hold the title and the record as JSON, see `read_record`. Nothing in a lane's name starts a
    formula in a spreadsheet.

    A table of more than `MOST_NUMBERS` is thinned, see `Thinning`, and a line before it says which rows it has.

    Args:
        history: The measurements, of as many lanes as the record has.
        record: The run.
        experiment_title: Its name for people.
    """
    return "".join(csv_blocks(history, record, experiment_title))


def csv_blocks(history: History, record: RunRecord, experiment_title: str) -> Iterator[str]:
    """Return the same text in blocks, each made in some 10 ms when it is asked for.

    The table is that of the moment of the call; the history may grow meanwhile.
    """
    values = {name: history[name] for name in history.names if _is_shown(history[name])}
    measured = {name: history.measured(name) for name in values}
    return _blocks(values, measured, len(history), record, experiment_title)


def _blocks(
    values: dict[str, np.ndarray], measured: dict[str, np.ndarray], length: int, record: RunRecord, title: str
) -> Iterator[str]:
    thinning, pieces = Thinning.of(values, length), []
    for piece in thinning.pieces(values, length):
        pieces.append(piece)
        yield ""
    rows = np.unique(np.concatenate(pieces))
    said = thinning.said(len(rows), length)
    text = io.StringIO()
    text.write(heading_text(record, title))
    if said:
        text.write(f"{_MARK}rows: {_json(said)}\n")
    columns = [column for name, held in values.items() for column in _columns(name, held.shape, record.names)]
    csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n").writerow(["step", *columns])
    yield text.getvalue()
    size = max(1, _BLOCK // (len(columns) + 1))
    for start in range(0, len(rows), size):
        steps = rows[start : start + size]
        blocks = [_cells(held[steps], measured[name][steps]) for name, held in values.items()]
        block = np.hstack([steps[:, None].astype(str), *blocks])
        yield "".join(f"{','.join(row)}\n" for row in block.tolist())


@dataclass(frozen=True)
class Thinning:
    """The rows of a long table that are kept.

    Half of those that can be are evenly spaced, and half are those with the smallest and the largest value of each
    column of single numbers within each stretch of the run, so that no spike is lost. With so many lanes that these
    would be more than half, all are evenly spaced.

    Attributes:
        every: Spacing of the evenly spaced rows, in steps; 1 if all are kept.
        stretch: Length of a stretch in steps; 0 if none has rows of its own.
    """

    every: int
    stretch: int

    @classmethod
    def of(cls, values: dict[str, np.ndarray], length: int, most: int = MOST_NUMBERS) -> Thinning:
        """Return the thinning to at most so many numbers; `values` are of shape (T, K) or (T, K, D), T is `length`."""
        affordable = max(4, most // max(1, sum(held[:1].size for held in values.values())))
        if length <= affordable:
            return cls(1, 0)
        columns = sum(held.shape[1] for held in values.values() if held.ndim == 2)
        stretches = (affordable // 2 - 2) // (2 * max(1, columns))
        if stretches < 1:
            return cls(-(-length // (affordable - 1)), 0)
        return cls(-(-length // (affordable // 2)), -(-length // stretches))

    def pieces(self, values: dict[str, np.ndarray], length: int) -> Iterator[np.ndarray]:
        """Yield the rows to keep, in pieces that overlap; each is found in some 10 ms."""
        yield np.arange(0, length, self.every)
        yield np.arange(length)[-1:]
        if not self.stretch:
            return
        for held in (each for each in values.values() if each.ndim == 2):
            part = self.stretch * max(1, _SEARCHED // (self.stretch * held.shape[1]))
            for start in range(0, length, part):
                yield start + _extremes(held[start : start + part], self.stretch)

    def said(self, kept: int, length: int) -> str:
        """Return a sentence on the rows of a table that has so many; empty if they are all."""
        if self.every == 1 and not self.stretch:
            return ""
        even = f"{kept} of {length}: each {self.every}th step, and the last"
        if not self.stretch:
            return even
        return (
            f"{even}; and in each {self.stretch} steps those with the smallest and the largest value of each quantity "
            "that is one number"
        )


def _extremes(held: np.ndarray, width: int) -> np.ndarray:
    """Rows with the smallest and largest finite value of each column of (T, K) in each stretch of `width` rows."""
    starts = np.arange(0, len(held), width)
    room = len(starts) * width - len(held)
    finite = np.isfinite(held)
    found = []
    for pad, pick in ((np.inf, np.argmin), (-np.inf, np.argmax)):
        filled = np.pad(np.where(finite, held, pad), ((0, room), (0, 0)), constant_values=pad)
        found.append(pick(filled.reshape(len(starts), width, -1), axis=1) + starts[:, None])
    return np.unique(np.concatenate(found))


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
            names=tuple(lane["name"] for lane in found["lane"]),
            settings=tuple(lane["settings"] for lane in found["lane"]),
            changes=tuple(found.get("change", [])),
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


def _cells(rows: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """The rows of a quantity as text, shape (N, columns); empty where it was not measured."""
    return np.where(measured[:, None], rows.reshape(len(rows), -1).astype(str), "")


def _is_shown(values: np.ndarray) -> bool:
    return values.ndim == 2 or (values.ndim == 3 and values.shape[2] <= MOST_COMPONENTS)


def _columns(name: str, shape: tuple[int, ...], lanes: tuple[str, ...]) -> list[str]:
    """Column names of one quantity of shape (T, K) or (T, K, D), in the order of its numbers."""
    parts = [""] if len(shape) == 2 else [f".{i}" for i in range(shape[2])]
    return [f"{name}{part} [{harmless(lane)}]" for lane in lanes for part in parts]


def harmless(lane: str) -> str:
    """Return the name, with `'` where a formula could start if a spreadsheet splits at `;`, tab or line end."""
    return re.sub(r'(?<=[;\t\r\n])([\s"]*)(?=[=+@-])', r"\1'", lane)
