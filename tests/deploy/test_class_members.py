"""Who is in a class: how many, under which names, how often they may ask, and what is left of those who leave."""

import json

import pytest

from deploy.classroom import classroom
from deploy.classroom.aliases import ANIMALS, QUALITIES, new_alias
from deploy.classroom.refusal import Refused
from deploy.classroom.sections import Sections
from deploy.classroom.views import common, compact, own, teachers
from deploy.places import NOTEBOOKS
from tests.deploy.class_questions import Clock, answer, joined, new_room, put, teach, tell


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def room(clock):
    return new_room(clock)


def test_nobody_has_the_name_of_another():
    taken = {f"{quality} {animal}" for quality in QUALITIES for animal in ANIMALS}
    free = {taken.pop(), taken.pop()}
    assert new_alias(taken) in free


def test_a_class_takes_so_many_and_says_that_it_is_full(room, monkeypatch):
    monkeypatch.setattr(classroom, "MOST_MEMBERS", 3)
    members = [joined(room) for _ in range(3)]
    with pytest.raises(Refused, match=r"^The class is full: 3 have joined\.$") as refused:
        room.join()
    assert refused.value.status == 503
    tell(room, members[0], "leave")
    joined(room)


def test_a_class_has_at_most_so_many_questions(room, monkeypatch):
    monkeypatch.setattr(classroom, "MOST_VOTES", 2)
    for _ in range(2):
        teach(room, "take_back", vote=put(room, "choice"))
    with pytest.raises(Refused, match="at most 2 questions"):
        put(room, "choice")


def test_who_asks_much_too_often_waits(room, clock):
    member, other = joined(room), joined(room)
    put(room, "number")
    for _ in range(classroom.BURST):
        answer(room, member, 7)
    with pytest.raises(Refused, match=r"^This came too often; wait some seconds\.$") as refused:
        answer(room, member, 8)
    assert refused.value.status == 429
    answer(room, other, 8)
    clock.now += 1.1 / classroom.A_SECOND
    answer(room, member, 9)
    assert own(room, member)["answers"] == {1: 9}
    with pytest.raises(Refused):
        answer(room, member, 8)
    clock.now += 1e6
    for _ in range(classroom.BURST):
        answer(room, member, 7)


def test_a_clock_that_is_set_back_locks_nobody_out(room, clock):
    member = joined(room)
    put(room, "number")
    answer(room, member, 7)
    clock.now -= 3600
    answer(room, member, 8)
    assert own(room, member)["answers"] == {1: 8}


def test_nicknames_are_allowed_or_not_before_somebody_joins(room):
    teach(room, "names", value=True)
    teach(room, "names", value=False)
    member = joined(room, "Ada")
    assert own(room, member)["nickname"] == ""
    teach(room, "names", value=False)  # as it is
    sentence = r"^Somebody has joined already: nicknames are allowed, or not, before that\.$"
    with pytest.raises(Refused, match=sentence):
        teach(room, "names", value=True)
    assert not room.state.names


def test_a_nickname_is_seen_by_the_teacher_and_its_owner_alone(room):
    teach(room, "names", value=True)
    ada, other = joined(room, "  Ada\n\u202e\ud800Lovelace of London and elsewhere"), joined(room)
    nickname = "Ada Lovelace of London a"
    assert own(room, ada)["nickname"] == nickname
    assert teachers(room)["nicknames"] == [{"id": ada.row.id, "alias": ada.row.alias, "nickname": nickname}]
    put(room, "number")
    answer(room, ada, 7)
    assert "Ada" not in compact(common(room)) + compact(own(room, other))


def test_the_teacher_blanks_a_nickname(room):
    teach(room, "names", value=True)
    ada = joined(room, "Ada")
    teach(room, "blank", member=ada.row.id)
    teach(room, "blank", member=ada.row.id + 99)
    assert own(room, ada)["nickname"] == ""
    assert teachers(room)["nicknames"] == []
    assert own(room, ada)["alias"]


def test_who_leaves_leaves_nothing(room):
    member, other = joined(room), joined(room)
    vote = put(room, "number")
    for each in (member, other):
        answer(room, each, 7)
    teach(room, "collect", page="divergence", lab="parabola", title="Fastest")
    collection = room.state.collection.id
    for each in (member, other):
        tell(room, each, "hand_in", collection=collection, search="lab=parabola&ratio=1.5")
    tell(room, member, "hide", value=True)
    tell(room, member, "at", page="divergence", section="The wall")
    tell(room, member, "leave")
    assert list(room.members) == [other.row.id]
    assert list(room.state.votes[vote].of(1)) == [other.row.id]
    assert list(room.state.collection.runs) == [other.row.id]
    assert room.state.hidden == set()
    assert teachers(room)["joined"] == 1
    assert room.member("anything") is None


