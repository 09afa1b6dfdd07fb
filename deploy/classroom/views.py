"""What a member and a teacher get to see of a class, as JSON.

Nothing that is made for members depends on what others have answered before it is revealed, but for how many have.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from deploy.classroom.asked import Worth
from deploy.classroom.classroom import Classroom, Member
from deploy.classroom.grading import columns, grader, median, most_frequent_wrong
from deploy.classroom.room_state import Vote

# So many sketches are drawn; the median is of all.
MOST_CURVES = 60


def compact(content: Any) -> str:
    """Return JSON without what is there for readers."""
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def spread(vote: Vote, number: int) -> dict[str, Any]:
    """Return the answers of a round without whose they are, and how many there are."""
    values = [row.value for row in vote.of(number).values()]
    shape: dict[str, Any]
    match vote.asked.kind:
        case "number":
            shape = {"values": sorted(values)}
        case "choice":
            count = Counter(values)
            shape = {"counts": [count[option] for option in range(len(vote.asked.options))]}
        case _:
            drawn = sorted(values, key=str)  # in no order that tells who came first
            shape = {"curves": drawn[:: -(-len(drawn) // MOST_CURVES) or 1], "median": median(drawn)}
    return {"answered": len(values), **shape}


def _asked(vote: Vote) -> dict[str, Any]:
    asked = vote.asked.model_dump(mode="json", exclude_none=True)
    if vote.asked.axes is not None:
        asked["x"] = columns(vote.asked.axes)
    return asked


def _rounds(vote: Vote) -> list[dict[str, Any]]:
    rounds: list[dict[str, Any]]
    rounds = _kept(vote, "rounds", lambda: [spread(vote, number) for number in range(1, vote.round + 1)])
    return rounds


def _kept(vote: Vote, name: str, find: Callable[[], Any]) -> Any:
    """What was found out of a vote before, or is now: a teacher's page is told ten times a second how many answered."""
    if name not in vote.kept:
        vote.kept[name] = find()
    return vote.kept[name]


def counted(room: Classroom) -> dict[str, Any]:
    """Return the numbers that change all the time: members, and how many have answered."""
    vote = room.state.vote
    numbers: dict[str, Any] = {"members": room.here}
    if vote is not None:
        numbers |= {"vote": vote.id, "round": vote.round, "answered": len(vote.of(vote.round))}
    return numbers


def common(room: Classroom) -> dict[str, Any]:
    """Return what everybody in the class sees."""
    state, vote = room.state, room.state.vote
    seen: dict[str, Any] = {
        "seq": state.seq,
        "code": room.row.code,
        "names": state.names,
        "pace": state.pace,
        "why": state.why,
        "place": state.place,
        "push": state.push,
        "watch": state.watch or None,
        "collection": None,
        "vote": None,
        **counted(room),
    }
    if state.collection is not None and state.collection.is_open:
        collection = state.collection
        seen["collection"] = {key: getattr(collection, key) for key in ("id", "page", "lab", "title")}
    if vote is not None:
        shown = {"id": vote.id, "lesson": vote.lesson, "asked": _asked(vote), "round": vote.round, "stage": vote.stage}
        if vote.worth is not None:
            shown |= {"worth": vote.worth.model_dump(mode="json"), "rounds": _rounds(vote)}
        seen["vote"] = {**shown, "answered": seen["answered"]}
        del seen["answered"], seen["round"]
    return seen


def own(room: Classroom, member: Member) -> dict[str, Any]:
    """Return what one member sees beside that: the own name, answers and run."""
    state, vote, number = room.state, room.state.vote, member.row.id
    collection = state.collection
    mine = {} if vote is None else {n: rows[number].value for n, rows in vote.answers.items() if number in rows}
    return {
        "alias": member.row.alias,
        "nickname": member.row.nickname,
        "hidden": number in state.hidden,
        "answers": mine,
        "handed_in": collection is not None and number in collection.runs,
    }


def teachers(room: Classroom) -> dict[str, Any]:
    """Return what the teacher sees beside that: the shape of the answers, where the room is, all questions."""
    state, vote = room.state, room.state.vote
    collection = state.collection
    shown = [each for each in state.votes.values() if each.stage != "taken back"]
    return {
        "rounds": [] if vote is None else _rounds(vote),
        "glance": [_kept(each, "glance", partial(_glance, each)) for each in shown],
        "open": sum(map(room.is_here, room.members.values())),
        "joined": len(room.members),
        "sections": _sections(list(room.members.values())),
        "nicknames": _nicknames(room),
        "runs": [] if collection is None else [run for who, run in collection.runs.items() if who not in state.hidden],
    }


def glimpses(room: Classroom) -> list[dict[str, Any]]:
    """Return how the runs go that the teacher watches: in the order of joining, without names or hidden ones."""
    hidden = room.state.hidden
    return [
        each.glimpse.model_dump(exclude={"do"})
        for each in room.members.values()
        if each.glimpse is not None and each.row.id not in hidden
    ]


def _glance(vote: Vote) -> dict[str, Any]:
    """A row of the table of questions."""
    answers = [[each.value for each in vote.of(number).values()] for number in range(1, vote.round + 1)]
    rounds = [{"answered": len(values)} for values in answers]
    row: dict[str, Any] = {"id": vote.id, "lesson": vote.lesson, "prompt": vote.asked.words, "rounds": rounds}
    if vote.worth is not None:
        for shown, values in zip(rounds, answers, strict=True):
            shown["right"] = right(vote, vote.worth, values)
        row["wrong"] = most_frequent_wrong(vote.asked, vote.worth, [each.value for each in vote.latest().values()])
    return row


def right(vote: Vote, worth: Worth, values: Sequence[Any]) -> int:
    """Return how many of these answers are right."""
    graded = grader(vote.asked, worth)
    return sum(graded(value) == "right" for value in values)


def _sections(members: Sequence[Member]) -> list[dict[str, Any]]:
    """How many read which section, without names; the most crowded first."""
    places = Counter(each.at for each in members if each.at is not None and each.pages > 0)
    return [{"page": page, "section": section, "count": count} for (page, section), count in places.most_common(40)]


def _nicknames(room: Classroom) -> list[dict[str, Any]]:
    """Those that members gave themselves, so that one can be blanked."""
    named = [each.row for each in room.members.values() if each.row.nickname]
    return [{"id": row.id, "alias": row.alias, "nickname": row.nickname} for row in named]
