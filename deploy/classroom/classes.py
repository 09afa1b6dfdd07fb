"""All classes of a server, by their codes and keys."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable

from deploy.classroom.classroom import Classroom, Member
from deploy.classroom.codes import as_code, new_code, new_token
from deploy.classroom.listeners import Listeners
from deploy.classroom.sections import Sections
from deploy.classroom.store import RoomRow, Store

LONGEST_SECONDS = 7 * 24 * 3600.0


class Classes:
    """The classes that a store holds.

    Args:
        store: The store.
        now: The time in seconds since 1970.
        sections: Where members may say that they are.
    """

    def __init__(self, store: Store, now: Callable[[], float] = time.time, sections: Sections | None = None):
        self.store, self._now, self._sections = store, now, sections
        self._rooms: dict[str, Classroom] = {}
        self._listeners: dict[str, Listeners] = {}
        for row in store.rooms():
            self._take(row)
        self.expire()

    def open(self, key: str = "") -> Classroom:
        """Open a class; with a key that a teacher has already, or a new one."""
        code = new_code()
        while code in self._rooms:
            code = new_code()
        return self._take(self.store.add_room(code, key or new_token(), self._now()))

    def newest(self) -> Classroom:
        """Return the class that was opened last; opens one if there is none."""
        return next(reversed(self._rooms.values()), None) or self.open()

    def end(self, room: Classroom) -> Classroom:
        """Delete a class with all that it holds; returns a new one, which the same key teaches."""
        self._delete(room)
        return self.open(room.row.key)

    def expire(self) -> None:
        """Delete what is older than a week; if nothing else is left, its key teaches a new class."""
        for room in list(self._rooms.values()):
            if room.row.opened < self._now() - LONGEST_SECONDS:
                self._delete(room)
                if not self._rooms:
                    self.open(room.row.key)

    def by_code(self, code: str) -> Classroom | None:
        """Return the class that a code, as somebody typed it, lets one join."""
        return self._rooms.get(as_code(code))

    def by_key(self, key: str) -> Classroom | None:
        """Return the class that a key lets one teach; of several the newest."""
        found = None
        for room in self._rooms.values():  # all of them: the time says nothing about a key
            if secrets.compare_digest(room.row.key.encode(), key.encode(errors="replace")):
                found = room
        return found

    def by_token(self, token: str) -> tuple[Classroom, Member] | None:
        """Return whose token this is, and of which class."""
        for room in self._rooms.values():
            member = room.member(token)
            if member is not None:
                return room, member
        return None

    def listeners(self, room: Classroom) -> Listeners:
        """Return who hears what happens in a class."""
        return self._listeners[room.row.code]

    def _take(self, row: RoomRow) -> Classroom:
        room = Classroom(self.store, row, now=self._now, sections=self._sections)
        self._rooms[row.code] = room
        self._listeners[row.code] = Listeners(room)
        return room

    def _delete(self, room: Classroom) -> None:
        del self._rooms[room.row.code]
        self.store.delete_room(room.row.id)
        self._listeners.pop(room.row.code).end()
