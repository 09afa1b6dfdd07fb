"""What simulated learners answer: always an answer, spread as a class's are, and nearer together the second time."""

import json
from collections import Counter
from itertools import pairwise
from math import log10
from random import Random
from statistics import fmean, stdev

import pytest

from deploy.classroom.asked import Asked
from deploy.classroom.simulated_answers import plausible
from tests.deploy.served_class import QUESTIONS
from widgets.quiz.answer_kinds import problem

CLASS = 300


def asked(of_kind, **different):
    return Asked.model_validate_json(json.dumps({**QUESTIONS[of_kind], **different}))


def two_rounds(question):
    """The answers of a class, first and second."""
    chances = [Random(f"learner {number}") for number in range(CLASS)]
    first = [plausible(question, chance) for chance in chances]
    second = [plausible(question, chance, before) for chance, before in zip(chances, first, strict=True)]
    return first, second


@pytest.mark.parametrize("name", QUESTIONS)
def test_each_is_an_answer_in_both_rounds(name):
    question = asked(name)
    for value in [each for answers in two_rounds(question) for each in answers]:
        assert problem(question.answer, value) == ""
        if question.axes is not None:
            assert len(value) == question.axes.columns


@pytest.mark.parametrize("name", ["one of a kind", "where?", "how long?"])
def test_numbers_lie_on_the_slider_around_one_belief_with_some_far_off(name):
    first, second = two_rounds(asked("number", name=name))
    assert all((value / 0.5).is_integer() for value in [*first, *second])
    assert len(set(first)) > 8
    # The standard deviation of the spread is 2.8 of 20, that of any number 5.8; of 300 it is known to 4 %.
    assert 2.0 < stdev(first) < 5.0
    assert stdev(second) < 0.75 * stdev(first)
    centre = fmean(second)
    assert any(abs(value - centre) > 7 for value in first)  # one in twelve is any number


def test_a_choice_has_a_favourite_that_more_choose_the_second_time():
    first, second = (Counter(answers) for answers in two_rounds(asked("choice")))
    assert set(first) == {0, 1, 2}
    ((favourite, count),) = first.most_common(1)
    # Chances: 0.45 + 0.55/3 = 0.63 first, 0.5 · 0.63 + 0.5 · (0.8 + 0.2/3) = 0.75 later; 0.03 is one deviation of 300.
    assert 0.5 * CLASS < count < 0.76 * CLASS
    assert second[favourite] > count


@pytest.mark.parametrize("name", ["linear sketch", "logarithmic sketch"])
def test_sketches_are_smooth_curves_within_the_axes(name):
    question = asked(name)
    low, high = question.axes.y.range
    bottom, top = (10**low, 10**high) if question.axes.y.log else (low, high)
    first, second = two_rounds(question)
    for curve in [*first, *second]:
        drawn = [height for height in curve if height is not None]
        assert all(bottom <= height <= top for height in drawn)
    assert any(None in curve for curve in first)

    within = {number: [shares(question, curve) for curve in curves] for number, curves in enumerate((first, second))}
    middle = {number: [curve[14] for curve in curves] for number, curves in within.items()}
    assert stdev(middle[1]) < 0.75 * stdev(middle[0])
    steps = [abs(after - before) for curve in within[0] for before, after in pairwise(curve)]
    assert max(steps) < 0.2  # of the figure's height, between two of 33 columns


def shares(question, curve):
    """Heights as shares of the figure's, in which a logarithmic axis is even; without two columns at each end."""
    low, high = question.axes.y.range
    places = [log10(height) if question.axes.y.log else height for height in curve[2:-2]]
    return [(place - low) / (high - low) for place in places]


def test_the_same_learner_says_the_same_again_and_another_something_else():
    question = asked("logarithmic sketch")
    assert plausible(question, Random("a")) == plausible(question, Random("a"))
    assert plausible(question, Random("a")) != plausible(question, Random("b"))


@pytest.mark.parametrize(
    ("name", "odd"),
    [
        ("number", {"low": 3.0, "high": 3.0}),
        ("number", {"step": 0.0}),
        ("number", {"low": 0.0, "high": 1.0, "step": 0.4}),
        ("choice", {"options": ["The only one"]}),
        ("linear sketch", {"axes": {**QUESTIONS["linear sketch"]["axes"], "columns": 2}}),
    ],
)
def test_odd_questions_are_answered_too(name, odd):
    question = asked(name, **odd)
    for value in [each for answers in two_rounds(question) for each in answers]:
        assert problem(question.answer, value) == ""


def test_what_has_no_answer_makes_no_trouble():
    assert plausible(asked("choice", options=[]), Random(0)) == 0
    assert plausible(asked("linear sketch", axes=None), Random(0)) == []
