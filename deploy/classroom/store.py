"""What a class leaves behind, in one SQLite file: written before anybody is told that it was taken.

Four tables. Events are only added and are numbered; a room's state is what they add up to (`room_state.py`). Answers
stand by themselves, one for each question, round and member.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VERSION = 1
# Written ahead: a killed process loses nothing.
SETTINGS = ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON", "secure_delete = ON")
# One server has the file: two would each know half of a class. One that is started while the last still ends waits.
LOCK_SECONDS = 5.0
# Kinds of events that say what a member did.
OF_MEMBERS = ("hand_in", "hide")
SCHEMA = """
CREATE TABLE room (
    id INTEGER PRIMARY KEY,
    code TEXT NOT NULL UNIQUE,
    key TEXT NOT NULL,
    opened REAL NOT NULL
);
CREATE TABLE member (
    id INTEGER PRIMARY KEY AUTOINCREMENT, -- the number of one who has left is given to nobody else
    room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
    token TEXT NOT NULL UNIQUE,
    alias TEXT NOT NULL,
    nickname TEXT NOT NULL,
    joined REAL NOT NULL
);
CREATE TABLE answer (
    room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
    vote INTEGER NOT NULL,
    round INTEGER NOT NULL,
    member INTEGER NOT NULL REFERENCES member ON DELETE CASCADE,
    value TEXT NOT NULL,
    at REAL NOT NULL,
    PRIMARY KEY (room, vote, round, member)
);
CREATE TABLE event (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    room INTEGER NOT NULL REFERENCES room ON DELETE CASCADE,
    kind TEXT NOT NULL,
    content TEXT NOT NULL,
    at REAL NOT NULL
);
"""


@dataclass(frozen=True)
class RoomRow:
    """A room. `key` is the teacher's, `opened` seconds since 1970."""

    id: int
    code: str
    key: str
    opened: float


@dataclass(frozen=True)
class MemberRow:
    """Who has joined. `token` is the digest of what the member's browser keeps."""

    id: int
    token: str
    alias: str
    nickname: str
    joined: float


@dataclass(frozen=True)
class AnswerRow:
    """An answer to a round of a vote."""

    vote: int
    round: int
    member: int
    value: Any
    at: float


@dataclass(frozen=True)
class Event:
    """Something that a teacher or a member did."""

    seq: int
    kind: str
    content: dict[str, Any]
    at: float


