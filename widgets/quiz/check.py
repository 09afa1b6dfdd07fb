"""A question on the page: answer, run, verdict."""

from __future__ import annotations

import traceback
from typing import Any, cast

import ipywidgets as ipw
import numpy as np

from widgets.figure.live_figure import LiveFigure
from widgets.quiz.answer_kinds import Sketch, problem, read_answer
from widgets.quiz.described import described, worth
from widgets.quiz.question import Outcome, Question
from widgets.quiz.question_panel import QuestionPanel
from widgets.quiz.scoreboard import Scoreboard
from widgets.quiz.scoring import verdict
from widgets.run.player import Player
from widgets.run.run_loop import State


class Check(ipw.Box):
    """Shows a question; once it is answered, runs its experiment and says what is true.

    Args:
        question: The question.
        board: Where the verdict is noted.
    """

    def __init__(self, question: Question, board: Scoreboard):
        self.question, self._board = question, board
        self.player = Player(question.slow, self._measured, self._follow, self._complete)
        self.answer: Any = None
        self.sketch: tuple[np.ndarray, np.ndarray] | None = None
        self.panel = QuestionPanel(self.handle, question=described(question), status={"state": "open"})
        self.figure: LiveFigure | None = None
        board.ask(question)
        super().__init__([self.panel])
        self.add_class("tdl-check")
        if isinstance(question.answer, Sketch):
            self._show_figure()

    @property
    def state(self) -> State:
        """The state of the run."""
        return self.player.state

    def handle(self, content: Any) -> None:
        """Carry out a command of the panel; what is not understood, or comes too early, gets a sentence."""
        asked = content.get("do") if isinstance(content, dict) else None
        status = self.panel.status["state"]
        if asked == "answer" and status == "open":
            self._commit(read_answer(self.question.answer, content.get("value")))
        elif asked == "read" and status == "open":
            self._show_read(read_answer(self.question.answer, content.get("value")))
        elif asked == "again" and status in ("checked", "failed"):
            self._reopen()
        elif asked == "decide" and status != "running":
            self._decide()
        else:
            self._refuse("This question did not understand what was asked of it.")

    # ---- the answer ----

    def _show_read(self, value: Any) -> None:
        problem = self._problem(value)
        if problem:
            self._refuse(problem)
        else:
            self.panel.status = {"state": "open", "value": value}

    def _commit(self, value: Any) -> None:
        problem = self._problem(value)
        if problem:
            self._refuse(problem)
            return
        self.answer = self.sketch if isinstance(self.question.answer, Sketch) else value
        self._start({"value": value})

    def _decide(self) -> None:
        """Run for a class that has answered, without an answer given here; nothing is noted."""
        self._clear()
        self.answer = None
        self._start({})

    def _start(self, given: dict[str, Any]) -> None:
        self.panel.status = {"state": "running", "share": 0.0, **given}
        self._show_figure()
        self.player.load(self.question.run())
        self.player.begin()
        self.player.play()

    def _problem(self, value: Any) -> str:
        kind = self.question.answer
        if isinstance(kind, Sketch):
            value = None if self.sketch is None else self.sketch[1].tolist()
        return problem(kind, value)

    def _take_sketch(self, _figure: str, x: np.ndarray, y: np.ndarray) -> None:
        if self.panel.status["state"] != "open":
            return
        self.sketch = x, y
        figure = cast(LiveFigure, self.figure)
        figure.replace("figure", 0, x=x, y=y)
        figure.flush()

    def _refuse(self, sentence: str) -> None:
        self.panel.status = {**self.panel.status, "refusal": sentence}

    def _reopen(self) -> None:
        self._clear()
        self.sketch = None
        self.panel.status = {"state": "open", "value": self.panel.status.get("value")}

    def _clear(self) -> None:
        self.player.unload()
        if self.figure is not None:
            self.figure.clear()
            self.figure.flush()

    # ---- the run ----

    def _measured(self, _diverged: list[int]) -> None:
        self._draw()
        share = len(self.player.history) / (self.player.trial.steps + 1)
        if share - self.panel.status.get("share", 0.0) > 0.05:
            self.panel.status = {**self.panel.status, "share": round(share, 2)}

    def _follow(self) -> None:
        if self.state is State.FINISHED and self.player.complete():
            self._conclude()
        elif self.state is State.FAILED:
            self._fail(self.player.loop.failure)

    def _complete(self) -> None:
        self._draw()
        self._follow()

    def _conclude(self) -> None:
        try:
            outcome = self.question.outcome(self.player.history, self.player.trial.run.lanes)
            said = worth(self.question, outcome) if self.answer is None else self._judged(outcome)
        except Exception:  # a question that cannot be decided is a fault of ours, and is shown as one
            self._fail(traceback.format_exc())
            return
        self.panel.status = {**self.panel.status, "state": "checked", "sentence": outcome.sentence, **said}

    def _judged(self, outcome: Outcome) -> dict[str, Any]:
        """The verdict on the answer, noted on the scoreboard."""
        reached = verdict(self.question, self.answer, outcome)
        count = self._board.note(self.question, reached)
        return {"grade": reached.grade, "words": reached.words, "count": count}

    def _fail(self, details: str) -> None:
        self.panel.status = {**self.panel.status, "state": "failed", "details": details}

    # ---- what is shown ----

    def _draw(self) -> None:
        history = self.player.history
        if self.figure is not None and self.figure.ready and len(history) and self.player.complete():
            self.question.draw(self.figure, history, self.player.trial.run.lanes)
            self.figure.flush()

    def _show_figure(self) -> None:
        """Put the figure on the page when it is needed: most questions are opened later, or never."""
        if self.figure is not None:
            return
        self.figure = LiveFigure(self.question.figure(), label=self.question.prompt)
        self.figure.on_ready(self._draw)
        self.figure.on_sketch(self._take_sketch)
        self.children = [self.panel, self.figure]
