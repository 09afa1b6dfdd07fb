"""The end of the server: nobody is let in, kernels end, then the server; and it does, whatever is in the way."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from logging import Logger
from typing import Any

from tornado.ioloop import IOLoop

from deploy.room import LessonKernels

# What kernels have to end, and what the whole has until the process goes as it is. Its kernels notice, and end too.
SECONDS_TO_END = 5
SECONDS_AT_MOST = 9


class Ending:
    """Ends a server when the system or a person says so; said once more, at once.

    Args:
        room: Its kernels.
        loop: Its event loop.
        log: Where to say so.
    """

    def __init__(self, room: LessonKernels, loop: IOLoop, log: Logger) -> None:
        self._room, self._loop, self._log = room, loop, log
        self._is_told = False

    def listen(self) -> None:
        """Answer to SIGTERM and Ctrl-C from now on."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._told)

    def _told(self, *_: Any) -> None:
        if self._is_told:
            os._exit(1)
        self._is_told = True
        # The loop may be occupied, and what is awaited may never come; this thread waits for neither.
        last = threading.Timer(SECONDS_AT_MOST, os._exit, [1])
        last.daemon = True
        last.start()
        self._loop.add_callback_from_signal(self._end)

    async def _end(self) -> None:
        self._room.closing = True
        self._log.info("Ending: %d kernels.", len(self._room.list_kernel_ids()))
        try:
            await asyncio.wait_for(self._room.shutdown_all(now=True), SECONDS_TO_END)
        except TimeoutError:
            self._log.warning("Some kernels did not end in %d s.", SECONDS_TO_END)
        finally:
            self._loop.stop()
