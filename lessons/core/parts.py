"""Work that is done in parts, so that others get their turn in between: a generator that yields after each part."""

from __future__ import annotations

from collections.abc import Generator
from typing import Protocol, TypeVar

T = TypeVar("T")

# Yields nothing that means anything, and returns what came of the work.
Parts = Generator[None, None, T]


def whole(parts: Parts[T]) -> T:
    """Do all parts that are left, one after the other, and return what came of them."""
    while True:
        try:
            next(parts)
        except StopIteration as end:
            result: T = end.value
            return result


class InParts(Protocol):
    """A long computation that can be done in parts."""

    @property
    def ready(self) -> bool:
        """True if it has been computed."""

    def advance(self) -> None:
        """Compute a part of it; nothing once it is ready."""
