"""Files that a person takes away: the numbers, the page, the script."""

from __future__ import annotations

import gzip
from dataclasses import dataclass

from lessons.core.history import History
from lessons.core.run import RunRecord
from lessons.core.script import lane_script
from lessons.core.settings import SettingError
from lessons.core.table import csv_text
from widgets.export import html_page
from widgets.live_figure import LiveFigure
from widgets.view import LabView

_MIME = {"csv": "text/csv", "html": "text/html", "script": "text/x-python"}
_ENDING = {"csv": "csv", "html": "html", "script": "py"}
# About 15 MB of text, made in about a second.
MOST_NUMBERS = 1_000_000


@dataclass(frozen=True)
class SavedFile:
    """A file to download; `content` is compressed with gzip for the way to the browser."""

    name: str
    mime: str
    content: bytes


def saved_file(
    kind: str, view: LabView, history: History, record: RunRecord, figure: LiveFigure, readings: str, lane: int
) -> SavedFile:
    """Return the file of one kind: `csv`, `html` or `script`.

    Raises:
        SettingError: If there is none of this kind for this lab, or no such lane.
    """
    if kind == "csv":
        _check_size(history)
        text = csv_text(history, record, view.title)
    elif kind == "html":
        text = html_page(view.title, figure.figures_now(), readings, record)
    else:
        text = _script(view, record, lane)
    return SavedFile(f"{view.name}.{_ENDING[kind]}", _MIME[kind], gzip.compress(text.encode(errors="replace"), 6))


def _check_size(history: History) -> None:
    size = sum(history[name].size for name in history.names)
    if size > MOST_NUMBERS:
        raise SettingError([f"The table would hold {size:,} numbers; {MOST_NUMBERS:,} is the most. Take fewer steps."])


def _script(view: LabView, record: RunRecord, lane: int) -> str:
    if view.sweeps or not 0 <= lane < len(record.settings):
        raise SettingError(["A script holds one lane; this lab has no such lane. Take the lab of single lanes."])
    text = lane_script(view.experiment, record, lane)
    if text is None:
        raise SettingError(["There is no script of this lane."])
    return text
