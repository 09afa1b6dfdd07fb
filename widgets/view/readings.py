"""The table beside the figures: measured and predicted numbers with their ratio."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from widgets.view.controls import Reading


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
    head = "".join(f"<th scope='col'>{escape(title)}</th>" for title in titles)
    rows = "".join(_row(lane, readings, quantities, names, colours) for lane in sorted({r.lane for r in readings}))
    title = f"<caption>Preset: {escape(preset)}</caption>" if preset else ""
    table = f"<table aria-label='Values now'>{title}<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    # On a phone the table scrolls sideways: it has to be reached with the keyboard.
    return f"<div class='tdl-values' tabindex='0' role='region' aria-label='Values now'>{table}</div>"


def number(value: float, digits: int = 4) -> str:
    """Some significant digits, which can be read back; words for what is no number."""
    if value != value:
        return "not a number"
    if value in (float("inf"), float("-inf")):
        return "infinite" if value > 0 else "−infinite"
    return f"{value + 0.0:.{digits}g}".replace("-", "−")  # to add 0 makes −0 a 0


def _row(
    lane: int, readings: Sequence[Reading], quantities: Sequence[str], names: Sequence[str], colours: Sequence[str]
) -> str:
    cells = {reading.quantity: _cell(reading) for reading in readings if reading.lane == lane}
    row = "".join(f"<td>{cells.get(quantity, '')}</td>" for quantity in quantities)
    if len(names) == 1:
        return f"<tr>{row}</tr>"
    dot = f"<span class='tdl-dot' style='background:{colours[lane]}'></span>"
    return f"<tr><th scope='row'>{dot}{escape(names[lane])}</th>{row}</tr>"


def _cell(reading: Reading) -> str:
    words = isinstance(reading.measured, str)
    measured = escape(str(reading.measured)) if words else number(float(reading.measured))
    beside = [] if reading.step is None else [f"at step {reading.step}"]
    if reading.predicted is not None and not words:
        ratio = "" if reading.ratio is None else f", ratio {number(reading.ratio)}"
        beside.append(f"{reading.beside} {number(reading.predicted)}{ratio}")
    return f"{measured}<small>{'; '.join(beside)}</small>" if beside else measured