def test_who_comes_after_one_who_left_is_somebody_else(room):
    """Not even the number is given again: it would bring what is noted of the other."""
    member = joined(room)
    tell(room, member, "leave")
    assert joined(room).row.id > member.row.id


def test_runs_are_handed_in_while_they_are_collected_and_stay_out_if_their_owner_wants(room):
    member, other = joined(room), joined(room)
    refusal = r"^Your teacher does not collect runs any more\.$"
    with pytest.raises(Refused, match=refusal):
        tell(room, member, "hand_in", collection=1, search="lab=parabola")
    teach(room, "collect", page="divergence", lab="parabola", title="Fastest")
    collection = common(room)["collection"]["id"]
    tell(room, member, "hand_in", collection=collection, search="lab=parabola&ratio=1.5")
    tell(room, member, "hand_in", collection=collection, search="lab=parabola&ratio=1.6")
    tell(room, other, "hand_in", collection=collection, search="lab=parabola&ratio=1.7")
    assert own(room, member)["handed_in"]
    assert teachers(room)["runs"] == ["lab=parabola&ratio=1.6", "lab=parabola&ratio=1.7"]
    tell(room, member, "hide", value=True)
    assert teachers(room)["runs"] == ["lab=parabola&ratio=1.7"]
    tell(room, member, "hide", value=False)
    assert len(teachers(room)["runs"]) == 2
    teach(room, "collected")
    assert common(room)["collection"] is None
    with pytest.raises(Refused, match=refusal):
        tell(room, member, "hand_in", collection=collection, search="lab=parabola")


def test_who_was_put_away_is_not_waited_for(room, clock):
    member = joined(room)
    joined(room)
    assert room.here == 2
    clock.now += classroom.HERE_SECONDS + 1
    assert room.here == 0
    put(room, "number")
    answer(room, member, 7)
    assert room.here == 1


def test_the_pace_is_what_the_teacher_says(room):
    for value in ("follow", "frozen", "frozen", "free"):
        teach(room, "pace", value=value)
        assert common(room)["pace"] == value
    assert room.state.seq == 3, "the same again is no change"
    room.unfreeze()
    assert common(room)["why"] == ""
    teach(room, "pace", value="frozen")
    room.unfreeze()
    assert common(room)["pace"] == "free"
    assert common(room)["why"] == "Your teacher's connection was lost; go on by yourself."
    teach(room, "pace", value="follow")
    assert common(room)["why"] == ""


def test_where_members_are_is_shown_as_the_lesson_writes_it_and_never_as_they_do(room, tmp_path):
    cells = [
        "# The edge of $\\eta$ *stability*",
        "Words.\n\n## 2/η: the [wall](#wall)\n\n```\n# no heading\n```",
        "#### Small",
    ]
    content = [{"cell_type": "markdown", "source": [cell]} for cell in cells]
    notebook = {"cells": [*content, {"cell_type": "code", "source": ["# no heading"]}]}
    (tmp_path / "edge.ipynb").write_text(json.dumps(notebook))
    room = new_room(Clock(), sections=Sections(tmp_path))
    member = joined(room)
    member.pages = 1

    def shown(page, section):
        tell(room, member, "at", page=page, section=section)
        return [(each["page"], each["section"]) for each in teachers(room)["sections"]]

    assert shown("edge", "something rude") == []
    assert shown("rude", "") == []
    for content in ("no notebook", "{}"):
        (tmp_path / "broken.ipynb").write_text(content)
        assert shown("broken", "") == []
    assert shown("edge", "The edge of  stability") == [("edge", "The edge of stability")]
    assert shown("edge", "  2/η:\nthe WALL") == [("edge", "2/η: the wall")]
    for section in ("no heading", "Small", "Words.", "2/η: the wall, you fools"):
        assert shown("edge", section) == [("edge", "2/η: the wall")]
    assert shown("edge", "") == [("edge", "")]
    teach(room, "place", page="elsewhere", section="Where the teacher is")
    assert shown("elsewhere", "Where the teacher is") == [("elsewhere", "Where the teacher is")]


def test_the_headings_of_all_lessons_are_known():
    sections = Sections()
    for path in NOTEBOOKS.glob("*.ipynb"):
        cells = json.loads(path.read_text())["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
        headings = [line.split(" ", 1)[1] for text in texts for line in text.splitlines() if line.startswith("## ")]
        assert headings or path.stem == "index"
        for heading in headings:
            assert sections.find(path.stem, heading) == heading


def test_where_the_teacher_is_and_what_was_sent_is_told(room):
    teach(room, "place", page="divergence", section="The wall")
    teach(room, "place", page="divergence", section="The wall")
    teach(room, "push", page="divergence", lab="parabola", search="lab=parabola&ratio=1.5")
    seen = common(room)
    assert seen["place"] == {"page": "divergence", "section": "The wall"}
    assert seen["push"] == {"id": 2, "page": "divergence", "lab": "parabola", "search": "lab=parabola&ratio=1.5"}
