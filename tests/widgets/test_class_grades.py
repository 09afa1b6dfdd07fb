"""Grades of a class's table are those that a question itself gives."""

import json
import math

import numpy as np
import pytest
from headless import QUESTIONS

from deploy.classroom.asked import Asked, Worth
from deploy.classroom.grading import columns, grader
from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.quiz.described import described, worth
from widgets.quiz.question import Outcome
from widgets.quiz.scoring import verdict


def of_kind(kind):
    questions = {name: question for name, question in QUESTIONS.items() if isinstance(question.answer, kind)}
    return pytest.mark.parametrize("name", questions)


def as_class_has(question, outcome):
    """What is asked and what the run says, as they come from a teacher's page."""
    asked = Asked.model_validate_json(json.dumps(described(question)))
    return asked, Worth.model_validate_json(json.dumps(worth(question, outcome), allow_nan=False))


def truths(question, random):
    """Made-up curves that a run might have measured: smooth, broken off, of points that lie elsewhere."""
    axis = question.figure().layout
    count = random.integers(2, 60)
    x = np.sort(random.uniform(*np.add(axis.xaxis.range, (-5, 5)), count))
    height = random.uniform(*np.add(axis.yaxis.range, (-1, 1)), count)
    y = 10.0**height if axis.yaxis.type == "log" else height
    yield x, y
    for odd in (np.nan, np.inf, 0.0, -1.0):
        broken = y.copy()
        broken[random.integers(count) :] = odd
        yield x, broken


@of_kind(Choice)
def test_grades_of_choices_are_those_of_the_question(name):
    question = QUESTIONS[name]
    for truth in range(len(question.answer.options)):
        outcome = Outcome(truth, "So it is.")
        asked, decided = as_class_has(question, outcome)
        graded = grader(asked, decided)
        for option in range(len(question.answer.options)):
            assert graded(option) == verdict(question, option, outcome).grade


@of_kind(Number)
def test_grades_of_numbers_are_those_of_the_question(name):
    question, random = QUESTIONS[name], np.random.default_rng(1)
    low, high, tolerance = question.answer.low, question.answer.high, question.answer.tolerance
    for truth in random.uniform(low - tolerance, high + tolerance, 20):
        outcome = Outcome(float(truth), "So it is.")
        asked, decided = as_class_has(question, outcome)
        answers = [*random.uniform(low, high, 50).round(3), truth, truth + tolerance, truth - 3 * tolerance, low, high]
        graded = grader(asked, decided)
        for value in map(float, answers):
            assert graded(value) == verdict(question, value, outcome).grade


@of_kind(Sketch)
def test_grades_of_sketches_are_those_of_the_question(name, monkeypatch):
    question, random = QUESTIONS[name], np.random.default_rng(2)
    figure = question.figure()
    monkeypatch.setattr(type(question), "figure", lambda _: figure)  # which each verdict makes anew
    layout = figure.layout
    x = np.linspace(*layout.xaxis.range, layout.meta["pointer"]["columns"])
    found = set()
    for _ in range(12):
        for truth in truths(question, random):
            outcome = Outcome(truth, "So it is.")
            with np.errstate(invalid="ignore", divide="ignore"):
                asked, decided = as_class_has(question, outcome)
                graded = grader(asked, decided)
                assert columns(asked.axes) == pytest.approx(x.tolist(), rel=1e-12, abs=1e-12)
                for drawn in drawings(layout, x, truth, random):
                    sent = [None if math.isnan(height) else height for height in drawn.tolist()]
                    expected = verdict(question, (x, drawn), outcome).grade
                    found.add(expected)
                    assert graded(sent) == expected
    assert found == {"right", "close", "off"}


def drawings(layout, x, truth, random):
    """Sketches of that: near it, far from it, level, and with columns left out."""
    low, high = layout.yaxis.range
    is_log = layout.yaxis.type == "log"
    near = np.interp(x, *truth)
    for spread in (0.02, 0.2, 0.35):
        height = np.log10(near) if is_log else near
        height = np.clip(np.nan_to_num(height, nan=high), low, high) + random.normal(0, spread * (high - low), len(x))
        drawn = 10.0**height if is_log else height
        yield drawn
        drawn = drawn.copy()
        drawn[random.choice(len(x), 6, replace=False)] = np.nan
        yield drawn
    for level in random.uniform(low, high, 3):
        yield np.full(len(x), 10.0**level if is_log else level)
    yield np.zeros(len(x))
