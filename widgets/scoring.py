"""How near an answer is to what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.core.written_number import written
from widgets.question import Choice, Number, Outcome, Question, Sketch
from widgets.readings import number

CLOSE = 3.0


@dataclass(frozen=True)
class Verdict:
    """Whether an answer was right, close or off, and in words how far."""

    grade: str
    words: str


def verdict(question: Question, answer: Any, outcome: Outcome) -> Verdict:
    """Compare an answer with what was measured."""
    match question.answer:
        case Choice():
            right = question.answer.options[int(outcome.truth)]
            if answer == outcome.truth:
                return Verdict("right", "Right.")
            return Verdict("off", f"The run says: {right[0].lower()}{right[1:]}.")
        case Number(tolerance=tolerance, unit=unit):
            distance = abs(answer - outcome.truth)
            words = f"You said {written(answer)}{unit}, measured was {number(float(outcome.truth))}{unit}."
            return Verdict(_grade(distance, tolerance), words)
        case Sketch(tolerance=tolerance):
            distance = sketch_distance(question, answer, outcome.truth)
            words = f"Your curve was on average {100 * distance:.0f} % of the figure's height away."
            return Verdict(_grade(distance, tolerance), words)


def sketch_distance(
    question: Question, drawn: tuple[np.ndarray, np.ndarray], measured: tuple[np.ndarray, np.ndarray]
) -> float:
    """Return the mean distance of two curves as a share of the figure's height.

    Args:
        question: Its figure has the y range, linear or logarithmic.
        drawn: x and y of shape (columns,); NaN where nothing is drawn.
        measured: x and y of shape (T,), x ascending.
    """
    axis = question.figure().layout.yaxis
    low, high = axis.range
    scale = np.log10 if axis.type == "log" else np.asarray
    known = np.isfinite(drawn[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        ours, theirs = scale(drawn[1][known]), scale(np.interp(drawn[0][known], *measured))
    distance = np.abs(np.clip(ours, low, high) - np.clip(np.nan_to_num(theirs, nan=high, posinf=high), low, high))
    return float(distance.mean() / (high - low))


def _grade(distance: float, tolerance: float) -> str:
    if not distance <= CLOSE * tolerance:
        return "off"
    return "right" if distance <= tolerance else "close"
