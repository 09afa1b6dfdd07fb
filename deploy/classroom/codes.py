"""Codes that let one join a class, keys that let one teach it, and who guesses at them."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from collections import deque
from collections.abc import Callable

# Without signs that are taken for others when they are read aloud or from far away: 0 O, 1 I L, 2 Z, 5 S, 8 B, U V.
SIGNS = "3467ACDEFGHJKMNPQRTWXY9"
LENGTH = 6
# In one minute: from one address, behind which a whole class may be, and from all together.
GUESSES, ALL_GUESSES = 40, 400
MINUTE = 60.0


def new_code() -> str:
    """Return a code of six signs: one of 148 million."""
    return "".join(secrets.choice(SIGNS) for _ in range(LENGTH))


def new_token() -> str:
    """Return 128 random bits, as text for an address or a cookie."""
    return secrets.token_urlsafe(16)


def digest(token: str) -> str:
    """Return what is kept of a token: who reads the store cannot use it."""
    return hashlib.sha256(token.encode()).hexdigest()


def as_code(text: str) -> str:
    """Return a code as it is meant, however it was typed."""
    plain = unicodedata.normalize("NFKC", text).upper()
    return "".join(sign for sign in plain if sign in SIGNS)


class Guesses:
    """Counts wrong codes and keys, by the address that they come from.

    Args:
        now: The time in seconds.
    """

    def __init__(self, now: Callable[[], float]):
        self._now = now
        self._all: deque[tuple[float, str]] = deque()

    def note(self, address: str) -> None:
        """Note a wrong one."""
        self._all.append((self._now(), address))

    def too_many(self, address: str) -> bool:
        """True if so many came within the last minute that none is looked at."""
        while self._all and self._all[0][0] < self._now() - MINUTE:
            self._all.popleft()
        mine = sum(one == address for _, one in self._all)
        return mine >= GUESSES or len(self._all) >= ALL_GUESSES
