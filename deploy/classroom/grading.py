"""Grades of a whole class, for the teacher's table: as `widgets/browser/verdict.js` grades one answer on a page."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from deploy.classroom.asked import Asked, Axes, Axis, Curve, OfChoice, OfNumber, OfSketch, Worth

Heights = Sequence[float | None]


def grader(asked: Asked, worth: Worth) -> Callable[[Any], str]:
    """Return what says of an answer whether it is right, close or off; what all are compared with is found once."""
    match worth.verdicts:
        case OfChoice(options=options):
            return lambda value: options[value].grade
        case OfNumber(truth=truth, tolerance=tolerance, close=close):
            return lambda value: _grade(abs(value - truth), tolerance, close)
        case OfSketch(tolerance=tolerance, close=close, axis=axis, curve=curve):
            assert asked.axes is not None
            measured = [_on_axis(axis, _height_at(curve, place)) for place in columns(asked.axes)]
            return lambda value: _grade(_distance(axis, measured, value), tolerance, close)


def most_frequent_wrong(asked: Asked, worth: Worth, values: Sequence[Any]) -> tuple[str, int] | None:
    """Return the wrong answer that most gave, in words, and how many; None for sketches, or where none is wrong."""
    if asked.kind == "sketch":
        return None
    graded = grader(asked, worth)
    wrong = Counter(value for value in values if graded(value) == "off")
    if not wrong:
        return None
    value, count = wrong.most_common(1)[0]
    return (asked.options[value] if asked.kind == "choice" else f"{value:g}{asked.unit}"), count


def columns(axes: Axes) -> list[float]:
    """Return where on the x axis the values of a sketch stand."""
    low, high = axes.x.range
    places = [low + (high - low) * column / (axes.columns - 1) for column in range(axes.columns)]
    return [10**place for place in places] if axes.x.log else places


def median(curves: Sequence[Heights]) -> list[float | None]:
    """Return the median of sketches, column by column; None where nobody has drawn."""
    columns_of_all = zip(*curves, strict=True)
    return [_middle(sorted(height for height in heights if height is not None)) for heights in columns_of_all]


def _middle(heights: list[float]) -> float | None:
    half = len(heights) // 2
    if not heights:
        return None
    return heights[half] if len(heights) % 2 else (heights[half - 1] + heights[half]) / 2


def _grade(distance: float, tolerance: float, close: float) -> str:
    if not distance <= close * tolerance:
        return "off"
    return "right" if distance <= tolerance else "close"


def _distance(axis: Axis, measured: Sequence[float], heights: Heights) -> float:
    """Mean distance from a curve, given by its places on the axis, as a share of it, where something is drawn."""
    apart = [
        abs(_on_axis(axis, height) - place)
        for place, height in zip(measured, heights, strict=True)
        if height is not None
    ]
    low, high = axis.range
    return sum(apart) / len(apart) / (high - low)


def _on_axis(axis: Axis, height: float) -> float:
    """Where on an axis a height is shown; what is beyond it, at its end."""
    low, high = axis.range
    if axis.log:
        height = math.log10(height) if height > 0 else -math.inf if height == 0 else math.nan
    return min(max(high if math.isnan(height) else height, low), high)


def _height_at(curve: Curve, place: float) -> float:
    """Height of a curve between its points, on a straight line."""
    heights = [math.nan if height is None else height for height in curve.y]
    if place <= curve.x[0]:
        return heights[0]
    if place >= curve.x[-1]:
        return heights[-1]
    after = bisect_right(curve.x, place)
    share = (place - curve.x[after - 1]) / (curve.x[after] - curve.x[after - 1])
    before = heights[after - 1]
    return before if share == 0 else before + share * (heights[after] - before)
