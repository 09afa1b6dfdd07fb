"""The table beside the figures: measured and predicted numbers with their ratio."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from widgets.view.controls import Reading

# As wide as a digit, and as a point: what a number is filled up with so that points lie below each other.
DIGIT_WIDE, POINT_WIDE = "\u2007", "\u2008"
_DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹"
_NUMBER = re.compile(rf"−?(?:\d+(?:\.(?P<decimals>\d+))?(?:·10[⁻{_DIGITS}]+)?|10[⁻{_DIGITS}]+)(?P<unit>\s?%|°)?")
_POWER = re.compile(r"(−?)([\d.]+)e([−+])0*(\d+)")
_RAISED = str.maketrans("−0123456789", "⁻" + _DIGITS)


def readings_table(readings: Sequence[Reading], names: Sequence[str], colours: Sequence[str], preset: str = "") -> str:
    """Return the table as HTML, a row for each lane; empty if there is nothing to show.

    Args:
        readings: The numbers.
        names: Of the lanes.
        colours: Of the lanes.
        preset: Name of the preset that is on; empty if none is.
    """
    if not readings:
        return ""
    quantities = list(dict.fromkeys(reading.quantity for reading in readings))
    several = len(names) > 1
    titles = ["lane"] * several + quantities
    columns = {}
    for quantity in quantities:
        cells = {reading.lane: reading for reading in readings if reading.quantity == quantity}
        columns[quantity] = {lane: _cell(cells[lane], text) for lane, text in _column(cells).items()}
    head = "".join(f"<th scope='col'{_begins(columns.get(title))}>{escape(title)}</th>" for title in titles)
    rows = "".join(_row(lane, quantities, columns, names, colours) for lane in sorted({r.lane for r in readings}))
    title = f"<caption>Preset: {escape(preset)}</caption>" if preset else ""
    table = f"<table aria-label='Values now'>{title}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    # On a phone the table scrolls sideways: it has to be reached with the keyboard.
    return f"<div class='tdl-values' tabindex='0' role='region' aria-label='Values now'>{table}</div>"


def number(value: float, digits: int = 4) -> str:
    """Some significant digits, which can be read back, as 1.2·10⁻⁵ or 10⁻⁵; words for what is no number."""
    if value != value:
        return "not a number"
    if value in (float("inf"), float("-inf")):
        return "infinite" if value > 0 else "−infinite"
    text = f"{value + 0.0:.{digits}g}".replace("-", "−")  # to add 0 makes −0 a 0
    parts = _POWER.fullmatch(text)
    if parts is None:
        return text
    power = "10" + (parts[3].strip("+") + parts[4]).translate(_RAISED)
    return parts[1] + power if parts[2] == "1" else f"{parts[1]}{parts[2]}·{power}"


def _column(cells: dict[int, Reading]) -> dict[int, str]:
    """Return what is measured of one quantity by lane, with points below each other."""
    texts = {
        lane: escape(each.measured) if isinstance(each.measured, str) else number(float(each.measured))
        for lane, each in cells.items()
    }
    found = {lane: _NUMBER.fullmatch(text) for lane, text in texts.items()}
    decimals = {lane: len(match["decimals"] or "") for lane, match in found.items() if match}
    most = max(decimals.values(), default=0)
    for lane, count in decimals.items():
        if not set(_DIGITS) & set(texts[lane]):  # a power of ten stands at the right edge
            texts[lane] += (POINT_WIDE if most and not count else "") + DIGIT_WIDE * (most - count)
    return texts


def _row(
    lane: int,
    quantities: Sequence[str],
    columns: dict[str, dict[int, str]],
    names: Sequence[str],
    colours: Sequence[str],
) -> str:
    row = "".join(columns[quantity].get(lane, "<td></td>") for quantity in quantities)
    if len(names) == 1:
        return f"<tr>{row}</tr>"
    dot = f"<span class='tdl-dot' style='background:{colours[lane]}'></span>"
    return f"<tr><th scope='row'>{dot}{escape(names[lane])}</th>{row}</tr>"


def _cell(reading: Reading, measured: str) -> str:
    words = isinstance(reading.measured, str)
    beside = [] if reading.step is None else [f"at step {reading.step}"]
    if reading.predicted is not None and not words:
        ratio = "" if reading.ratio is None else f", ratio {number(reading.ratio)}"
        beside.append(f"{reading.beside} {number(reading.predicted)}{ratio}")
    small = f"<small>{'; '.join(beside)}</small>" if beside else ""
    return f"<td{_words(measured)}>{measured}{small}</td>"


def _begins(column: dict[int, str] | None) -> str:
    """The class of the head of a column: words begin at the left, numbers end at the right."""
    return " class='tdl-words'" if column is None or "<td>" not in "".join(column.values()) else ""


def _words(measured: str) -> str:
    """The class of a cell that holds no single number: it begins at the left."""
    return "" if _NUMBER.fullmatch(measured.rstrip()) else " class='tdl-words'"
