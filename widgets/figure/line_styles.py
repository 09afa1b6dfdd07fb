"""The language of lines, the same in all figures: what is measured, what is predicted, what is a limit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import plotly.graph_objects as go


@dataclass(frozen=True)
class LineStyle:
    """How a line of one meaning is drawn.

    Attributes:
        meaning: Its name, which a trace carries as its `meta`.
        dash: As plotly names it.
        width: In pixels.
        opacity: Of the whole trace.
        ring: Whether it goes round a place; so does the sample in a key.
    """

    meaning: str
    dash: str
    width: float
    opacity: float = 1.0
    ring: bool = False


MEASURED = LineStyle("measured", "solid", 2)
BROAD = LineStyle("measured, under another line", "solid", 4, 0.5)
THIN = LineStyle("also measured", "solid", 1)
FAINT = LineStyle("one of many", "solid", 1, 0.35)
PREDICTED = LineStyle("predicted", "dash", 1.5)
LIMIT = LineStyle("limit", "dot", 2)
PLACE = LineStyle("a place", "solid", 1.75, ring=True)

LANGUAGE = {style.meaning: style for style in (MEASURED, BROAD, THIN, FAINT, PREDICTED, LIMIT, PLACE)}


def styled(style: LineStyle, name: str, colour: str, **kwargs: Any) -> go.Scatter:
    """Return an empty line of a style; a `line` may have another width, but no other dash."""
    drawn = {"color": colour, "width": style.width, "dash": style.dash, **kwargs.pop("line", {})}
    kwargs = {"mode": "lines", "opacity": style.opacity, "meta": style.meaning, **kwargs}
    return go.Scatter(x=[], y=[], name=name, line=drawn, **kwargs)


def style_of(trace: Any) -> LineStyle | None:
    """Return the style of a trace; None if it is no line with a meaning of its own: marks, a filled area, cells."""
    return LANGUAGE.get(trace.meta)


SOLID = (MEASURED, BROAD)  # what a figure is about: named by its lane, or in a legend


def named(style: LineStyle, name: str, colour: str | None = None, marks: bool = False) -> dict[str, Any]:
    """Return what the key of a figure says of a line: its name and how it looks, in the colour of text if it has none
    of its own; as a dot if it has `marks` alone."""
    return {"name": name, **asdict(style), "colour": colour, "marks": marks}


def key_of(entries: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the key of a figure: each entry once.

    One without a name stands for lines that their lanes name. It is called "measured" where it stands beside others.
    """
    unique = list({(entry["name"], entry["colour"], entry["dash"]): entry for entry in entries}.values())
    others = [entry for entry in unique if entry["name"]]
    solid = [entry for entry in others if entry["meaning"] in {style.meaning for style in SOLID}]
    if len(solid) == len(others) < 2:
        return []
    plain = [{**entry, "name": "measured", "colour": None} for entry in unique if not entry["name"]]
    return [*([] if solid else plain[:1]), *others]
