"""A websocket client that speaks to a kernel without the page, and keeps none of its manners."""

from __future__ import annotations

import contextlib
import json
import time
import uuid
from typing import Any, Self

import websocket
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1


class HostileClient:
    """Speaks the kernel's protocol without the page.

    Args:
        address: Of the server, as "http://127.0.0.1:8866".
        kernel: Its id.
        protocol: The one to ask for; None asks for none.
        session: Its session; one of its own unless told.
    """

    def __init__(
        self,
        address: str,
        kernel: str,
        protocol: str | None = "v1.kernel.websocket.jupyter.org",
        session: str | None = None,
    ):
        host = address.split("//")[1]
        url = f"ws://{host}/api/kernels/{kernel}/channels?session_id={session or uuid.uuid4()}"
        self._socket = websocket.create_connection(url, timeout=30, subprotocols=[protocol] if protocol else None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def send(self, kind: str, content: Any, channel: str = "shell", metadata: dict[str, Any] | None = None) -> None:
        """Send a message; its content need not make sense."""
        header = {
            "msg_id": uuid.uuid4().hex,
            "msg_type": kind,
            "username": "mallory",
            "session": uuid.uuid4().hex,
            "version": "5.3",
            "date": "2026-01-01T00:00:00Z",
        }
        message = {"header": header, "parent_header": {}, "metadata": metadata or {}, "content": content}
        packed = serialize_msg_to_ws_v1(message, channel, pack=lambda part: json.dumps(part).encode())
        self._socket.send_binary(packed)

    def send_bytes(self, raw: bytes | str) -> None:
        """Send what need not be a message at all."""
        send = self._socket.send if isinstance(raw, str) else self._socket.send_binary
        send(raw)

    def is_connected(self, seconds: float = 1.0) -> bool:
        """Whether the server keeps the connection."""
        self._socket.settimeout(seconds)
        try:
            while self._socket.recv():
                pass
        except websocket.WebSocketTimeoutException:
            return True
        except (websocket.WebSocketConnectionClosedException, ConnectionError):
            pass
        return False

    def answers(self, seconds: float = 1.0) -> list[str]:
        """Types of the messages that arrive until none has come for so long."""
        types = []
        self._socket.settimeout(seconds)
        with contextlib.suppress(websocket.WebSocketTimeoutException):
            while True:
                types.append(deserialize_msg_from_ws_v1(self._socket.recv())[1][0])
        return [json.loads(header)["msg_type"] for header in types]

    def answers_for(self, seconds: float) -> list[str]:
        """Types of the messages that arrive within so long, of a kernel that never falls silent."""
        types, end = [], time.monotonic() + seconds
        self._socket.settimeout(30)
        while time.monotonic() < end:
            header = deserialize_msg_from_ws_v1(self._socket.recv())[1][0]
            types.append(json.loads(header)["msg_type"])
        return types

    def close(self) -> None:
        """Leave, without a goodbye; also where the server has left before."""
        self._socket.shutdown()
