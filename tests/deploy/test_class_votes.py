"""The life of a vote: what a class's teacher and members may do, and the sentence for what they may not."""

import pytest

from deploy.classroom.refusal import Refused
from deploy.classroom.views import common, counted, own, teachers
from tests.deploy.class_questions import ANSWERS, ASKED, KINDS, WORTH, Clock, answer, joined, new_room, put, teach, tell

LATE = "The vote was closed before your answer came: it is not counted."
TAKEN_BACK = "Your teacher has taken this question back."
UNDRAWN = "Draw the whole curve first, from the left edge of the figure to the right."
NOT_ASKED = "This question is not the class's any more."

of_each_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
def room():
    return new_room(Clock())


def refused(action, *arguments, **content):
    """The sentence of a refusal."""
    with pytest.raises(Refused) as caught:
        action(*arguments, **content)
    return str(caught.value)


def stage(room):
    return room.state.vote.stage, room.state.vote.round


@of_each_kind
def test_a_vote_is_asked_answered_twice_decided_and_revealed(room, kind):
    members = [joined(room) for _ in range(4)]
    vote = put(room, kind)
    first, second, third, fourth = ANSWERS[kind]
    answer(room, members[0], fourth)
    answer(room, members[0], first)  # a change of mind
    answer(room, members[1], second)
    assert own(room, members[0])["answers"] == {1: first}
    assert own(room, members[2])["answers"] == {}
    assert counted(room) == {"members": 4, "vote": vote, "round": 1, "answered": 2}
    teach(room, "close", vote=vote)
    assert stage(room) == ("closed", 1)
    teach(room, "again", vote=vote)
    assert stage(room) == ("open", 2)
    assert counted(room)["answered"] == 0
    answer(room, members[0], second, 2)
    answer(room, members[3], third, 2)
    assert own(room, members[0])["answers"] == {1: first, 2: second}
    teach(room, "decide", vote=vote)
    assert stage(room) == ("deciding", 2)
    assert "rounds" not in common(room)["vote"]
    assert "worth" not in common(room)["vote"]
    teach(room, "reveal", vote=vote, worth=WORTH[kind])
    seen = common(room)["vote"]
    assert seen["stage"] == "revealed"
    assert seen["worth"]["sentence"] == WORTH[kind]["sentence"]
    assert [each["answered"] for each in seen["rounds"]] == [2, 2]
    assert seen["rounds"] == teachers(room)["rounds"]


def test_what_is_revealed_is_the_shape_of_the_answers(room):
    members = [joined(room) for _ in range(3)]
    shapes = {
        "number": {"values": [7, 9.5, 12.5]},
        "choice": {"counts": [1, 1, 1]},
        "sketch": {"curves": sorted(ANSWERS["sketch"][:3], key=str), "median": ANSWERS["sketch"][1]},
    }
    for kind, shape in shapes.items():
        vote = put(room, kind)
        for member, value in zip(members, ANSWERS[kind], strict=False):
            answer(room, member, value)
        teach(room, "reveal", vote=vote, worth=WORTH[kind])
        (found,) = common(room)["vote"]["rounds"]
        assert found == {"answered": 3, **shape}


def test_the_teacher_sees_at_a_glance_how_many_were_right_and_what_was_wrong_most_often(room):
    members = [joined(room) for _ in range(3)]
    vote = put(room, "choice")
    for member, value in zip(members, (0, 0, 1), strict=True):
        answer(room, member, value)
    (row,) = teachers(room)["glance"]
    said = "It stays below the wall. Does it hold?"
    assert row == {"id": vote, "lesson": "divergence", "prompt": said, "rounds": [{"answered": 3}]}
    teach(room, "close", vote=vote)
    teach(room, "again", vote=vote)
    answer(room, members[0], 1, 2)
    teach(room, "reveal", vote=vote, worth=WORTH["choice"])
    (row,) = teachers(room)["glance"]
    assert row["rounds"] == [{"answered": 3, "right": 1}, {"answered": 1, "right": 1}]
    assert row["wrong"] == ("It holds", 1)


