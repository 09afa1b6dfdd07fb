"""Requests about kernels that Voilà's own handlers do not treat as a room full of students needs."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

from tornado.web import HTTPError
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

PROTOCOL = "v1.kernel.websocket.jupyter.org"
CONTROL = "jupyter.widget.control"
PARTS = (6, 200)  # offsets of a message: its channel, header, parent, metadata and content, then its buffers


class LessonWebsocketHandler(VoilaKernelWebsocketHandler):
    """Refuses clients that do not speak the v1 protocol, as every page of ours does.

    Voilà 0.5 reads each outgoing binary message as one of v1. A client that asked for no protocol gets another
    format, in which the same bytes are a count of several quintillion offsets: one such client stopped the whole
    server and took 22 GB of memory.
    """

    async def get(self, kernel_id: str) -> None:
        """Accept the connection if it may be."""
        asked = self.request.headers.get("Sec-WebSocket-Protocol", "")
        if PROTOCOL not in [name.strip() for name in asked.split(",")]:
            raise HTTPError(400, f"This server speaks {PROTOCOL} only.")
        await super().get(kernel_id)

    def on_message(self, message: bytes | str) -> None:
        """Hand on what a page sends; whoever sends anything else is disconnected, before Jupyter reads it."""
        try:
            kind, content = _kind_and_content(message)
            # A page opens one kind of comm; another could take the place of a widget's own.
            wanted = kind != "comm_open" or json.loads(content)["target_name"] == CONTROL
        except (ValueError, KeyError, TypeError, RecursionError):
            self.close(1003, "This is no message of Jupyter's.")
            return
        if wanted:
            super().on_message(message)


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


class LessonShutdownHandler(VoilaShutdownKernelHandler):
    """Ends a kernel when its page is left.

    The browser says so with a beacon, which can carry no token against cross-site requests: Voilà 0.5 answers 403 and
    the kernel stays. The beacon does carry its origin, which other sites cannot forge; that is checked instead.
    """

    def check_xsrf_cookie(self) -> None:
        """Refuse requests that pages of other sites make."""
        origin = self.request.headers.get("Origin", "")
        if urlsplit(origin).netloc != self.request.host:
            raise HTTPError(403, "Only a page of this server may end its kernel.")
