"""Messages on their way to a browser: how many may be, which have arrived, which were lost with a connection."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

WINDOW = 2
# A browser draws what it gets within a second; one that is hidden does not draw at all, and is asked less and less.
FIRST_PROBE_SECONDS = 3.0
MOST_PROBE_SECONDS = 30.0


class Delivery:
    """Numbers messages and counts their acknowledgements; asks after those that stay away.

    A connection may take messages and acknowledgements with it (a laptop that slept, another network) while both ends
    live on. Nothing tells a message that was lost from one that a slow or hidden page has not drawn yet but the page
    itself: it is asked, in some fifty bytes, and says what it has got. So a slow browser is never sent anything twice.

    Args:
        probe: Sends the question which messages have arrived, up to the number it is called with.

    Attributes:
        sent: Messages sent so far.
        acknowledged: Number of the newest one that is known to be on screen.
    """

    def __init__(self, probe: Callable[[int], None]):
        self.sent = self.acknowledged = 0
        self._probe = probe
        self._timer: asyncio.TimerHandle | None = None
        self._wait = FIRST_PROBE_SECONDS
        self._overdue = False

    @property
    def ready(self) -> bool:
        """True if one more may be sent now."""
        return self.sent - self.acknowledged < WINDOW

    @property
    def waits(self) -> bool:
        """True if something that was sent is not yet known to be on screen."""
        return self.acknowledged < self.sent

    def number(self) -> int:
        """Return the number of a message that is sent now."""
        self.sent += 1
        self._watch()
        return self.sent

    def drawn(self, number: int) -> None:
        """Note that everything up to a number is on screen."""
        if self.acknowledged < number <= self.sent:
            self.acknowledged = number
            self._wait, self._overdue = FIRST_PROBE_SECONDS, False

    def forget(self) -> None:
        """Wait for nothing that was sent before: whoever waited for it has missed it."""
        self.drawn(self.sent)

    def ask(self) -> None:
        """Ask now, and soon again, if something is overdue: a person is there and waits for an answer."""
        if self._overdue:
            self._wait, self._overdue = FIRST_PROBE_SECONDS, False
            self._probe(self.sent)

    def _watch(self) -> None:
        if self._timer is not None or not self.waits:
            return
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # in a script there is no browser
            return
        self._timer = loop.call_later(self._wait, self._look, self.sent)

    def _look(self, sent: int) -> None:
        self._timer = None
        if self.acknowledged < sent:
            self._overdue = True
            self._wait = min(2 * self._wait, MOST_PROBE_SECONDS)
            self._probe(self.sent)
        self._watch()
