"""Signs of life of the page of each kernel of a room."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass
class _Page:
    is_gallery: bool
    has_joined: bool = False
    away_since: float | None = None
    asked: int = 0


class Presence:
    """The pages of a room, by their kernels' ids. Times are the event loop's, in seconds."""

    def __init__(self) -> None:
        self._pages: dict[str, _Page] = {}

    def begin(self, kernel_id: str, is_gallery: bool) -> None:
        """A page has got its kernel."""
        self._pages[kernel_id] = _Page(is_gallery)

    def end(self, kernel_id: str) -> None:
        """Its kernel is no more."""
        self._pages.pop(kernel_id, None)

    def count(self, kernel_ids: Iterable[str], galleries: bool) -> int:
        """Return how many of these are pages of the gallery, or of lessons."""
        return sum(self._of(each).is_gallery == galleries for each in kernel_ids)

    def join(self, kernel_id: str) -> None:
        """A page has connected to its kernel."""
        page = self._of(kernel_id)
        page.has_joined, page.away_since = True, None

    def leave(self, kernel_id: str, last_sign: float) -> None:
        """The last connection of a page has ended; that it is there was last seen at `last_sign`."""
        self._of(kernel_id).away_since = last_sign

    def has_joined(self, kernel_id: str) -> bool:
        """True if a page has ever connected to its kernel."""
        return self._of(kernel_id).has_joined

    def away(self, kernel_id: str, now: float) -> float:
        """For how many seconds a page has been away; 0 while it is connected, or if it has never been."""
        since = self._of(kernel_id).away_since
        return 0.0 if since is None else now - since

    def ask(self, kernel_id: str, change: int) -> int:
        """Count who is connected to a kernel or waits to be; returns how many there are now."""
        page = self._of(kernel_id)
        page.asked += change
        return page.asked

    def _of(self, kernel_id: str) -> _Page:
        return self._pages.get(kernel_id) or _Page(is_gallery=False)
