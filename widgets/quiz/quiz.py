"""The questions of one lesson and their scoreboard."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as ipw

from widgets.quiz.check import Check
from widgets.quiz.question import Question
from widgets.quiz.scoreboard import Scoreboard


class Quiz:
    """Questions by name, with one scoreboard.

    Args:
        questions: Their names are all different.
    """

    def __init__(self, questions: Sequence[Question]):
        self.questions = {question.name: question for question in questions}
        self._board = Scoreboard()

    def ask(self, name: str) -> Check:
        """Put a question on the page, by its name."""
        return Check(self.questions[name], self._board)

    def answers(self) -> ipw.Widget:
        """Show what the learner answered on this page."""
        return self._board.table
