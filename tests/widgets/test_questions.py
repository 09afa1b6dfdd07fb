"""Questions: every one can be answered, is decided by its own run, and refuses what is no answer."""

import itertools
import json

import numpy as np
import pytest
from headless import QUESTIONS, QUIZZES, live, until

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.settings import Settings
from widgets.figure.live_figure import LiveFigure
from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.quiz.check import Check
from widgets.quiz.described import worth
from widgets.quiz.question import FAILS, HOLDS, Misreading, Outcome, Question
from widgets.quiz.scoreboard import Scoreboard
from widgets.quiz.scoring import sketch_distance, verdict
from widgets.view.panels import Panel

pytestmark = pytest.mark.slow

MEASURED: dict[str, Outcome] = {}  # by question, of runs that were made on the page

every_question = pytest.mark.parametrize("question", QUESTIONS.values(), ids=QUESTIONS)


def columns_of(question) -> np.ndarray:
    layout = question.figure().layout
    return np.linspace(*layout.xaxis.range, layout.meta["pointer"]["columns"])


def answered(check: Check, value) -> None:
    if isinstance(check.question.answer, Sketch):
        x = columns_of(check.question)
        sent = {"type": "sketch", "figure": 0, "x": x.tolist(), "y": np.full(len(x), float(value)).tolist()}
        check.figure._receive(check.figure, sent, [])
        value = None
    check.handle({"do": "answer", "value": value})


def possible(question) -> list:
    match question.answer:
        case Choice(options=options):
            return list(range(len(options)))
        case Number(low=low, high=high):
            return [low, (low + high) / 2, high]
        case Sketch():
            return list(question.figure().layout.yaxis.range)


async def decided(check: Check, value) -> dict:
    answered(check, value)
    await until(lambda: check.panel.status["state"] in ("checked", "failed"), 60)
    return check.panel.status


def outcome_of(question: Question) -> Outcome:
    run, history = question.run(), History()
    history.extend(list(run))
    return question.outcome(history, run.lanes)


def test_what_a_question_measures_now_and_then_is_joined_without_gap_or_plateau() -> None:
    for name, quantity in {"because_of_the_shift": "shift", "sharpness_is_set": "sharpness"}.items():
        question = QUESTIONS[name]
        run, history = question.run(), History()
        lanes = run.lanes
        history.extend(list(itertools.islice(run, 48)))
        figure = LiveFigure(question.figure())
        question.draw(figure, history, lanes)
        for trace in figure.figures_now()[0]["data"][: len(lanes)]:
            assert trace["x"] == np.flatnonzero(history.measured(quantity)).tolist()
            assert None not in trace["y"]
            assert len(set(trace["y"])) == len(trace["y"]) > 2


@every_question
def test_each_answer_gets_a_verdict_not_all_get_the_same_and_the_measured_truth_is_right(question) -> None:
    """One run decides on all answers; the first is given on the page."""

    async def scenario() -> None:
        check, (first, *others) = Check(question, Scoreboard()), possible(question)
        status = await decided(check, first)
        assert status["state"] == "checked", status
        assert status["sentence"].endswith(".")
        outcome = MEASURED[question.name] = question.outcome(check.player.history, check.player.trial.run.lanes)
        check.handle({"do": "again"})
        assert check.panel.status["state"] == "open"
        grades = [status["grade"], *(verdict(question, as_given(question, value), outcome).grade for value in others)]
        if isinstance(question.answer, Choice):
            assert grades.count("right") == 1
        else:
            assert "off" in grades
        assert verdict(question, true_answer(question, outcome), outcome).grade == "right"

    live(scenario)


def as_given(question: Question, value):
    """An answer as the page gives it: of a sketch, a curve of this height."""
    if isinstance(question.answer, Sketch):
        x = columns_of(question)
        return x, np.full(len(x), float(value))
    return value


def true_answer(question: Question, outcome: Outcome):
    """The answer that is the truth itself."""
    if isinstance(question.answer, Sketch):
        x = columns_of(question)
        answer = x, np.interp(x, *outcome.truth)
        assert sketch_distance(question, answer, outcome.truth) == pytest.approx(0.0, abs=1e-12)
        return answer
    if isinstance(question.answer, Number):
        assert question.answer.low <= outcome.truth <= question.answer.high
    return outcome.truth


