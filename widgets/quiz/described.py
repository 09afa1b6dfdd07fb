"""A question as JSON, for pages that judge answers without a kernel: what is asked, and what answers are worth."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np
import plotly.graph_objects as go

from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.quiz.question import Outcome, Question
from widgets.quiz.scoring import CLOSE, verdict
from widgets.quiz.sketch import COLUMNS
from widgets.view.readings import number

ANSWER = "{answer}"


def described(question: Question) -> dict[str, Any]:
    """Return what is asked, and how it is answered; for a sketch with the axes that it is drawn on."""
    asked: dict[str, Any] = {"name": question.name, "prompt": question.prompt, "statement": question.statement}
    if isinstance(question.answer, Sketch):
        layout = question.figure().layout
        asked["axes"] = {"x": _axis(layout.xaxis), "y": _axis(layout.yaxis), "columns": COLUMNS}
    return {**asked, **asdict(question.answer)}


def worth(question: Question, outcome: Outcome) -> dict[str, Any]:
    """Return what is true, and all that a page needs to judge an answer as `widgets.quiz.scoring` does."""
    return {"sentence": outcome.sentence, "verdicts": _verdicts(question, outcome)}


def _axis(axis: go.layout.XAxis | go.layout.YAxis) -> dict[str, Any]:
    """Title and range of an axis; of a logarithmic one the range is in decades, as plotly has it."""
    return {"title": axis.title.text, "log": axis.type == "log", "range": list(axis.range)}


def _verdicts(question: Question, outcome: Outcome) -> dict[str, Any]:
    """Return all that the page needs to judge an answer as `widgets.quiz.scoring` does."""
    match question.answer:
        case Choice(options=options):
            return {"options": [asdict(verdict(question, option, outcome)) for option in range(len(options))]}
        case Number(tolerance=tolerance, unit=unit):
            truth = float(outcome.truth)  # type: ignore[arg-type]
            words = f"You said {ANSWER}{unit}; the run measured {number(truth)}{unit}."
            misreadings = [asdict(each) for each in outcome.misreadings]
            return {"truth": truth, "tolerance": tolerance, "close": CLOSE, "words": words, "misreadings": misreadings}
        case Sketch(tolerance=tolerance):
            x, y = (np.asarray(each, dtype=float) for each in outcome.truth)  # type: ignore[union-attr]
            layout = question.figure().layout
            axis = _axis(layout.yaxis)
            shown = [None if not np.isfinite(value) else float(value) for value in y]
            curve = {"x": x.tolist(), "y": shown}
            title = layout.xaxis.title.text
            return {"curve": curve, "axis": axis, "title": title, "tolerance": tolerance, "close": CLOSE}
    raise TypeError(f"{question.answer!r} is no kind of answer.")
