"""Questions as a teacher's page puts them to a class, and what a run says of them, for tests of classes."""

from __future__ import annotations

import json
from typing import Any

from deploy.classroom.classroom import Classroom, Member
from deploy.classroom.codes import new_code, new_token
from deploy.classroom.commands import OF_MEMBER, OF_TEACHER, parsed
from deploy.classroom.sections import Sections
from deploy.classroom.store import Store

COLUMNS = 9
X_AXIS = {"title": "step", "log": False, "range": [0, 400]}
Y_AXIS = {"title": "λ_max", "log": False, "range": [0, 20]}
ASKED: dict[str, dict[str, Any]] = {
    "number": {
        "name": "where",
        "prompt": "Where will it be?",
        "statement": "",
        "kind": "number",
        "low": 0.0,
        "high": 20.0,
        "step": 0.5,
        "tolerance": 1.0,
        "unit": " %",
    },
    "choice": {
        "name": "holds",
        "prompt": "Does it hold?",
        "statement": "It stays below the wall.",
        "kind": "choice",
        "options": ["It holds", "It does not", "Neither"],
    },
    "sketch": {
        "name": "drawn",
        "prompt": "Sketch the sharpness.",
        "statement": "",
        "kind": "sketch",
        "tolerance": 0.12,
        "axes": {"x": X_AXIS, "y": Y_AXIS, "columns": COLUMNS},
    },
}
WORTH: dict[str, dict[str, Any]] = {
    "number": {
        "sentence": "It hovers at the wall.",
        "verdicts": {
            "truth": 10.0,
            "tolerance": 1.0,
            "close": 3.0,
            "words": "You said {answer} %; the run measured 10 %.",
            "misreadings": [{"answer": 20.0, "sentence": "That is twice the wall."}],
        },
    },
    "choice": {
        "sentence": "It does not hold.",
        "verdicts": {
            "options": [
                {"grade": "off", "words": "No."},
                {"grade": "right", "words": "Right."},
                {"grade": "off", "words": "No."},
            ]
        },
    },
    "sketch": {
        "sentence": "It rises to the wall.",
        "verdicts": {
            "curve": {"x": [0, 200, 400], "y": [0, 10, 10]},
            "axis": Y_AXIS,
            "title": "step",
            "tolerance": 0.12,
            "close": 3.0,
        },
    },
}
ANSWERS: dict[str, list[Any]] = {
    "number": [7, 9.5, 12.5, 20],
    "choice": [0, 1, 2, 0],
    "sketch": [[float(level)] * COLUMNS for level in (1, 5, 10, 19)],
}
KINDS = tuple(ASKED)


class Clock:
    """A time that stands still until it is moved; seconds since 1970."""

    def __init__(self, now: float = 1.8e9):
        self.now = now

    def __call__(self) -> float:
        return self.now


def new_room(clock: Clock, store: Store | None = None, sections: Sections | None = None) -> Classroom:
    """A class that is in no file."""
    store = store or Store(":memory:")
    return Classroom(store, store.add_room(new_code(), new_token(), clock.now), now=clock, sections=sections)


def joined(room: Classroom, nickname: str = "") -> Member:
    """Let somebody in."""
    member = room.member(room.join(nickname))
    assert member is not None
    return member


def teach(room: Classroom, do: str, **content: Any) -> None:
    """Ask as the teacher's page does."""
    room.teach(parsed(OF_TEACHER, json.dumps({"do": do, **content}).encode()))


def tell(room: Classroom, member: Member, do: str, **content: Any) -> None:
    """Ask as a member's page does."""
    room.tell(member, parsed(OF_MEMBER, json.dumps({"do": do, **content}).encode()))


def put(room: Classroom, kind: str) -> int:
    """Put a question of a kind to the class; returns the vote's number."""
    teach(room, "ask", lesson="divergence", asked=ASKED[kind])
    assert room.state.vote is not None
    return room.state.vote.id


def answer(room: Classroom, member: Member, value: Any, number: int = 1) -> None:
    """Answer the present vote, in a round."""
    assert room.state.vote is not None
    tell(room, member, "answer", vote=room.state.vote.id, round=number, value=value)
