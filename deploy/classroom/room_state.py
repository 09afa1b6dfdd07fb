"""The state of a class: what its events add up to. No clock, no store, no network."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Literal

from deploy.classroom.asked import Asked, Worth
from deploy.classroom.store import AnswerRow, Event

Stage = Literal["open", "closed", "deciding", "revealed", "taken back"]
Pace = Literal["free", "follow", "frozen"]


@dataclass
class Vote:
    """A question put to the class, in one round or two.

    Attributes:
        id: Number of the event that put it.
        lesson: Stem of the notebook that it stands in.
        asked: The question.
        round: The present one, from 1 on.
        stage: Whether answers are taken, the teacher's run decides, and so on.
        began: When each round began, seconds since 1970.
        worth: What the run says, once it is revealed.
        answers: By round, each member's answer.
        kept: What was found out of all that, by name, until something changes.
    """

    id: int
    lesson: str
    asked: Asked
    round: int = 1
    stage: Stage = "open"
    began: dict[int, float] = field(default_factory=dict)
    worth: Worth | None = None
    answers: dict[int, dict[int, AnswerRow]] = field(default_factory=dict)
    kept: dict[str, Any] = field(default_factory=dict)

    @property
    def is_over(self) -> bool:
        """True if nobody waits for it any more."""
        return self.stage in ("revealed", "taken back")

    def of(self, number: int) -> dict[int, AnswerRow]:
        """Return the answers of a round, by member."""
        return self.answers.setdefault(number, {})

    def latest(self) -> dict[int, AnswerRow]:
        """Return each member's last answer, by member."""
        return {member: row for number in sorted(self.answers) for member, row in self.answers[number].items()}


@dataclass
class Collection:
    """Runs that members hand in. `runs` are links of one lab, as `widgets.lab.link` writes them, by member."""

    id: int
    page: str
    lab: str
    title: str
    is_open: bool = True
    runs: dict[int, str] = field(default_factory=dict)


@dataclass
class RoomState:
    """What a class is at.

    Attributes:
        seq: Number of the last event.
        names: Whether members may give themselves nicknames, which the teacher alone sees.
        pace: Whether pages go where they like, follow the teacher, or rest.
        why: Why the pace is what it is, if it was not the teacher who chose it.
        place: Page and section where the teacher is.
        votes: All, by id, the oldest first.
        push: The run that was last sent to the class: page, lab, search.
        collection: The last one.
        watch: Page and lab whose runs the teacher watches; empty if none.
        hidden: Members who have taken their runs out of what others see.
    """

    seq: int = 0
    names: bool = False
    pace: Pace = "free"
    why: str = ""
    place: dict[str, str] = field(default_factory=dict)
    votes: dict[int, Vote] = field(default_factory=dict)
    push: dict[str, Any] | None = None
    collection: Collection | None = None
    watch: dict[str, str] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)

    @property
    def vote(self) -> Vote | None:
        """The last vote, unless it was taken back."""
        last = next(reversed(self.votes.values()), None)
        return None if last is None or last.stage == "taken back" else last

    def add(self, event: Event) -> None:
        """Change as an event says; each was checked before it was noted."""
        getattr(self, f"_{event.kind}")(event, **event.content)
        self.seq = event.seq

    def put(self, answer: AnswerRow) -> None:
        """Take an answer, as the last one that came; an earlier one of the same member to this round goes."""
        answers = self._changing(answer.vote).of(answer.round)
        answers.pop(answer.member, None)
        answers[answer.member] = answer

    def forget(self, member: int) -> None:
        """Leave nothing of a member who has left."""
        for number, vote in self.votes.items():
            for answers in vote.answers.values():
                if answers.pop(member, None) is not None:
                    self._changing(number)
        if self.collection is not None:
            self.collection.runs.pop(member, None)
        self.hidden.discard(member)

    def _changing(self, number: int) -> Vote:
        """A vote, of which nothing is kept that was so before."""
        vote = self.votes[number]
        vote.kept.clear()
        return vote

    # ---- events, by kind ----

    def _names(self, _event: Event, value: bool) -> None:
        self.names = value

    def _pace(self, _event: Event, value: Pace, why: str = "") -> None:
        self.pace, self.why = value, why

    def _place(self, _event: Event, page: str, section: str) -> None:
        self.place = {"page": page, "section": section}

    def _ask(self, event: Event, lesson: str, asked: dict[str, Any]) -> None:
        question = Asked.model_validate_json(json.dumps(asked))
        self.votes[event.seq] = Vote(event.seq, lesson, question, began={1: event.at})

    def _stage(self, _event: Event, vote: int, value: Stage) -> None:
        self._changing(vote).stage = value

    def _again(self, event: Event, vote: int) -> None:
        again = self._changing(vote)
        again.round += 1
        again.stage = "open"
        again.began[again.round] = event.at

    def _reveal(self, _event: Event, vote: int, worth: dict[str, Any]) -> None:
        revealed = self._changing(vote)
        revealed.worth = Worth.model_validate_json(json.dumps(worth))
        revealed.stage = "revealed"

    def _push(self, event: Event, page: str, lab: str, search: str) -> None:
        self.push = {"id": event.seq, "page": page, "lab": lab, "search": search}

    def _collect(self, event: Event, page: str, lab: str, title: str) -> None:
        self.collection = Collection(event.seq, page, lab, title)

    def _collected(self, _event: Event) -> None:
        if self.collection is not None:
            self.collection.is_open = False

    def _watch(self, _event: Event, page: str, lab: str) -> None:
        self.watch = {"page": page, "lab": lab} if lab else {}

    def _hand_in(self, _event: Event, member: int, search: str) -> None:
        if self.collection is not None:
            self.collection.runs[member] = search

    def _forgotten(self, _event: Event) -> None:
        """What somebody did who has left."""

    def _hide(self, _event: Event, member: int, value: bool) -> None:
        (self.hidden.add if value else self.hidden.discard)(member)