@pytest.mark.parametrize("end", ["close", "decide", "take_back"])
def test_a_late_answer_is_not_counted_and_says_so(room, end):
    member, vote = joined(room), put(room, "number")
    answer(room, member, 7)
    teach(room, end, vote=vote)
    sentence = refused(tell, room, member, "answer", vote=vote, round=1, value=8)
    assert sentence == (TAKEN_BACK if end == "take_back" else LATE)
    assert room.state.votes[vote].of(1)[member.row.id].value == 7


def test_an_answer_to_a_revealed_question_comes_too_late(room):
    member, vote = joined(room), put(room, "choice")
    teach(room, "reveal", vote=vote, worth=WORTH["choice"])
    assert refused(answer, room, member, 0) == LATE


def test_an_answer_to_another_round_is_not_counted(room):
    member, vote = joined(room), put(room, "choice")
    assert refused(answer, room, member, 0, 2) == LATE
    teach(room, "close", vote=vote)
    teach(room, "again", vote=vote)
    assert refused(answer, room, member, 0, 1) == LATE
    assert room.state.vote.latest() == {}


def test_an_answer_to_no_question_at_all_is_refused(room):
    assert refused(tell, room, joined(room), "answer", vote=77, round=1, value=0) == TAKEN_BACK


@pytest.mark.parametrize(
    ("kind", "value", "sentence"),
    [
        ("number", 20.5, "The answer is a number from 0 to 20."),
        ("number", -1, "The answer is a number from 0 to 20."),
        ("number", 10**300, "The answer is a number from 0 to 20."),
        ("number", "x", "The answer is a number from 0 to 20."),
        ("number", [1.0] * 9, "The answer is a number from 0 to 20."),
        ("choice", 3, "Choose one of the answers first."),
        ("choice", -1, "Choose one of the answers first."),
        ("choice", 1.0, "Choose one of the answers first."),
        ("choice", "0", "Choose one of the answers first."),
        ("choice", [0.0] * 9, "Choose one of the answers first."),
        ("sketch", 3, UNDRAWN),
        ("sketch", [None] * 9, UNDRAWN),
        (
            "sketch",
            [1.0] * 6 + [None] * 3,
            UNDRAWN,
        ),
        ("sketch", [], "This curve is of another figure."),
        ("sketch", [1.0] * 10, "This curve is of another figure."),
    ],
)
def test_what_is_no_answer_to_the_question_gets_a_sentence(room, kind, value, sentence):
    member = joined(room)
    put(room, kind)
    assert refused(answer, room, member, value) == sentence
    assert room.state.vote.of(1) == {}


def test_a_logarithmic_axis_has_nothing_below_nought(room):
    axes = {**ASKED["sketch"]["axes"], "y": {"title": "loss", "log": True, "range": [-3, 1]}}
    teach(room, "ask", lesson="divergence", asked={**ASKED["sketch"], "axes": axes})
    member = joined(room)
    assert refused(answer, room, member, [1.0] * 8 + [-1.0]) == "This curve is of another figure."
    answer(room, member, [1.0] * 8 + [0.001])


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("number", True),
        ("number", None),
        ("number", {}),
        ("number", "7" * 61),
        ("choice", [[0]]),
        ("sketch", ["1"] * 9),
        ("sketch", [1.0] * 201),
        ("sketch", [1e308] * 9),
        ("sketch", [-1.79769e308] * 9),
    ],
)
def test_what_is_no_answer_at_all_is_not_understood(room, kind, value):
    member = joined(room)
    put(room, kind)
    assert refused(answer, room, member, value).startswith("The class did not understand what was asked of it")


@pytest.mark.parametrize(("typed", "value"), [("7,5", 7.5), (" 12 % ", 12), ("１２", 12), ("1e1", 10)])
def test_a_typed_number_is_read_as_a_question_reads_it(room, typed, value):
    member = joined(room)
    put(room, "number")
    answer(room, member, typed)
    assert own(room, member)["answers"] == {1: value}


