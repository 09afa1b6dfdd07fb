"""Marks on curves over the step: where a setting was changed, where a lane diverged."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lessons.core.record import Change
from lessons.core.settings import SettingField
from lessons.core.written_number import written
from widgets.figure.plots import grey

MOST_MARKS = 6
LETTER = 0.02  # width of a letter of a note, of a narrow figure
LINE = 0.09  # height of a note, of a low one


def marks(
    changes: Sequence[Change],
    fields: dict[str, SettingField],
    ends: Sequence[int | None],
    colours: Sequence[str],
    steps: int,
) -> dict[str, Any]:
    """Return layout changes that mark changes in flight (dotted lines) and blow-ups (crosses with words).

    A drag of the slider changes a setting many times: changes of one setting closer than 3 % of the run are one mark
    with the last value. The latest `MOST_MARKS` are drawn; the record keeps all. Notes that would overlap stand one
    over the other.
    """
    shapes, annotations = [], []
    filled: list[list[tuple[float, float]]] = []
    for change in _merged(changes, max(1.0, 0.03 * steps))[-MOST_MARKS:]:
        colour = colours[change.lane]
        field = fields[change.field]
        shapes.append(_upright(change.step, colour, "dot"))
        text = f"{field.symbol or field.label} → {_short(change.value)}"
        share = change.step / steps
        annotations.append(_note(share, change.step, text, colour, LINE * _level(filled, share, text), "bottom"))
    for lane, end in enumerate(ends):
        if end is not None and len(ends) <= len(colours):
            annotations.append(
                _note(end / steps, end, f"✕ diverged at step {end}", colours[lane], 1 - 0.09 * lane, "top")
            )
    return {"shapes": shapes, "annotations": annotations}


def _merged(changes: Sequence[Change], apart: float) -> list[Change]:
    merged: list[Change] = []
    for change in changes:
        last = merged[-1] if merged else None
        if last and (last.lane, last.field) == (change.lane, change.field) and change.step - last.step < apart:
            merged.pop()
        merged.append(change)
    return merged


def _level(filled: list[list[tuple[float, float]]], share: float, text: str) -> int:
    """The lowest line of notes with room for this one, which is entered there; a line is what its notes cover."""
    end = share + LETTER * len(text) * (1 if share < 0.6 else -1)
    own = min(share, end), max(share, end)
    for level, line in enumerate(filled):
        if all(own[1] < left or right < own[0] for left, right in line):
            line.append(own)
            return level
    filled.append([own])
    return len(filled) - 1


def _upright(step: int, colour: str, dash: str) -> dict[str, Any]:
    line = {"color": colour, "width": 1, "dash": dash}
    return {"type": "line", "yref": "paper", "x0": step, "x1": step, "y0": 0, "y1": 1, "line": line}


def _note(share: float, step: int, text: str, colour: str, y: float, anchor: str) -> dict[str, Any]:
    return {
        "x": step,
        "y": y,
        "yref": "paper",
        "yanchor": anchor,
        "xanchor": "left" if share < 0.6 else "right",
        "showarrow": False,
        "text": text,
        "font": {"size": 12},
        "bordercolor": colour,
        "borderpad": 1,
        "bgcolor": grey(0.08),  # in the browser the ground of the page, so that no curve strikes the words
    }


def _short(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return written(value) if isinstance(value, float) else str(value)