@pytest.mark.parametrize("quiz", QUIZZES.values(), ids=[name.rpartition(".")[2] for name in QUIZZES])
def test_of_the_statements_of_a_lesson_as_many_hold_as_fail(quiz) -> None:
    """Who always says that a statement is wrong is right no more often than who tosses a coin."""
    judged = [
        question
        for question in quiz.questions.values()
        if isinstance(question.answer, Choice) and set(question.answer.options) == {HOLDS, FAILS}
    ]
    found = [MEASURED.get(question.name) or outcome_of(question) for question in judged]
    said = [question.answer.options[outcome.truth] for question, outcome in zip(judged, found, strict=True)]
    assert abs(said.count(HOLDS) - said.count(FAILS)) <= 1, dict(zip([each.name for each in judged], said, strict=True))


@pytest.mark.parametrize("value", [None, True, "x", -1e300, float("nan"), [], {}, 10**9])
@pytest.mark.parametrize("kind", [Choice, Number, Sketch])
def test_what_is_no_answer_gets_a_sentence(kind, value) -> None:
    question = next(each for each in QUESTIONS.values() if isinstance(each.answer, kind))
    check = Check(question, Scoreboard())
    check.handle({"do": "answer", "value": value})
    assert check.panel.status["state"] == "open"
    assert check.panel.status["refusal"].endswith(".")


@pytest.mark.parametrize("content", [None, 7, [], {}, {"do": "play"}, {"do": ["answer"]}, {"do": "again"}])
def test_what_is_no_command_changes_nothing(content) -> None:
    check = Check(QUESTIONS["step_factor"], Scoreboard())
    check.handle(content)
    assert check.panel.status["state"] == "open"
    assert "did not understand" in check.panel.status["refusal"]


