"""A line of server-sent events, without a browser; unlike a client of HTTP's, it can be hung up."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from tornado.http1connection import HTTP1Connection, HTTP1ConnectionParameters
from tornado.httputil import HTTPHeaders, HTTPMessageDelegate, RequestStartLine, ResponseStartLine
from tornado.iostream import IOStream, StreamClosedError
from tornado.tcpclient import TCPClient

# The server breaks the silence every fifteen seconds; a line that says nothing for so long is dead.
SILENCE_SECONDS = 40.0
WITHOUT_END = 2**62


class _Heard(HTTPMessageDelegate):
    """Puts what comes into a queue; None at the end."""

    def __init__(self) -> None:
        self.chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self.status = 0

    async def next(self) -> bytes | None:
        """What comes next. (`wait_for` would lose a cancellation that comes at the same moment.)"""
        async with asyncio.timeout(SILENCE_SECONDS):
            return await self.chunks.get()

    def headers_received(self, start_line: Any, headers: HTTPHeaders) -> None:
        assert isinstance(start_line, ResponseStartLine)
        self.status = start_line.code

    def data_received(self, chunk: bytes) -> None:
        self.chunks.put_nowait(chunk)

    def finish(self) -> None:
        self.chunks.put_nowait(None)

    on_connection_close = finish


class EventLine:
    """One line.

    Args:
        address: Whole address of the stream.
        headers: Of the request.

    Attributes:
        status: Of the answer; 0 if none came.
        rest: What came without being an event, such as the body of a refusal.
    """

    def __init__(self, address: str, headers: Mapping[str, str]):
        self._parts, self._headers = urlsplit(address), headers
        self.status = 0
        self.rest = b""

    async def events(self) -> AsyncIterator[tuple[str, Any]]:
        """Yield what is told, as (kind, content), until the line ends; who stops to listen hangs up.

        Raises:
            OSError: If nobody answers, or the line is silent for too long.
        """
        stream = await self._connect()
        heard = _Heard()
        reading = asyncio.ensure_future(self._ask(stream).read_response(heard))
        try:
            while (chunk := await heard.next()) is not None:
                *whole, self.rest = (self.rest + chunk).split(b"\n\n")
                for each in whole:
                    yield _event(each)
        finally:
            self.status = heard.status
            reading.cancel()
            stream.close()

    async def _connect(self) -> IOStream:
        host, port, is_safe = self._parts.hostname or "", self._parts.port, self._parts.scheme == "https"
        try:
            return await TCPClient().connect(
                host, port or (443 if is_safe else 80), ssl_options=ssl.create_default_context() if is_safe else None
            )
        except StreamClosedError as trouble:
            raise trouble.real_error or trouble from None

    def _ask(self, stream: IOStream) -> HTTP1Connection:
        parameters = HTTP1ConnectionParameters(no_keep_alive=True, max_body_size=WITHOUT_END)
        connection = HTTP1Connection(stream, True, parameters)
        headers = HTTPHeaders({"Host": self._parts.netloc, "Connection": "close", **self._headers})
        connection.write_headers(RequestStartLine("GET", self._parts.path, "HTTP/1.1"), headers)
        connection.finish()
        return connection


def _event(text: bytes) -> tuple[str, Any]:
    fields = dict(line.partition(": ")[::2] for line in text.decode().split("\n"))
    return fields.get("event", ""), json.loads(fields.get("data") or "null")
