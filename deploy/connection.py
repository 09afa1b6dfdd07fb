"""The connection between a page's websocket and its kernel: one protocol, and nothing passes once it is closed."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any, Self

from jupyter_server.services.kernels.connection.channels import ZMQChannelsWebsocketConnection
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

ASK_AGAIN_SECONDS = 0.5  # a kernel that was not yet subscribed to
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

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._connects = self._restored = self._ended = False
        self._nudge: asyncio.Future[None] | None = None
        self._news = asyncio.Event()

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
        if self._restored:
            return _Answered()
        self._nudge = asyncio.ensure_future(self._until_kernel_answers())
        return self._nudge

    async def _until_kernel_answers(self) -> None:
        """Ask the kernel for its description until that has come, and with it a word on iopub: it is subscribed to.

        Jupyter's own way does not end when the page has gone again, and then takes its streams from the next page.

        Raises:
            TimeoutError: If the kernel does not answer.
        """
        if self.kernel_manager.execution_state == "busy":  # it answers late, and speaks on iopub already
            return
        control, iopub = self.kernel_manager.connect_control(), self.channels["iopub"]
        heard: set[str] = set()

        def hear(channel: str) -> None:
            heard.add(channel)
            self._news.set()

        control.on_recv(lambda _: hear("control"))
        iopub.on_recv(lambda _: hear("iopub"))
        try:
            async with asyncio.timeout(self.kernel_info_timeout):
                while len(heard) < 2 and not self._ended and self.kernel_id in self.multi_kernel_manager:
                    self.session.send(control, "kernel_info_request")
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._news.wait(), ASK_AGAIN_SECONDS)
                    self._news.clear()
        finally:
            control.close()
            if not iopub.closed():
                iopub.stop_on_recv()

    @property
    def _waits(self) -> bool:
        """True until the kernel has answered: nothing of what it says is passed on before."""
        return not self._connects or (self._nudge is not None and not self._nudge.done())

    def disconnect(self) -> None:  # type: ignore[override] # not awaited, as in `ZMQChannelsWebsocketConnection`
        """End; once, however many say so."""
        if self._ended:
            return
        self._ended = True
        manager, kernel = self.multi_kernel_manager, self.kernel_id
        if self._waits:
            self._leave_nothing()
        else:
            super().disconnect()
        if self._connects:
            manager.last_seen(kernel, self.websocket_handler.last_pong)
        # They are kept for whoever comes back, or closed. What is still about to subscribe to them shall not.
        self.channels = {}

    def _leave_nothing(self) -> None:
        """End what was never connected: as one of two, not the last, which would be held for.

        Who comes back must not share streams with what still waits here for an answer.
        """
        manager, kernel = self.multi_kernel_manager, self.kernel_id
        for _ in range(1 if self._connects else 2):  # who waits to be connected is not counted yet
            AsyncMappingKernelManager.notify_connect(manager, kernel)
        super().disconnect()
        manager.notify_disconnect(kernel)
        self._news.set()

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


class _Answered(asyncio.Future[None]):
    """An answer that is there already, so that what waits for it is done at once.

    In the loop's next turn the page may have gone again, and with it what was held for it.
    """

    def __init__(self) -> None:
        super().__init__()
        self.set_result(None)

    def add_done_callback(self, fn: Callable[[Self], object], *, context: Any = None) -> None:
        """Call a function now."""
        fn(self)


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
