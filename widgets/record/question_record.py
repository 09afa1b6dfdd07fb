"""Records the run that decides a question, and what is said to each answer."""

from __future__ import annotations

from typing import Any

from lessons.core.history import History
from widgets.figure.live_figure import LiveFigure
from widgets.quiz.described import described, worth
from widgets.quiz.question import Outcome, Question
from widgets.record.moments import Moments
from widgets.record.viewer import Viewer, stops

PARTS = 60


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
        "question": described(question),
        "steps": run.steps,
        **worth(question, outcome),
        "run": moments.as_json(),
    }
    return record, outcome
