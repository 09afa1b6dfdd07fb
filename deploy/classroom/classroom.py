"""A class: who is in it, what its teacher and its members may do, and when."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import singledispatchmethod
from typing import Any

from deploy.classroom import commands
from deploy.classroom.aliases import new_alias
from deploy.classroom.asked import WORTH_OF, OfChoice
from deploy.classroom.codes import digest, new_token
from deploy.classroom.refusal import Refused
from deploy.classroom.room_state import RoomState, Vote
from deploy.classroom.sections import Sections
from deploy.classroom.store import AnswerRow, MemberRow, RoomRow, Store
from widgets.quiz.answer_kinds import problem, read_answer

MOST_MEMBERS = 500
MOST_VOTES = 500
LONGEST_NICKNAME = 24
# A phone that is in a pocket is still of the class; one that was put away is not waited for.
HERE_SECONDS = 600.0
# What one member may ask: so many at once, and so many a second after that.
BURST, A_SECOND = 30, 3.0
FROZEN_SECONDS = 90.0


@dataclass
class Member:
    """Who has joined. Times are seconds since 1970; `at` is page and section, as far as the page has said.

    `glimpse` is how the run of the lab goes that the teacher watches; kept nowhere else.
    """

    row: MemberRow
    seen: float
    pages: int = 0
    at: tuple[str, str] | None = None
    glimpse: commands.Glimpse | None = None
    left: float = BURST
    filled: float = field(default=0.0)

    def may_ask(self, now: float) -> bool:
        """True unless this member asks much too often."""
        self.left = min(BURST, self.left + max(0.0, now - self.filled) * A_SECOND)  # a clock may be set back
        self.filled = now
        if self.left < 1:
            return False
        self.left -= 1
        return True


class Classroom:
    """A room. What it says yes to is in the store before it returns.

    Args:
        store: Where it is kept.
        row: Which room.
        changed: Called after a change: with True if pages must be told all, with False if a number has changed.
        now: The time in seconds since 1970.
        sections: Where members may say that they are.
    """

    def __init__(
        self,
        store: Store,
        row: RoomRow,
        changed: Callable[[bool], None] = lambda _: None,
        now: Callable[[], float] = time.time,
        sections: Sections | None = None,
    ):
        self._store, self.row, self.changed, self.clock = store, row, changed, now
        self._sections = sections or Sections()
        self.members = {each.id: Member(each, each.joined) for each in store.members(row.id)}
        self._by_token = {each.row.token: each for each in self.members.values()}
        self.state = RoomState()
        for event in store.events(row.id):
            self.state.add(event)
        for answer in store.answers(row.id):
            self.state.put(answer)
        self.teachers = 0
        self.glimpsed: Callable[[], None] = lambda: None

    # ---- who is here ----

    def join(self, nickname: str = "") -> str:
        """Let somebody in; returns the token that the browser keeps.

        Raises:
            Refused: If the room is full.
        """
        if len(self.members) >= MOST_MEMBERS:
            raise Refused(f"The class is full: {MOST_MEMBERS} have joined.", 503)
        nickname = _plain(nickname) if self.state.names else ""
        token, taken = new_token(), {each.row.alias for each in self.members.values()}
        row = self._store.add_member(self.row.id, digest(token), new_alias(taken), nickname, self.clock())
        member = Member(row, self.clock())
        self.members[row.id] = self._by_token[row.token] = member
        self.changed(False)
        return token

    def member(self, token: str) -> Member | None:
        """Return who has this token."""
        return self._by_token.get(digest(token))

    @property
    def here(self) -> int:
        """How many are in the class now, or were until a moment ago."""
        since = self.clock() - HERE_SECONDS
        return sum(each.pages > 0 or each.seen > since for each in self.members.values())

    def is_here(self, member: Member) -> bool:
        """True if one of the member's pages is open."""
        return member.pages > 0

    # ---- what members do ----

    def tell(self, member: Member, command: commands.Command) -> None:
        """Do what a member asks for.

        Raises:
            Refused: If it cannot be done.
        """
        member.seen = self.clock()
        if not member.may_ask(member.seen):
            raise Refused("This came too often; wait some seconds.", 429)
        self._of_member(command, member)

    @singledispatchmethod
    def _of_member(self, command: commands.Command, member: Member) -> None:
        raise TypeError(f"{command!r} is no command of a member.")

    @_of_member.register
    def _(self, command: commands.Answer, member: Member) -> None:
        vote = self.state.votes.get(command.vote)
        if vote is None or vote.stage == "taken back":
            raise Refused("Your teacher has taken this question back.")
        if vote.stage != "open" or vote.round != command.round:
            raise Refused("The vote was closed before your answer came: it is not counted.")
        value = read_answer(vote.asked.answer, command.value)
        if isinstance(value, list) != (vote.asked.kind == "sketch"):
            value = None
        trouble = problem(vote.asked.answer, value)
        axes = vote.asked.axes
        if axes is not None and isinstance(value, list):
            is_below = axes.y.log and any(height is not None and height < 0 for height in value)
            if len(value) != axes.columns or is_below:
                trouble = "This curve is of another figure."
            value = [None if height is None else float(f"{height:.4g}") for height in value]
        if trouble:
            raise Refused(trouble, 400)
        answer = AnswerRow(vote.id, vote.round, member.row.id, value, self.clock())
        self._store.put_answer(self.row.id, answer)
        self.state.put(answer)
        self.changed(False)

    @_of_member.register
    def _(self, command: commands.HandIn, member: Member) -> None:
        collection = self.state.collection
        if collection is None or not collection.is_open or collection.id != command.collection:
            raise Refused("Your teacher does not collect runs any more.")
        self._note("hand_in", tell=False, member=member.row.id, search=command.search)

    @_of_member.register
    def _(self, command: commands.Glimpse, member: Member) -> None:
        member.glimpse = command if self.state.watch else None
        self.glimpsed()

    @_of_member.register
    def _(self, command: commands.Hide, member: Member) -> None:
        self._note("hide", tell=False, member=member.row.id, value=command.value)
        self.glimpsed()

    @_of_member.register
    def _(self, command: commands.At, member: Member) -> None:
        # The teacher sees it, on the wall perhaps: it is to be a lesson's heading, or where the teacher is.
        is_taught = self.state.place == {"page": command.page, "section": command.section}
        section = command.section if is_taught else self._sections.find(command.page, command.section)
        if section is not None:
            member.at = (command.page, section)
            self.changed(False)

    @_of_member.register
    def _(self, command: commands.Leave, member: Member) -> None:
        self._store.delete_member(self.row.id, member.row.id)
        self.state.forget(member.row.id)
        del self.members[member.row.id], self._by_token[member.row.token]
        self.changed(False)

    # ---- what the teacher does ----

    def teach(self, command: commands.Command) -> None:
        """Do what a teacher asks for; to ask for what is so already changes nothing.

        Raises:
            Refused: If it cannot be done.
        """
        self._of_teacher(command)

    @singledispatchmethod
    def _of_teacher(self, command: commands.Command) -> None:
        raise TypeError(f"{command!r} is no command of a teacher.")

    @_of_teacher.register
    def _(self, command: commands.Ask) -> None:
        vote = self.state.vote
        if vote is not None and not vote.is_over:
            if (vote.lesson, vote.asked.name) == (command.lesson, command.asked.name):
                return
            raise Refused("Another question is open: reveal it, or take it back, first.")
        if len(self.state.votes) >= MOST_VOTES:
            raise Refused(f"A class has at most {MOST_VOTES} questions; end it and open another.")
        if command.asked.kind == "sketch" and command.asked.axes is None:
            raise Refused("This question says not on which axes to draw.", 400)
        if command.asked.kind == "choice" and not command.asked.options:
            raise Refused("This question has no answers to choose.", 400)
        self._note("ask", lesson=command.lesson, asked=command.asked.model_dump(mode="json"))

    @_of_teacher.register
    def _(self, command: commands.OnVote) -> None:
        vote = self._vote(command.vote)
        match command.do, vote.stage:
            case "close", "open":
                self._note("stage", vote=vote.id, value="closed")
            case "again", "closed":
                if vote.round > 1:
                    raise Refused("There are two rounds at most: let the run decide.")
                self._note("again", vote=vote.id)
            case "decide", "open" | "closed":
                self._note("stage", vote=vote.id, value="deciding")
            case "undecided", "deciding":
                self._note("stage", vote=vote.id, value="closed")
            case "take_back", "open" | "closed" | "deciding":
                self._note("stage", vote=vote.id, value="taken back")
            case "again", "open" if vote.round == 1:
                raise Refused("Close the first round before the second.")

    @_of_teacher.register
    def _(self, command: commands.Reveal) -> None:
        vote = self._vote(command.vote)
        if vote.is_over:
            return
        verdicts = command.worth.verdicts
        is_of_this = isinstance(verdicts, WORTH_OF[vote.asked.kind])
        if is_of_this and isinstance(verdicts, OfChoice):
            is_of_this = len(verdicts.options) == len(vote.asked.options)
        if not is_of_this:
            raise Refused("What the run says is no answer to this question.", 400)
        self._note("reveal", vote=vote.id, worth=command.worth.model_dump(mode="json"))

    @_of_teacher.register
    def _(self, command: commands.SetPace) -> None:
        if command.value != self.state.pace:
            self._note("pace", value=command.value)

    @_of_teacher.register
    def _(self, command: commands.SetNames) -> None:
        if self.members and command.value != self.state.names:
            raise Refused("Somebody has joined already: nicknames are allowed, or not, before that.")
        self._note("names", value=command.value)

    @_of_teacher.register
    def _(self, command: commands.SetPlace) -> None:
        place = {"page": command.page, "section": command.section}
        if place != self.state.place:
            self._note("place", page=command.page, section=command.section)

    @_of_teacher.register
    def _(self, command: commands.Push) -> None:
        self._note("push", page=command.page, lab=command.lab, search=command.search)

    @_of_teacher.register
    def _(self, command: commands.Collect) -> None:
        self._note("collect", page=command.page, lab=command.lab, title=command.title)

    @_of_teacher.register
    def _(self, command: commands.Watch) -> None:
        for member in self.members.values():
            member.glimpse = None
        self._note("watch", page=command.page, lab=command.lab)

    @_of_teacher.register
    def _(self, _command: commands.Plain) -> None:
        self._note("collected")  # whose classes end is for `Classes`

    @_of_teacher.register
    def _(self, command: commands.Blank) -> None:
        member = self.members.get(command.member)
        if member is not None:
            self._store.blank(member.row.id)
            member.row = MemberRow(**{**member.row.__dict__, "nickname": ""})
            self.changed(True)

    def unfreeze(self) -> None:
        """Let pages go on where the teacher has been gone for too long."""
        if self.state.pace == "frozen":
            self._note("pace", value="free", why="Your teacher's connection was lost; go on by yourself.")

    def _vote(self, number: int) -> Vote:
        vote = self.state.votes.get(number)
        if vote is None or vote is not self.state.vote:
            raise Refused("This question is not the class's any more.")
        return vote

    def _note(self, kind: str, tell: bool = True, **content: Any) -> None:
        self.state.add(self._store.add_event(self.row.id, kind, content, self.clock()))
        self.changed(tell)


def _plain(nickname: str) -> str:
    """A nickname on one line, without what cannot be seen."""
    return " ".join("".join(sign if sign.isprintable() else " " for sign in nickname).split())[:LONGEST_NICKNAME]
