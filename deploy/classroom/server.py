"""The classes of a server: where they are kept, where they answer, and what the teacher is told."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

from jupyter_core.paths import jupyter_data_dir
from tornado.ioloop import PeriodicCallback

from deploy.classroom.addresses import local_addresses
from deploy.classroom.classes import Classes
from deploy.classroom.classroom import MOST_MEMBERS
from deploy.classroom.codes import Guesses
from deploy.classroom.files import ClassFiles
from deploy.classroom.sections import Sections
from deploy.classroom.store import Store
from deploy.places import NOTEBOOKS

# Each member's page holds a connection, and asks on another.
CONNECTIONS = 2 * MOST_MEMBERS
# How often is looked for classes that are too old.
LOOK_SECONDS = 60.0


def default_file() -> Path:
    """Return where classes are kept if nobody says so: in the user's data folder."""
    return Path(jupyter_data_dir()) / "training-dynamics-lab" / "class.sqlite3"


class Server:
    """What the handlers have in common; a class is open.

    Args:
        file: Where classes are kept; empty for the user's data folder.
        base: Where the server's addresses begin, with a slash at its end.
        lessons: Addresses of a lesson, with {} for its stem, the one that opens at once first.
        displayed: Address that the server was given for others; empty if it has none but its own.
        gallery: Address of all lessons, if they are not where the server's addresses begin.
        notebooks: Folder of the lessons, whose headings say where a class is.

    Raises:
        OSError: If the file cannot be used.
    """

    def __init__(
        self,
        file: str | Path,
        base: str,
        lessons: Sequence[str],
        displayed: str = "",
        gallery: str = "",
        notebooks: Path = NOTEBOOKS,
    ):
        self.base, self.lessons, self._displayed = base, tuple(lessons), displayed
        self.gallery = gallery or base
        self.classes = Classes(Store(file or default_file()), sections=Sections(notebooks))
        self.classes.newest()
        self.files = ClassFiles()
        self.guesses = Guesses(time.monotonic)
        self.port = 0  # known once the server listens
        self.is_alone = False  # it listens to this machine only
        self._looking: PeriodicCallback | None = None

    def watch(self) -> None:
        """See to it that no class grows too old from now on; called where the server's loop runs, however often."""
        if self._looking is None:
            self._looking = PeriodicCallback(self.classes.expire, 1000 * LOOK_SECONDS)
            self._looking.start()

    def join(self) -> list[str]:
        """Return addresses at which a class finds this server now, with a slash at their end, the best first."""
        if self._displayed:
            return [self._displayed.rstrip("/") + "/"]
        found = [] if self.is_alone else local_addresses()
        return [f"http://{host}:{self.port}{self.base}" for host in found or ["127.0.0.1"]]

    def said_to_teacher(self, is_logged: bool = False) -> str:
        """Return the lines for the teacher; the key stands where browsers send it nowhere, behind the `#`.

        Args:
            is_logged: Whether the lines are kept by a machine. Then they name a file that has the address.
        """
        room = self.classes.newest()
        joined = "\n".join(f"        {address}r/{room.row.code}" for address in self.join())
        taught = f"http://127.0.0.1:{self.port}{self.base}class/#{room.row.key}"
        if is_logged:
            file = _written(Path(self.classes.store.path).with_suffix(".address"), taught)
            taught = f"the address in {file}"
        return (
            f"\n    A class is open. Its code is {room.row.code}. It is joined at\n{joined}\n"
            f"    Teach it (keep this address to yourself) at\n        {taught}\n"
        )


def _written(path: Path, text: str) -> Path:
    """Write a file that this user alone reads."""
    with open(os.open(path, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(f"{text}\n")
    return path
