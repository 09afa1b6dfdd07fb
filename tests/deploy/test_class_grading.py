"""What a class's teacher is told of answers, and the table of all of them, which is safe to open."""

import csv
import io
import json
import math

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest

from deploy.classroom.asked import Asked, Worth
from deploy.classroom.export import HEADER, answers_csv
from deploy.classroom.grading import columns, median, most_frequent_wrong
from tests.deploy.class_questions import ANSWERS, ASKED, WORTH, Clock, answer, joined, new_room, put, teach


def test_columns_of_a_logarithmic_axis_are_evenly_spaced_in_decades():
    axes = {
        "x": {"title": "", "log": True, "range": [0, 4]},
        "y": {"title": "", "log": False, "range": [0, 1]},
        "columns": 5,
    }
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
    assert lines[0] == ",".join(HEADER) == "alias,nickname,lesson,vote,question,round,answer,truth,grade,seconds"
    assert [(each["answer"], each["truth"], each["grade"]) for each in table(room)] == [
        (n, "", "") for n in ("9.5", "20", "7")
    ]
    teach(room, "reveal", vote=vote, worth=WORTH["number"])
    first, second, third = table(room)
    assert first == {
        "alias": members[0].row.alias,
        "nickname": "Ada",
        "lesson": "divergence",
        "vote": str(vote),
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
    asked = {**ASKED["choice"], "statement": "", "prompt": evil, "options": [evil, 'say "hi", or\nnot']}
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
