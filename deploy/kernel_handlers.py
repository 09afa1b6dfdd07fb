"""Requests about kernels that Voilà's own handlers do not treat as a room full of students needs."""

from __future__ import annotations

import asyncio
import json
from typing import Any, cast
from urllib.parse import urlsplit

from jupyter_server.services.kernels.websocket import KernelWebsocketHandler
from tornado.iostream import IOStream
from tornado.web import HTTPError
from tornado.websocket import WebSocketClosedError
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

from deploy.connection import PROTOCOL, LessonConnection
from deploy.hosts import AskedHere, asked_hosts
from deploy.room import LessonKernels

CONTROL = "jupyter.widget.control"
PARTS = (6, 200)  # offsets of a message: its channel, header, parent, metadata and content, then its buffers
# What may wait in the server for a page that reads slowly, before the next message. A page that has so much to catch up
# with is a minute behind on a slow line; it is disconnected, connects again, and is told the newest.
MOST_BYTES_UNSENT = 8 * 2**20
# One page has one; a page that was duplicated, or has just come back, two.
MOST_CONNECTIONS = 4


class LessonWebsocketHandler(AskedHere, KernelWebsocketHandler):
    """The websocket of a page: for clients of the v1 protocol, as each page of ours is; what is no message ends it.

    Not Voilà's own handler (0.5): that one reads the head of each outgoing message again, and takes for granted that it
    is one of v1. In what is not, the same bytes are a count of several quintillion parts, through which it loops.
    """

    connection: LessonConnection | None = None
    _unsent = 0

    async def get(self, kernel_id: str) -> None:
        """Accept the connection if it may be."""
        asked = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in [name.strip() for name in asked.split(",")]:
            raise HTTPError(400, f"This server speaks {PROTOCOL} only.")
        with cast(LessonKernels, self.kernel_manager).connecting(kernel_id) as connections:
            if connections > MOST_CONNECTIONS:
                raise HTTPError(429, f"A page has at most {MOST_CONNECTIONS} connections.")
            # Returns when the connection ends.
            await super().get(kernel_id)

    def select_subprotocol(self, subprotocols: list[str]) -> str | None:
        """Choose the protocol; whoever asks may have gone since."""
        return PROTOCOL if PROTOCOL in subprotocols else None

    async def open(self, kernel_id: str) -> None:
        """Begin to pass messages on, if whoever asked for the connection is still there."""
        if self.connection is not None:
            try:
                await super().open(kernel_id)
            except TimeoutError:
                self.log.warning("Kernel %s does not answer; its page has to connect again.", kernel_id)
                self.close(1013, "The kernel does not answer.")

    def on_message(self, message: bytes | str) -> None:
        """Hand on what a page sends; whoever sends anything else is disconnected, before Jupyter reads it."""
        if self.ws_connection is None:  # told to go, and not yet gone
            return
        try:
            kind, content = _kind_and_content(message)
            # A page opens one kind of comm; another could take the place of a widget's own.
            wanted = kind != "comm_open" or json.loads(content)["target_name"] == CONTROL
        except (ValueError, KeyError, TypeError, RecursionError):
            self.close(1003, "This is no message of Jupyter's.")
            return
        if wanted:
            super().on_message(message)

    def write_message(  # type: ignore[override] # nobody waits until it is sent
        self, message: bytes | str | dict[str, Any], binary: bool = False
    ) -> None:
        """Send a message to a page that is there and keeps up."""
        if self._unsent > MOST_BYTES_UNSENT and self.ws_connection is not None:
            self.log.warning("A page of kernel %s does not read what it is sent; disconnected.", self.kernel_id)
            # No goodbye: it would wait behind all the rest.
            cast(IOStream, self.ws_connection.stream).close()
            self.close()
        try:
            sent = super().write_message(message, binary)
        except WebSocketClosedError:  # the page has gone, and its goodbye is on the way
            return
        size = len(message)
        self._unsent += size
        sent.add_done_callback(lambda sent: self._is_sent(size, sent))

    def _is_sent(self, size: int, sent: asyncio.Future[None]) -> None:
        self._unsent -= size
        if not sent.cancelled():
            sent.exception()  # it was sent, or the page has gone: nobody needs to be told

    def close(self, code: int | None = None, reason: str | None = None) -> None:
        """Tell the page to go; from now on its kernel's messages are held for it, or for nobody."""
        super().close(code, reason)
        if self.connection is not None:
            self.connection.disconnect()

    def on_close(self) -> None:
        """Note that the page has gone."""
        if self.connection is not None:
            super().on_close()


def _kind_and_content(message: bytes | str) -> tuple[str, bytes]:
    """Type and content of a message of the v1 protocol.

    Its head is the number of offsets, then the offsets, 8 bytes each; the first one says where the head ends.

    Raises:
        ValueError: If it is none. Jupyter itself would believe any number of offsets, and reserve memory for them.
    """
    if not isinstance(message, bytes) or not PARTS[0] <= int.from_bytes(message[:8], "little") <= PARTS[1]:
        raise ValueError("no message")
    count = int.from_bytes(message[:8], "little")
    offsets = [int.from_bytes(message[8 * n : 8 * (n + 1)], "little") for n in range(1, count + 1)]
    if offsets != sorted(offsets) or offsets[0] != 8 * (count + 1) or offsets[-1] > len(message):
        raise ValueError("no message")
    return json.loads(message[offsets[1] : offsets[2]])["msg_type"], message[offsets[4] : offsets[5]]


class LessonShutdownHandler(AskedHere, VoilaShutdownKernelHandler):
    """Ends a kernel when its page is left.

    The browser says so with a beacon, which can carry no token against cross-site requests: Voilà 0.5 answers 403 and
    the kernel stays. The beacon does carry its origin, which other sites cannot forge; that is checked instead.
    """

    def check_xsrf_cookie(self) -> None:
        """Refuse requests that pages of other sites make."""
        origin = urlsplit(self.request.headers.get("Origin", "")).netloc.lower()
        if origin not in asked_hosts(self.request):
            raise HTTPError(403, "Only a page of this server may end its kernel.")
