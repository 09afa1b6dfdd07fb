"""Grades of a class's table are those that a question gives; the table itself is safe to open."""

import csv
import io
import json
import math
import sys
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "widgets"))
from headless import QUESTIONS

from deploy.classroom.asked import Asked, Worth
from deploy.classroom.export import HEADER, answers_csv
from deploy.classroom.grading import columns, grade, median, most_frequent_wrong
from tests.deploy.class_questions import ANSWERS, ASKED, WORTH, Clock, answer, joined, new_room, put, teach
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
    x = np.sort(random.uniform(*(np.array(axis.xaxis.range) + [-5, 5]), count))
    height = random.uniform(*(np.array(axis.yaxis.range) + [-1, 1]), count)
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
        for option in range(len(question.answer.options)):
            assert grade(asked, decided, option) == verdict(question, option, outcome).grade


@of_kind(Number)
def test_grades_of_numbers_are_those_of_the_question(name):
    question, random = QUESTIONS[name], np.random.default_rng(1)
    low, high, tolerance = question.answer.low, question.answer.high, question.answer.tolerance
    for truth in random.uniform(low - tolerance, high + tolerance, 20):
        outcome = Outcome(float(truth), "So it is.")
        asked, decided = as_class_has(question, outcome)
        answers = [*random.uniform(low, high, 50).round(3), truth, truth + tolerance, truth - 3 * tolerance, low, high]
        for value in map(float, answers):
            assert grade(asked, decided, value) == verdict(question, value, outcome).grade


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
                assert columns(asked.axes) == pytest.approx(x.tolist(), rel=1e-12, abs=1e-12)
                for drawn in drawings(layout, x, truth, random):
                    sent = [None if math.isnan(height) else height for height in drawn.tolist()]
                    expected = verdict(question, (x, drawn), outcome).grade
                    found.add(expected)
                    assert grade(asked, decided, sent) == expected
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


def test_columns_of_a_logarithmic_axis_are_evenly_spaced_in_decades():
    axes = {"x": {"title": "", "log": True, "range": [0, 4]}, "y": {"title": "", "log": False, "range": [0, 1]}, "columns": 5}
    asked = Asked.model_validate_json(json.dumps({**ASKED["sketch"], "axes": axes}))
    assert columns(asked.axes) == pytest.approx([1, 10, 100, 1000, 10000])


@hypothesis.given(
    st.integers(1, 5).flatmap(
        lambda width: st.lists(
            st.lists(st.none() | st.floats(-1e300, 1e300), min_size=width, max_size=width), min_size=1, max_size=8
        )
    )
)
def test_the_median_of_sketches_is_that_of_each_column(curves):
    for column, found in enumerate(median(curves)):
        heights = [curve[column] for curve in curves if curve[column] is not None]
        assert found == (pytest.approx(float(np.median(heights)), rel=1e-12) if heights else None)
        assert found is None or math.isfinite(found), "a page reads strict JSON"


def test_the_wrong_answer_that_most_gave_is_named_as_it_was_asked():
    asked = {kind: Asked.model_validate_json(json.dumps(each)) for kind, each in ASKED.items()}
    said = {kind: Worth.model_validate_json(json.dumps(each)) for kind, each in WORTH.items()}
    assert most_frequent_wrong(asked["choice"], said["choice"], [0, 2, 2, 1, 1, 1]) == ("Neither", 2)
    assert most_frequent_wrong(asked["number"], said["number"], [20, 20.0, 5, 10, 10, 10]) == ("20 %", 2)
    assert most_frequent_wrong(asked["number"], said["number"], [10, 12]) is None
    assert most_frequent_wrong(asked["sketch"], said["sketch"], ANSWERS["sketch"]) is None


# ---- the table ----


def table(room):
    return list(csv.DictReader(io.StringIO(answers_csv(room), newline="")))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def room(clock):
    return new_room(clock)


def test_a_table_has_a_line_an_answer_and_what_is_true_only_after_the_reveal(room, clock):
    teach(room, "names", value=True)
    members = [joined(room, "Ada"), joined(room)]
    vote = put(room, "number")
    clock.now += 12.34
    answer(room, members[0], 9.5)
    teach(room, "close", vote=vote)
    clock.now += 100
    teach(room, "again", vote=vote)
    clock.now += 3
    for member, value in zip(members, (20, 7), strict=True):
        answer(room, member, value, 2)
    lines = answers_csv(room).splitlines()
    assert lines[0] == ",".join(HEADER) == "alias,nickname,lesson,question,round,answer,truth,grade,seconds"
    assert [(each["answer"], each["truth"], each["grade"]) for each in table(room)] == [(n, "", "") for n in ("9.5", "20", "7")]
    teach(room, "reveal", vote=vote, worth=WORTH["number"])
    first, second, third = table(room)
    assert first == {
        "alias": members[0].row.alias,
        "nickname": "Ada",
        "lesson": "divergence",
        "question": "Where will it be?",
        "round": "1",
        "answer": "9.5",
        "truth": "10.0",
        "grade": "right",
        "seconds": "12.3",
    }
    assert (second["round"], second["grade"], second["seconds"]) == ("2", "off", "3.0")
    assert (third["alias"], third["nickname"], third["grade"]) == (members[1].row.alias, "", "close")


def test_a_table_says_options_in_words_and_curves_as_json(room):
    member = joined(room)
    for kind in ("choice", "sketch"):
        vote = put(room, kind)
        answer(room, member, ANSWERS[kind][2])
        teach(room, "reveal", vote=vote, worth=WORTH[kind])
    choice, sketch = table(room)
    assert (choice["answer"], choice["truth"], choice["grade"]) == ("Neither", "It does not", "off")
    assert json.loads(sketch["answer"]) == ANSWERS["sketch"][2]
    assert json.loads(sketch["truth"]) == WORTH["sketch"]["verdicts"]["curve"]


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", " =", "＝", "＋"])
def test_no_cell_of_a_table_is_a_formula(room, start):
    evil = f"{start}HYPERLINK(\"http://evil.example\",'x')"
    asked = {**ASKED["choice"], "prompt": evil, "options": [evil, 'say "hi", or\nnot']}
    teach(room, "names", value=True)
    members = [joined(room, "=1+1"), joined(room)]
    teach(room, "ask", lesson="divergence", asked=asked)
    for option, member in enumerate(members):
        answer(room, member, option)
    graded = [{"grade": "right", "words": ""}, {"grade": "off", "words": ""}]
    teach(room, "reveal", vote=room.state.vote.id, worth={"sentence": "", "verdicts": {"options": graded}})
    first, second = table(room)
    for cell in (first["nickname"], first["question"], first["answer"], first["truth"]):
        assert cell.startswith("'"), cell
    assert first["question"] == f"'{evil}"
    assert second["answer"] == 'say "hi", or\nnot', "signs of the table itself are quoted"


def test_a_negative_number_in_a_table_stays_a_number(room):
    teach(room, "ask", lesson="divergence", asked={**ASKED["number"], "low": -20})
    answer(room, joined(room), -3)
    assert table(room)[0]["answer"] == "-3"
