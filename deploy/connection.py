"""What lies between a page's websocket and its kernel: the protocol is one, and nothing passes once it is closed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterator
from typing import Any

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

PROTOCOL = "v1.kernel.websocket.jupyter.org"
# What waits for a page that is away. A page that comes back after minutes finds the newest of what its labs said of
# themselves, and asks for its figures anew; the oldest is what it can do without.
MOST_BYTES_FOR_WHO_IS_AWAY = 4 * 2**20


class LessonConnection(ZMQChannelsWebsocketConnection):
    """Passes messages on until the websocket closes, and not a moment longer.

    Tornado forgets a websocket when it is told to close, but says so to nobody until the other side has answered or
    five seconds have passed. Jupyter knows no protocol in between, writes what comes from the kernel in its older
    format, and keeps what would belong to the page that is already connecting again. Here the connection ends when the
    websocket is told to, and the protocol is the one that the handler has insisted on.
    """

    _connects = False
    _restored = False
    _ended = False

    @property
    def subprotocol(self) -> str:
        """The protocol of all messages; `LessonWebsocketHandler` lets nobody in who does not speak it."""
        return PROTOCOL

    def connect(self) -> Any:
        """Begin to pass messages on; what was held for the page first."""
        self._connects = True
        self._restored = self.multi_kernel_manager.holds_for(self.kernel_id, self.session_key)
        return super().connect()

    def nudge(self) -> asyncio.Future[None]:
        """Wait until the kernel answers, where it is not known to: Jupyter drops what the kernel says meanwhile."""
        if not self._restored:
            return super().nudge()
        answered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        answered.set_result(None)
        return answered

    def disconnect(self) -> None:  # type: ignore[override] # not awaited, as in `ZMQChannelsWebsocketConnection`
        """End; once, however many say so."""
        if self._ended:
            return
        self._ended = True
        manager, kernel = self.multi_kernel_manager, self.kernel_id
        if self._connects:
            super().disconnect()
            manager.last_seen(kernel, self.websocket_handler.last_pong)
        else:
            # Who left before being connected was never counted and leaves nothing to hold: as one of two, not the last.
            AsyncMappingKernelManager.notify_connect(manager, kernel)
            AsyncMappingKernelManager.notify_connect(manager, kernel)
            super().disconnect()
            manager.notify_disconnect(kernel)
        # They are kept for whoever comes back, or closed. What is still about to subscribe to them shall not.
        self.channels = {}

    def handle_outgoing_message(self, stream: Any, outgoing_msg: list[Any]) -> None:
        """Pass on a message from the kernel, but not what a page need not know: the code of its cells."""
        if self._ended:
            return
        _, parts = self.session.feed_identities(outgoing_msg)
        if self.get_part("header", None, parts[1:])["msg_type"] != "execute_input":
            super().handle_outgoing_message(stream, outgoing_msg)

    def write_stderr(self, error_message: str, parent_header: Any) -> None:
        """Say that something went wrong, to whoever still listens."""
        if not self._ended:
            super().write_stderr(error_message, parent_header)

    def _send_status_message(self, status: str) -> None:
        if not self._ended:
            super()._send_status_message(status)


class Held:
    """Messages for a page that is away: the newest, up to so many bytes.

    Stands in for the list that Jupyter appends to and reads once.
    """

    def __init__(self, most_bytes: int = MOST_BYTES_FOR_WHO_IS_AWAY) -> None:
        self._most_bytes = most_bytes
        self._messages: deque[tuple[str, list[bytes]]] = deque()
        self.bytes = 0

    def append(self, message: tuple[str, list[bytes]]) -> None:
        """Hold a message, and let go of the oldest where there is no room."""
        self._messages.append(message)
        self.bytes += _size(message)
        while self.bytes > self._most_bytes:
            self.bytes -= _size(self._messages.popleft())

    def __len__(self) -> int:
        return len(self._messages)

    def __iter__(self) -> Iterator[tuple[str, list[bytes]]]:
        return iter(self._messages)


def _size(message: tuple[str, list[bytes]]) -> int:
    return sum(map(len, message[1]))
