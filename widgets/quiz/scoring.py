"""The verdict on an answer, by its distance from what was measured."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import plotly.graph_objects as go

from lessons.core.written_number import written
from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.quiz.question import FAILS, HOLDS, Curve, Outcome, Question
from widgets.view.readings import number

CLOSE = 3.0


@dataclass(frozen=True)
class Verdict:
    """The grade of an answer, right, close or off, and in words how far it was."""

    grade: str
    words: str


def verdict(question: Question, answer: Any, outcome: Outcome) -> Verdict:
    """Compare an answer with what was measured."""
    match question.answer:
        case Choice():
            if answer == outcome.truth:
                return Verdict("right", "Right.")
            found = [each.sentence for each in outcome.misreadings if each.answer == answer]
            right = int(cast(float, outcome.truth))
            return Verdict("off", " ".join([_no(question.answer.options, right), *found]))
        case Number(tolerance=tolerance, unit=unit):
            measured = float(cast(float, outcome.truth))
            distance = abs(answer - measured)
            words = [f"You said {written(answer)}{unit}; the run measured {number(measured)}{unit}."]
            if distance > tolerance:
                words += _misread(answer, distance, tolerance, outcome)
            return Verdict(_grade(distance, tolerance), " ".join(words))
        case Sketch(tolerance=tolerance):
            curve = cast(Curve, outcome.truth)
            distance = sketch_distance(question, answer, curve)
            return Verdict(_grade(distance, tolerance), _farthest(question, answer, curve))


def _no(options: tuple[str, ...], right: int) -> str:
    """Contradict a wrong choice."""
    if options == (HOLDS, FAILS):
        return "No: the run contradicts the statement." if right else "No: in the run the statement holds."
    return f"The run says: {options[right][0].lower()}{options[right][1:]}."


def _misread(answer: float, distance: float, tolerance: float, outcome: Outcome) -> list[str]:
    """Return what to say of the misreading that this number is nearest to, if it is one."""
    near = min(outcome.misreadings, key=lambda each: abs(answer - each.answer), default=None)
    if near is None or abs(answer - near.answer) > min(tolerance, distance):
        return []
    return [near.sentence]


def _farthest(question: Question, drawn: Curve, measured: Curve) -> str:
    """Say where a drawn curve is farthest from the measured one, and how far, in the units of the figure."""
    layout = question.figure().layout
    distances, known = _distances(layout.yaxis, drawn, measured), np.isfinite(drawn[1])
    at = int(np.argmax(distances))
    x, ours = drawn[0][known][at], float(drawn[1][known][at])
    theirs = float(np.interp(x, *measured))
    place = f"{layout.xaxis.title.text} {number(float(x))}"
    apart = f"Farthest apart at {place}: you drew {number(ours)}, the run measured {number(theirs)}"
    if layout.yaxis.type == "log" and ours > 0 and theirs > 0:
        apart += f", {number(max(ours / theirs, theirs / ours))} times {'less' if theirs < ours else 'more'}"
    return f"{apart}."


def sketch_distance(question: Question, drawn: Curve, measured: Curve) -> float:
    """Return the mean distance of two curves as a share of the figure's height.

    Args:
        question: Its figure has the y range, linear or logarithmic.
        drawn: x and y of shape (columns,); NaN where nothing is drawn.
        measured: x and y of shape (T,), x ascending.
    """
    axis = question.figure().layout.yaxis
    low, high = axis.range
    return float(_distances(axis, drawn, measured).mean() / (high - low))


def _distances(axis: go.layout.YAxis, drawn: Curve, measured: Curve) -> np.ndarray:
    """Distances on the axis (decades on a logarithmic one) where something is drawn, within its range."""
    low, high = axis.range
    scale = np.log10 if axis.type == "log" else np.asarray
    known = np.isfinite(drawn[1])
    with np.errstate(divide="ignore", invalid="ignore"):
        ours, theirs = scale(drawn[1][known]), scale(np.interp(drawn[0][known], *measured))
    return np.abs(np.clip(ours, low, high) - np.clip(np.nan_to_num(theirs, nan=high, posinf=high), low, high))


def _grade(distance: float, tolerance: float) -> str:
    if not distance <= CLOSE * tolerance:
        return "off"
    return "right" if distance <= tolerance else "close"
