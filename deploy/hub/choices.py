"""An operator's choices for the hub, in environment variables; a wrong one is a sentence before it starts."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from deploy.hub.single_user import FIRST_PAGES

STATE = Path(".hub")  # where the hub is started, as `make hub` does in the repository
SHORTEST = 8
USERNAME = r"\w[\w@.-]{0,63}\Z"  # a name is also a folder's, and must not be '..'
NO_PASSWORD = (
    f"Set LESSONS_HUB_PASSWORD (at least {SHORTEST} characters; all learners share it), "
    "or LESSONS_HUB_TRIAL=1 to try the hub alone on this machine, without passwords."
)


@dataclass(frozen=True)
class Choices:
    """The operator's choices.

    Attributes:
        address: Where the hub listens, as a URL.
        password: What learners type beside their name; none in a trial.
        state: Folder of the hub's database, its secrets and the learners' files.
        seats: How many servers may run at once.
        memory: What each process of a learner may allocate, as JupyterHub writes it (`2G`).
        idle: Seconds after which a server that nobody uses is stopped.
        opened: What a learner sees first, `lab` or `voila`.
        teachers: Names of those who teach the hub's class; without them there is none.
        teacher_password: What they type; none in a trial.
    """

    address: str
    password: str | None
    state: Path
    seats: int
    memory: str
    idle: int
    opened: str
    teachers: tuple[str, ...] = ()
    teacher_password: str | None = None


def read(environment: Mapping[str, str]) -> Choices:
    """Read the choices.

    Raises:
        ValueError: If there is neither a password nor a trial, a trial would be open to others, or another choice
            cannot be.
    """

    def given(name: str, default: str) -> str:
        return environment.get(f"LESSONS_{name}") or default

    opened = given("AS", "lab")
    if opened not in FIRST_PAGES:
        raise ValueError(f"LESSONS_AS is '{opened}'; it can be {' or '.join(FIRST_PAGES)}.")
    trial = given("HUB_TRIAL", "0") == "1"
    password = given("HUB_PASSWORD", "") or None
    address = given("HUB_URL", "http://127.0.0.1:8000")
    if password is None and not trial:
        raise ValueError(NO_PASSWORD)
    if password is not None and len(password) < SHORTEST:
        raise ValueError(f"LESSONS_HUB_PASSWORD has {len(password)} characters; {SHORTEST} is the least.")
    if password is None and not _is_loopback(address):
        raise ValueError(f"A trial has no passwords and listens on this machine alone, not on {address}.")
    teachers = _names(given("HUB_TEACHERS", ""))
    teacher_password = given("HUB_TEACHER_PASSWORD", "") or None
    if teachers and password is not None:
        _check_teachers(password, teacher_password)
    return Choices(
        address=address,
        password=password,
        state=Path(given("HUB_STATE", str(STATE))).absolute(),
        seats=_count("LESSONS_HUB_SEATS", given("HUB_SEATS", "30")),
        memory=given("HUB_MEMORY", "2G"),
        idle=_count("LESSONS_HUB_IDLE", given("HUB_IDLE", "3600")),
        opened=opened,
        teachers=teachers,
        teacher_password=teacher_password,
    )


def _names(text: str) -> tuple[str, ...]:
    names = tuple(name for name in (each.strip().lower() for each in text.split(",")) if name)
    for name in names:
        if not re.fullmatch(USERNAME, name):
            raise ValueError(f"LESSONS_HUB_TEACHERS names '{name}', which is no name; names stand between commas.")
    return names


def _check_teachers(password: str, teacher_password: str | None) -> None:
    if teacher_password is None or len(teacher_password) < SHORTEST or teacher_password == password:
        raise ValueError(
            f"Set LESSONS_HUB_TEACHER_PASSWORD (at least {SHORTEST} characters, another than that of the learners): "
            "else learners could log in under the names of LESSONS_HUB_TEACHERS."
        )


def _count(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ValueError(f"{name} is '{text}'; it has to be a whole number from 1.")
    return int(text)


def _is_loopback(address: str) -> bool:
    host = urlsplit(address).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
