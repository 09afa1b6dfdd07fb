"""A learner's answers on this page, as a table that follows along."""

from __future__ import annotations

from functools import cached_property
from html import escape

import ipywidgets as ipw

from widgets.quiz.question import Question
from widgets.quiz.scoring import Verdict

MARKS = {"right": "✓ right", "close": "≈ close", "off": "✗ not yet"}


class Scoreboard:
    """First answers count; later ones are noted beside them."""

    def __init__(self) -> None:
        self._questions: dict[str, Question] = {}
        self._verdicts: dict[str, list[Verdict]] = {}

    @cached_property
    def table(self) -> ipw.HTML:
        """The widget. Made when it is asked for: a lesson's questions are made at import, where there is no kernel."""
        table = ipw.HTML(self._text())
        table.add_class("tdl-scoreboard")
        return table

    def ask(self, question: Question) -> None:
        """Add a question that is on the page."""
        self._questions[question.name] = question
        self._show()

    def note(self, question: Question, verdict: Verdict) -> int:
        """Note how an answer did; return how many there are now to this question."""
        noted = self._verdicts.setdefault(question.name, [])
        noted.append(verdict)
        self._show()
        return len(noted)

    def _show(self) -> None:
        self.table.value = self._text()

    def _text(self) -> str:
        if not self._verdicts:
            return "<p>Nothing is answered yet: each question of this page that you answer is listed here.</p>"
        rows = "".join(self._row(question) for question in self._questions.values())
        right = sum(noted[0].grade == "right" for noted in self._verdicts.values())
        return (
            f"<p>{right} of {len(self._questions)} right at the first answer.</p>"
            "<table aria-label='Your answers'><thead><tr><th scope='col'>question</th><th scope='col'>first answer</th>"
            f"<th scope='col'>latest</th></tr></thead><tbody>{rows}</tbody></table>"
        )

    def _row(self, question: Question) -> str:
        noted = self._verdicts.get(question.name, [])
        first = f"{MARKS[noted[0].grade]}. {noted[0].words}" if noted else "not answered"
        latest = MARKS[noted[-1].grade] if len(noted) > 1 else ""
        title = question.statement or question.prompt
        return f"<tr><th scope='row'>{escape(title)}</th><td>{escape(first)}</td><td>{latest}</td></tr>"