def test_what_asks_for_what_is_so_already_changes_nothing(room):
    """A page may send twice, and two teachers may press one button."""
    member, vote = joined(room), put(room, "number")
    answer(room, member, 7)
    steps = [
        ("ask", {"lesson": "divergence", "asked": ASKED["number"]}),
        ("close", {"vote": vote}),
        ("again", {"vote": vote}),
        ("decide", {"vote": vote}),
        ("undecided", {"vote": vote}),
        ("reveal", {"vote": vote, "worth": WORTH["number"]}),
    ]
    for do, content in steps:
        if do != "ask":
            teach(room, do, **content)
        before = room.state.seq, common(room), teachers(room)
        teach(room, do, **content)
        assert (room.state.seq, common(room), teachers(room)) == before, do
    before = common(room)
    teach(room, "take_back", vote=vote)
    assert common(room) == before


def test_another_question_waits_until_the_open_one_is_over(room):
    sentence = "Another question is open: let the run decide it, or take it back, first."
    vote = put(room, "number")
    for do in ("close", "decide"):
        teach(room, do, vote=vote)
        assert refused(put, room, "choice") == sentence
    teach(room, "take_back", vote=vote)
    assert common(room)["vote"] is None
    choice = put(room, "choice")
    assert choice > vote
    teach(room, "reveal", vote=choice, worth=WORTH["choice"])
    assert put(room, "choice") > choice, "the same question again is another vote"


def test_there_are_two_rounds_one_after_the_other(room):
    vote = put(room, "number")
    assert refused(teach, room, "again", vote=vote) == "Close the first round before the second."
    teach(room, "close", vote=vote)
    teach(room, "again", vote=vote)
    teach(room, "close", vote=vote)
    assert refused(teach, room, "again", vote=vote) == "There are two rounds at most: let the run decide."
    assert stage(room) == ("closed", 2)


@of_each_kind
def test_what_a_run_of_another_question_says_reveals_nothing(room, kind):
    vote = put(room, kind)
    for other in set(KINDS) - {kind}:
        sentence = refused(teach, room, "reveal", vote=vote, worth=WORTH[other])
        assert sentence == "What the run says is no answer to this question."
    assert stage(room) == ("open", 1)


def test_what_is_said_of_more_or_fewer_options_than_were_asked_reveals_nothing(room):
    vote = put(room, "choice")
    options = WORTH["choice"]["verdicts"]["options"]
    for wrong in (options[:2], options * 2):
        worth = {"sentence": "", "verdicts": {"options": wrong}}
        sentence = refused(teach, room, "reveal", vote=vote, worth=worth)
        assert sentence == "What the run says is no answer to this question."


def test_an_old_vote_is_left_as_it_is(room):
    old = put(room, "number")
    teach(room, "take_back", vote=old)
    vote = put(room, "choice")
    for do in ("close", "again", "decide", "undecided", "take_back"):
        assert refused(teach, room, do, vote=old) == NOT_ASKED
    assert refused(teach, room, "reveal", vote=old, worth=WORTH["number"]) == NOT_ASKED
    assert refused(teach, room, "close", vote=vote + 1) == NOT_ASKED
    assert stage(room) == ("open", 1)


def test_a_choice_of_nothing_and_a_sketch_on_no_axes_are_no_questions(room):
    sketch = {key: value for key, value in ASKED["sketch"].items() if key != "axes"}
    sentence = refused(teach, room, "ask", lesson="divergence", asked=sketch)
    assert sentence == "This question says not on which axes to draw."
    choice = {**ASKED["choice"], "options": []}
    assert refused(teach, room, "ask", lesson="divergence", asked=choice) == "This question has no answers to choose."
    assert room.state.votes == {}


def bent(kind, **changes):
    return {"sentence": "", "verdicts": {**WORTH[kind]["verdicts"], **changes}}


@pytest.mark.parametrize(
    "worth",
    [
        bent("sketch", curve={"x": [0, 1, 2], "y": [0, 1]}),
        bent("sketch", curve={"x": [0, 2, 1], "y": [0, 1, 2]}),
        bent("sketch", axis={"title": "", "log": False, "range": [3, 3]}),
        bent("sketch", axis={"title": "", "log": True, "range": [0, 1e9]}),
        bent("number", truth=10**400),
        bent("number", extra=1),
    ],
)
def test_a_curve_that_nothing_can_be_compared_with_is_not_understood(room, worth):
    vote = put(room, "sketch" if "curve" in worth["verdicts"] else "number")
    assert refused(teach, room, "reveal", vote=vote, worth=worth).startswith("The class did not understand")
    assert stage(room) == ("open", 1)
