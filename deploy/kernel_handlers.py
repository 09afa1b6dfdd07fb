"""Requests about kernels that Voilà's own handlers do not treat as a room full of students needs."""

from __future__ import annotations

from urllib.parse import urlsplit

from tornado.web import HTTPError
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
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
