"""Work that is done in parts, so that others get their turn in between: a generator that yields after each part."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any, Protocol, TypeVar, cast

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


class StepsInParts(Generator[T, None, None]):
    """A generator whose steps are made in parts, one after the other, or one part at a time by `part`.

    Args:
        parts: Yields None after a part that does not end a step, else what the step has brought.
    """

    def __init__(self, parts: Generator[T | None, None, None]):
        self._parts = parts

    def part(self) -> T | None:
        """Do a part; return what the step has brought if that was its last one, else None.

        Raises:
            StopIteration: If there is no further step.
        """
        return next(self._parts)

    def send(self, value: None) -> T:
        """Do what is left of a step."""
        while (brought := self.part()) is None:
            pass
        return brought

    def throw(self, *raised: Any) -> T:  # `close` of generators calls it
        return cast(T, self._parts.throw(*raised))
