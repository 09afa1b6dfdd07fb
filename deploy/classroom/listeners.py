"""Tells the pages of a class what has changed: server-sent events, the newest state and never a queue of old ones."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

from deploy.classroom.classroom import FROZEN_SECONDS, Classroom, Member
from deploy.classroom.views import common, compact, counted, glimpses, own, teachers

# Numbers that change all the time are told so often; silence is broken so often, so that a page knows of a lost line.
COUNT_SECONDS = 0.1
GLIMPSE_SECONDS = 1.0
BEAT_SECONDS = 15.0
MOST_PAGES = 6
# After these a page hears nothing more: the class is over, or other pages of the same member took its place.
LAST = ("end", "enough")


class Listener:
    """A page that hears what happens; a member's, or the teacher's."""

    def __init__(self, all_of_them: Listeners, member: Member | None):
        self.member, self._all = member, all_of_them
        self._wake = asyncio.Event()
        self._wants, self._told, self._looks = "state", "", False
        self.is_closed = False

    def hear(self, what: str) -> None:
        """Send the `state` when there is room for it, or only `counts`; what is the `LAST` ends it."""
        if self._wants not in LAST and (what != "counts" or self._wants != "state"):
            self._wants = what
        self._wake.set()

    def look(self) -> None:
        """Send how the class's runs go."""
        self._looks = True
        self._wake.set()

    def close(self) -> None:
        """Send nothing more."""
        self.is_closed = True
        self._wake.set()

    async def messages(self) -> AsyncIterator[str]:
        """Yield what to send, until closed."""
        while not self.is_closed:
            wants, self._wants = self._wants, ""
            self._wake.clear()
            if message := self._message(wants):
                yield message
            if self._looks:
                self._looks = False
                yield f"event: glimpses\ndata: {compact(glimpses(self._all.room))}\n\n"
            if wants in LAST:
                return
            try:
                async with asyncio.timeout(BEAT_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                yield "event: beat\ndata:\n\n"

    def _message(self, wants: str) -> str:
        if wants in LAST:
            return f"event: {wants}\ndata:\n\n"
        if not wants:
            return ""
        before, self._told = self._told, self._all.counts()
        if wants == "counts" and self.member is not None:
            # A member is told of what has changed: not that somebody is of another mind.
            return "" if self._told == before else f"event: counts\ndata: {self._told}\n\n"
        return f"event: state\nid: {self._all.room.state.seq}\ndata: {self._all.seen(self.member)}\n\n"


class Listeners:
    """The pages that hear a class.

    Args:
        room: The class; it says here what changes.
    """

    def __init__(self, room: Classroom):
        self.room = room
        self._pages: dict[Listener, None] = {}  # the oldest first
        self._common: str | None = None
        self._counts: str | None = None
        self._is_over = False
        self._counting: asyncio.TimerHandle | None = None
        self._leaving: asyncio.TimerHandle | None = None
        self._looking: asyncio.TimerHandle | None = None
        room.changed, room.glimpsed = self._changed, self._glimpsed

    def seen(self, member: Member | None) -> str:
        """Return what a member, or the teacher, sees, as JSON."""
        if self._common is None:
            self._common = compact(common(self.room))
        mine = {"teacher": teachers(self.room)} if member is None else {"you": own(self.room, member)}
        return f'{{"class":{self._common},{compact(mine)[1:]}'

    def counts(self) -> str:
        """Return the numbers that change all the time, as JSON."""
        if self._counts is None:
            self._counts = compact(counted(self.room))
        return self._counts

    def open(self, member: Member | None) -> Listener:
        """Let a page listen; the oldest of too many of one member's hears no more."""
        listener = Listener(self, member)
        mine = [each for each in self._pages if each.member is member]
        if member is None:
            self.room.teachers += 1
            self._cancel_leaving()
        else:
            if len(mine) >= MOST_PAGES:
                mine[0].hear("enough")
                self._forget(mine[0])
            member.pages += 1
            self._note_leaving()  # of a teacher who was there before the server was started again
        self._pages[listener] = None
        if member is not None:
            self._changed(False)
        return listener

    def close(self, listener: Listener) -> None:
        """Let a page go."""
        listener.close()
        self._forget(listener)

    def _forget(self, listener: Listener) -> None:
        if listener not in self._pages:
            return
        del self._pages[listener]
        if listener.member is None:
            self.room.teachers -= 1
            self._note_leaving()
        else:
            listener.member.pages -= 1
            listener.member.seen = self.room.clock()
            self._changed(False)

    def dismiss(self, member: Member) -> None:
        """Let the pages go of somebody who has left."""
        for each in [each for each in self._pages if each.member is member]:
            self.close(each)

    def end(self) -> None:
        """Tell all pages that the class is no more."""
        self._is_over = True
        for each in self._pages:
            each.hear("end")
        for timer in (self._counting, self._leaving, self._looking):
            if timer is not None:
                timer.cancel()

    # ---- when ----

    def _changed(self, whole: bool) -> None:
        self._common = self._counts = None
        if not self._pages or self._is_over:
            return
        if whole:
            for each in self._pages:
                each.hear("state")
            if self.room.state.pace == "frozen":
                self._note_leaving()  # of a teacher who has frozen the class and is not listening
        elif self._counting is None:
            self._counting = asyncio.get_running_loop().call_later(COUNT_SECONDS, self._tell_counts)

    def _tell_counts(self) -> None:
        self._counting = None
        for each in self._pages:
            each.hear("counts")

    def _glimpsed(self) -> None:
        if self._looking is None and self.room.teachers:
            self._looking = asyncio.get_running_loop().call_later(GLIMPSE_SECONDS, self._tell_glimpses)

    def _tell_glimpses(self) -> None:
        self._looking = None
        for each in self._pages:
            if each.member is None:
                each.look()

    def _note_leaving(self) -> None:
        if not self.room.teachers and self._leaving is None and not self._is_over:
            self._leaving = asyncio.get_running_loop().call_later(FROZEN_SECONDS, self._unfreeze)

    def _cancel_leaving(self) -> None:
        if self._leaving is not None:
            self._leaving.cancel()
            self._leaving = None

    def _unfreeze(self) -> None:
        self._leaving = None
        self.room.unfreeze()