class Store:
    """The file. What a method has written is there after the process is killed.

    Args:
        path: Of the file; it and its folder are made for this user alone. ":memory:" for none.

    Raises:
        OSError: If it cannot be made, or is no store of this version; one sentence says which.
    """

    def __init__(self, path: str | Path):
        self.path = str(path)
        try:
            if self.path != ":memory:":
                folder = Path(self.path).resolve().parent
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as trouble:
            raise OSError(f"The class's file {self.path} cannot be used: {trouble.strerror}.") from trouble
        self._base = sqlite3.connect(self.path, isolation_level=None, timeout=LOCK_SECONDS)
        try:
            self._set("locking_mode = EXCLUSIVE")
            is_new = self._is_new()
            for setting in SETTINGS:
                self._set(setting)
            if is_new:
                self._base.executescript(f"BEGIN; {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;")
        except sqlite3.DatabaseError as trouble:
            self.close()
            why = "another server uses it" if "locked" in str(trouble) else str(trouble)
            raise OSError(f"The class's file {self.path} cannot be used: {why}.") from trouble

    def _set(self, setting: str) -> None:
        self._base.execute(f"PRAGMA {setting}")

    def _is_new(self) -> bool:
        """True if nothing is in the file; it is closed again if it is not ours."""
        (version,) = self._base.execute("PRAGMA user_version").fetchone()
        (tables,) = self._base.execute("SELECT count(*) FROM sqlite_master").fetchone()
        if version == VERSION or (version == 0 and tables == 0):
            return bool(version == 0)
        self.close()
        raise OSError(f"The class's file {self.path} is of another version of the lessons; name another file.")

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    # ---- rooms ----

    def add_room(self, code: str, key: str, now: float) -> RoomRow:
        """Open a room; one with the same code must not be there."""
        made = self._base.execute("INSERT INTO room (code, key, opened) VALUES (?, ?, ?)", (code, key, now))
        return RoomRow(int(made.lastrowid or 0), code, key, now)

    def rooms(self) -> Iterator[RoomRow]:
        """Return all rooms, the oldest first."""
        return (RoomRow(*row) for row in self._base.execute("SELECT id, code, key, opened FROM room ORDER BY id"))

    def delete_room(self, room: int) -> None:
        """Delete a room, with all that it holds; what was written is overwritten."""
        self._base.execute("DELETE FROM room WHERE id = ?", (room,))
        self._overwrite()

    # ---- members ----

    def add_member(self, room: int, token: str, alias: str, nickname: str, now: float) -> MemberRow:
        """Let somebody in; `token` is a digest."""
        made = self._base.execute(
            "INSERT INTO member (room, token, alias, nickname, joined) VALUES (?, ?, ?, ?, ?)",
            (room, token, alias, nickname, now),
        )
        return MemberRow(int(made.lastrowid or 0), token, alias, nickname, now)

    def members(self, room: int) -> Iterator[MemberRow]:
        """Return who has joined a room."""
        found = self._base.execute("SELECT id, token, alias, nickname, joined FROM member WHERE room = ?", (room,))
        return (MemberRow(*row) for row in found)

    def blank(self, member: int) -> None:
        """Forget the nickname of a member."""
        self._base.execute("UPDATE member SET nickname = '' WHERE id = ?", (member,))
        self._overwrite()

    def delete_member(self, room: int, member: int) -> None:
        """Delete a member, with all answers; of what he or she did, the numbers of the events are left."""
        done = f"room = ? AND kind IN ({', '.join('?' * len(OF_MEMBERS))}) AND json_extract(content, '$.member') = ?"
        self._base.execute("DELETE FROM member WHERE id = ?", (member,))
        forget = f"UPDATE event SET kind = 'forgotten', content = '{{}}', at = 0 WHERE {done}"
        self._base.execute(forget, (room, *OF_MEMBERS, member))
        self._overwrite()

    def _overwrite(self) -> None:
        """Leave nothing of what was deleted, neither in the file nor in what was written ahead of it."""
        self._base.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    # ---- answers and events ----

    def put_answer(self, room: int, answer: AnswerRow) -> None:
        """Keep an answer; the same member's earlier one to this round is replaced."""
        row = (room, answer.vote, answer.round, answer.member, json.dumps(answer.value), answer.at)
        self._base.execute("INSERT OR REPLACE INTO answer VALUES (?, ?, ?, ?, ?, ?)", row)

    def answers(self, room: int) -> Iterator[AnswerRow]:
        """Return all answers of a room, in the order in which they came."""
        query = "SELECT vote, round, member, value, at FROM answer WHERE room = ? ORDER BY rowid"
        for vote, number, member, value, at in self._base.execute(query, (room,)):
            yield AnswerRow(vote, number, member, json.loads(value), at)

    def add_event(self, room: int, kind: str, content: dict[str, Any], now: float) -> Event:
        """Note what was done; its number is larger than all before."""
        row = (room, kind, json.dumps(content), now)
        made = self._base.execute("INSERT INTO event (room, kind, content, at) VALUES (?, ?, ?, ?)", row)
        return Event(int(made.lastrowid or 0), kind, content, now)

    def events(self, room: int) -> Iterator[Event]:
        """Return what was done in a room, in order."""
        query = "SELECT seq, kind, content, at FROM event WHERE room = ? ORDER BY seq"
        for seq, kind, content, at in self._base.execute(query, (room,)):
            yield Event(seq, kind, json.loads(content), at)
