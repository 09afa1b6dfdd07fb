"""The websocket of a page's kernel, in Jupyter's protocol v1."""

from __future__ import annotations

import asyncio
import contextlib
import json
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1
from tornado.httpclient import HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from benchmarks.room.seen import LostError

PROTOCOL = "v1.kernel.websocket.jupyter.org"
LARGEST = 64 * 2**20
# Tornado waits five seconds for the server's goodbye.
GOODBYE_SECONDS = 10


class Message(NamedTuple):
    """A message from the kernel."""

    kind: str
    content: dict[str, Any]
    buffers: Sequence[bytes]


class Channel:
    """An open channel to one kernel."""

    def __init__(self, socket: WebSocketClientConnection, session: str):
        self._socket, self._session = socket, session

    @classmethod
    async def open(cls, address: str, kernel: str, headers: Mapping[str, str]) -> Channel:
        """Connect as a page does.

        Args:
            address: Of the server, as `http://127.0.0.1:8866`.
            kernel: Its id.
            headers: Origin and cookies.
        """
        session = str(uuid.uuid4())
        url = f"ws://{urlsplit(address).netloc}/api/kernels/{kernel}/channels?session_id={session}"
        request = HTTPRequest(url, headers=dict(headers), connect_timeout=60, request_timeout=60)
        return cls(await websocket_connect(request, subprotocols=[PROTOCOL], max_message_size=LARGEST), session)

    def send(self, kind: str, content: dict[str, Any], metadata: Mapping[str, str] | None = None) -> None:
        """Send a message on the shell channel."""
        header = {
            "msg_id": str(uuid.uuid4()),
            "msg_type": kind,
            "username": "",
            "session": self._session,
            "version": "5.2",
            "date": datetime.now(UTC).isoformat(),
        }
        message = {"header": header, "parent_header": {}, "metadata": metadata or {}, "content": content}
        packed = serialize_msg_to_ws_v1(message, "shell", pack=lambda part: json.dumps(part).encode())
        self._socket.write_message(packed, binary=True)

    def custom(self, model: str, content: dict[str, Any]) -> None:
        """Send a custom message to a widget."""
        self.send("comm_msg", {"comm_id": model, "data": {"method": "custom", "content": content}})

    async def receive(self) -> Message:
        """Return the next message.

        Raises:
            LostError: If the websocket was closed.
        """
        payload = await self._socket.read_message()
        if payload is None:
            raise LostError(f"The websocket closed with code {self._socket.close_code}.")
        _, (header, _, _, content, *buffers) = deserialize_msg_from_ws_v1(payload)
        return Message(json.loads(header)["msg_type"], json.loads(content), buffers)

    async def close(self) -> None:
        """Close the websocket; returns when it is closed. What the server still sends before its goodbye is dropped."""
        self._socket.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                while await self._socket.read_message() is not None:
                    pass
