"""Records the run that decides a question, and what is said to each answer."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from lessons.core.history import History
from widgets.figure.live_figure import LiveFigure
from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.quiz.question import Outcome, Question
from widgets.quiz.scoring import CLOSE, verdict
from widgets.record.moments import Moments
from widgets.record.viewer import Viewer, stops
from widgets.view.readings import number

PARTS = 60
ANSWER = "{answer}"


async def question_record(question: Question) -> tuple[dict[str, Any], Outcome]:
    """Return the record of a question as JSON (what is asked, its run, what answers are worth), and its outcome."""
    figure = LiveFigure(question.figure(), label=question.prompt)
    viewer, moments = Viewer(figure), Moments()
    viewer.hello()
    moments.note(0, await viewer.taken(), {})
    run, history = question.run(), History()
    for stop in stops(run.steps, 1, PARTS):
        while run.step < stop and (measured := next(run, None)) is not None:
            history.extend([measured])
        question.draw(figure, history, run.lanes)
        figure.flush()
        moments.note(stop, await viewer.taken(), {})
    outcome = question.outcome(history, run.lanes)
    record = {
        "name": question.name,
        "question": {"prompt": question.prompt, "statement": question.statement, **asdict(question.answer)},
        "steps": run.steps,
        "sentence": outcome.sentence,
        "verdicts": _verdicts(question, outcome),
        "run": moments.as_json(),
    }
    return record, outcome


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
            axis = {"log": layout.yaxis.type == "log", "range": list(layout.yaxis.range)}
            shown = [None if not np.isfinite(value) else float(value) for value in y]
            curve = {"x": x.tolist(), "y": shown}
            title = layout.xaxis.title.text
            return {"curve": curve, "axis": axis, "title": title, "tolerance": tolerance, "close": CLOSE}
    raise TypeError(f"{question.answer!r} is no kind of answer.")
