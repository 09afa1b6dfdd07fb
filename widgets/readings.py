"""The table beside the figures: measured and predicted numbers with their ratio."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from widgets.controls import Reading


def readings_table(readings: Sequence[Reading], names: Sequence[str], colours: Sequence[str]) -> str:
    """Return the table as HTML; empty if there is nothing to show."""
    if not readings:
        return ""
    titles = "".join(f"<th class=n>{title}</th>" for title in ("measured", "theory", "ratio"))
    head = f"<tr><th>lane</th><th>quantity</th>{titles}</tr>"
    rows = "".join(_row(reading, names, colours) for reading in readings)
    return f"<table aria-label='Values now'><thead>{head}</thead><tbody>{rows}</tbody></table>"


def number(value: float) -> str:
    """Four significant digits; words for what is no number."""
    if value != value:
        return "not a number"
    if value in (float("inf"), float("-inf")):
        return "infinite" if value > 0 else "−infinite"
    return f"{value:.4g}".replace("-", "−")


def _row(reading: Reading, names: Sequence[str], colours: Sequence[str]) -> str:
    dot = f"<span class='tdl-dot' style='background:{colours[reading.lane]}'></span>"
    cells = f"<td>{dot}{escape(names[reading.lane])}</td><td>{escape(reading.quantity)}</td>"
    if isinstance(reading.measured, str):
        return f"<tr>{cells}<td colspan='3'>{escape(reading.measured)}</td></tr>"
    predicted, ratio = "", ""
    if reading.predicted is not None:
        predicted = number(reading.predicted)
        if reading.predicted:
            ratio = number(reading.measured / reading.predicted)
    shown = (number(reading.measured), predicted, ratio)
    return f"<tr>{cells}{''.join(f'<td class=n>{cell}</td>' for cell in shown)}</tr>"
