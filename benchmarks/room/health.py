"""How long a server takes to say how it is, asked several times a second while others use it."""

from __future__ import annotations

import threading
import time
import urllib.error
import urllib.request

PAUSE = 0.1
NEVER = 20.0  # seconds after which a question counts as not answered


class HealthWatch:
    """Asks from entering the block to leaving it, in a thread of its own.

    Args:
        address: Of the server, as `http://127.0.0.1:8866`.

    Attributes:
        seconds: How long each answer took; `NEVER` for one that did not come.
    """

    def __init__(self, address: str):
        self._address = f"{address}/health"
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._go_on, daemon=True)
        self.seconds: list[float] = []

    def __enter__(self) -> HealthWatch:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join(2 * NEVER)

    def _go_on(self) -> None:
        while not self._over.wait(PAUSE):
            asked = time.monotonic()
            answered = self._ask()
            self.seconds.append(time.monotonic() - asked if answered else NEVER)

    def _ask(self) -> bool:
        try:
            with urllib.request.urlopen(self._address, timeout=NEVER) as response:
                response.read()
        except urllib.error.HTTPError as answer:  # it says that it is starting, or closing
            answer.close()
        except OSError:
            return False
        return True
