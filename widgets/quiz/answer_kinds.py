"""The kinds of answer that a question takes, and what is an answer of each; without a training, a figure or torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lessons.core.written_number import Unclear, read_number

# A curve may miss its ends: nobody draws into the last column of a phone.
MOST_LEFT_OUT = 0.2


@dataclass(frozen=True)
class Number:
    """The answer is a number, set on a slider; `tolerance` is how far off counts as right."""

    low: float
    high: float
    step: float
    tolerance: float
    unit: str = ""
    kind: Literal["number"] = "number"


@dataclass(frozen=True)
class Choice:
    """The answer is one of several sentences."""

    options: tuple[str, ...]
    kind: Literal["choice"] = "choice"


@dataclass(frozen=True)
class Sketch:
    """The answer is a curve that the learner draws into the question's figure, as its first trace.

    Right is a curve whose mean distance from the measured one is at most `tolerance` of the height of the figure.
    """

    tolerance: float = 0.12
    kind: Literal["sketch"] = "sketch"


AnswerKind = Number | Choice | Sketch


def read_answer(kind: AnswerKind, value: Any) -> Any:
    """Return a number that was typed, as far as it can be read; everything else as it is."""
    if isinstance(kind, Number) and isinstance(value, str):
        return read_number(value, unit=kind.unit)
    return value


def problem(kind: AnswerKind, value: Any) -> str:
    """Return one sentence on why this is no answer; empty if it is one.

    Args:
        kind: What kind of answer is wanted.
        value: A number, the index of an option, or of a sketch its heights, None or NaN where nothing is drawn.
    """
    match kind:
        case Number(low=low, high=high):
            wanted = f"The answer is a number from {low:g} to {high:g}"
            if isinstance(value, Unclear) and value.readings:
                return f"{wanted}; yours is unclear, {value.said}."
            if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
                return f"{wanted}."
        case Choice(options=options):
            if type(value) is not int or not 0 <= value < len(options):
                return "Choose one of the answers first."
        case Sketch():
            if value is None or not _is_drawn(value):
                return "Draw the whole curve first, from the left edge of the figure to the right."
    return ""


def _is_drawn(heights: Sequence[float | None]) -> bool:
    known = sum(height is not None and math.isfinite(height) for height in heights)
    return known > 0 and known >= (1 - MOST_LEFT_OUT) * len(heights)