def test_half_a_sketch_is_no_answer_and_a_later_stroke_does_not_change_a_given_one() -> None:
    async def scenario() -> None:
        question = QUESTIONS["sharpness_sketch"]
        check, x = Check(question, Scoreboard()), columns_of(question)
        half = [5.0 if column < len(x) // 2 else None for column in range(len(x))]
        check.figure._receive(check.figure, {"type": "sketch", "figure": 0, "x": x.tolist(), "y": half}, [])
        check.handle({"do": "answer", "value": None})
        assert "whole curve" in check.panel.status["refusal"]
        answered(check, 10.0)
        kept = check.answer
        check.figure._receive(check.figure, {"type": "sketch", "figure": 0, "x": x.tolist(), "y": [1.0] * len(x)}, [])
        assert check.answer is kept is check.sketch
        check.player.loop.cancel()

    live(scenario)


def test_the_scoreboard_counts_first_answers_and_shows_no_markup_of_others() -> None:
    async def scenario() -> None:
        board = Scoreboard()
        assert "Nothing is answered" in board.table.value
        check = Check(QUESTIONS["diverges_at_the_limit"], board)
        Check(QUESTIONS["step_factor"], board)
        first = await decided(check, 0)
        check.handle({"do": "again"})
        second = await decided(check, 1)
        assert {first["grade"], second["grade"]} == {"right", "off"}
        assert second["count"] == 2
        right_first = first["grade"] == "right"
        assert f"{int(right_first)} of 2 right at the first answer" in board.table.value
        assert "not answered" in board.table.value
        assert board.table.value.count("<tr>") == 3

    live(scenario)


def test_a_typed_answer_is_read_shown_and_judged_as_the_number_that_it_is() -> None:
    async def scenario() -> None:
        question = QUESTIONS["thousandth_of_the_signal"]
        check = Check(question, Scoreboard())
        check.handle({"do": "read", "value": "1,5"})
        assert check.panel.status == {"state": "open", "value": 1.5}
        for typed, words in (
            ("2,000", "which is 2 to some and 2000 to others"),
            ("", "is a number"),
            ("abc", "is a number"),
        ):
            check.handle({"do": "read", "value": typed})
            assert words in check.panel.status["refusal"]
            assert check.panel.status["value"] == 1.5
            check.handle({"do": "answer", "value": typed})
            assert check.panel.status["state"] == "open", "an answer that cannot be read begins no run"
        status = await decided(check, f"２,5{question.answer.unit}")
        assert status["value"] == 2.5
        assert f"You said 2.5{question.answer.unit};" in status["words"]

    live(scenario)


@pytest.mark.parametrize("kind", [Choice, Number, Sketch])
def test_a_run_that_decides_for_a_class_says_what_each_answer_is_worth_and_judges_none(kind) -> None:
    question = next(each for each in QUESTIONS.values() if isinstance(each.answer, kind))

    async def scenario() -> None:
        board = Scoreboard()
        check = Check(question, board)
        check.handle({"do": "decide"})
        assert check.panel.status["state"] == "running"
        check.handle({"do": "decide"})
        assert "did not understand" in check.panel.status["refusal"], "not while it runs"
        await until(lambda: check.panel.status["state"] in ("checked", "failed"), 60)
        status = check.panel.status
        outcome = question.outcome(check.player.history, check.player.trial.run.lanes)
        assert {"sentence": status["sentence"], "verdicts": status["verdicts"]} == worth(question, outcome)
        assert not {"grade", "words", "count", "value"} & status.keys()
        assert json.loads(json.dumps(status, allow_nan=False)) is not None
        assert "Nothing is answered" in board.table.value
        check.handle({"do": "again"})
        assert check.panel.status == {"state": "open", "value": None}
        assert "verdicts" not in (await decided(check, possible(question)[0]))
        assert check.panel.status["count"] == 1, "the answer that comes then is the first"
        check.handle({"do": "decide"})  # also from a verdict: a class may vote on what its teacher has tried before
        assert check.panel.status == {"state": "running", "share": 0.0}
        check.player.loop.cancel()

    live(scenario)


def test_a_sketch_that_was_drawn_is_no_answer_where_the_run_decides_for_a_class() -> None:
    async def scenario() -> None:
        check = Check(QUESTIONS["sharpness_sketch"], Scoreboard())
        x = columns_of(check.question)
        check.figure._receive(check.figure, {"type": "sketch", "figure": 0, "x": x.tolist(), "y": [1.0] * len(x)}, [])
        check.handle({"do": "decide"})
        await until(lambda: check.panel.status["state"] in ("checked", "failed"), 60)
        assert check.panel.status["state"] == "checked", check.panel.status
        assert "grade" not in check.panel.status
        check.handle({"do": "again"})
        check.handle({"do": "answer", "value": None})
        assert "whole curve" in check.panel.status["refusal"], "what was drawn before is gone"

    live(scenario)


class Slip(Question):
    """Asks for a half, or whether a statement holds; has nothing to run."""

    def __init__(self, answer):
        self.answer = answer

    panel = Panel("", "layer", "share", yaxis_type="log", yaxis_range=[-4, 0])
    outcome = None

    def lanes(self):
        return Lanes([Settings()])


def test_a_wrong_answer_that_has_a_reason_gets_words_of_its_own() -> None:
    slip = Misreading(0.7, "0.7 is the share of the deviation.")
    outcome = Outcome(0.5, "It is a half.", (slip,))
    number = Slip(Number(0.0, 1.0, 0.01, tolerance=0.02))
    assert verdict(number, 0.71, outcome).words.endswith(f"measured 0.5. {slip.sentence}")
    assert slip.sentence not in verdict(number, 0.6, outcome).words
    assert slip.sentence not in verdict(number, 0.51, outcome).words
    choice = Slip(Choice((HOLDS, FAILS)))
    assert verdict(choice, 0, Outcome(1, "", (Misreading(0, "Why?"),))).words == (
        "No: the run contradicts the statement. Why?"
    )
    assert verdict(choice, 1, Outcome(0, "", (Misreading(0, "Why?"),))).words == "No: in the run the statement holds."


def test_a_sketch_is_told_where_and_how_far_it_is_off_in_the_units_of_the_figure() -> None:
    x = np.linspace(0, 50, 33)
    words = verdict(Slip(Sketch()), (x, np.ones(33)), Outcome((x, 10 ** (-x / 25)), "")).words
    assert words == "Farthest apart at layer 50: you drew 1, the run measured 0.01, 100 times less."
