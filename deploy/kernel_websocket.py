"""The websocket to a kernel, for clients of the current protocol only."""

from __future__ import annotations

from tornado.web import HTTPError
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

PROTOCOL = "v1.kernel.websocket.jupyter.org"


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
