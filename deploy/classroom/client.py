"""A page of a class without a browser: asks, and hears what changes, under a cookie of its own."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tornado.httpclient import HTTPClientError, HTTPRequest, HTTPResponse
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from deploy.classroom.refusal import Refused

PATIENCE_SECONDS = 10.0
# A line that is dead and does not say so is left after that long; one that lives is asked for again.
STREAM_SECONDS = 600.0
MOST_BYTES_OF_A_STREAM = 2**30
# What may stand behind the server's own address, in one that was copied from a browser.
_OF_A_PAGE = re.compile(r"(.*?)(?:/r(?:/([^/]*))?|/class)?/*")


class NoAnswer(Exception):
    """Nobody answers at an address, or no class; its text is one sentence."""


def read_address(text: str) -> tuple[str, str]:
    """Return a server's address, with a slash at its end, and the code, if the text is an address to join at.

    Raises:
        ValueError: If it is no address; one sentence says so.
    """
    parts = urlsplit(text if "://" in text else f"http://{text}")
    found = _OF_A_PAGE.fullmatch(parts.path)
    if parts.scheme not in ("http", "https") or not parts.hostname or not _has_port(parts) or found is None:
        raise ValueError(f"'{text}' is no address of a server, as http://127.0.0.1:8866 is one.")
    return f"{parts.scheme}://{parts.netloc}{found[1]}/", found[2] or ""


def _has_port(parts: SplitResult) -> bool:
    """False if there is a port that is none."""
    try:
        return parts.port != 0
    except ValueError:
        return False


def connections(count: int) -> SimpleAsyncHTTPClient:
    """Return what clients share: up to so many of them, each of which hears and asks at the same time."""
    return SimpleAsyncHTTPClient(
        force_instance=True, max_clients=2 * count, max_body_size=MOST_BYTES_OF_A_STREAM, max_buffer_size=2**22
    )


class ClassClient:
    """One page.

    Args:
        connections: What it shares with others.
        address: Of the server, with a slash at its end.
    """

    def __init__(self, connections: SimpleAsyncHTTPClient, address: str):
        self._connections, self._address = connections, address
        self.cookies: dict[str, str] = {}

    async def post(self, path: str, content: Any) -> Any:
        """Post JSON; returns that of the answer.

        Raises:
            Refused: With the server's sentence, if it refuses.
            NoAnswer: If nothing comes back, or something else.
        """
        body = json.dumps(content)
        response = await self._fetch(self._request(path, PATIENCE_SECONDS, method="POST", body=body))
        for line in response.headers.get_list("Set-Cookie"):
            self.cookies |= {name: each.value for name, each in SimpleCookie(line).items()}
        return self._content(response.code, response.body)

    async def events(self) -> AsyncIterator[tuple[str, Any]]:
        """Yield what the server tells, as (kind, content), until the line ends.

        Raises:
            Refused: If this page is of no class.
            NoAnswer: If the line was lost.
        """
        heard: asyncio.Queue[bytes | None] = asyncio.Queue()
        request = self._request("class/stream", STREAM_SECONDS, streaming_callback=heard.put_nowait)
        fetched = asyncio.ensure_future(self._fetch(request))
        fetched.add_done_callback(lambda _: heard.put_nowait(None))
        text = b""
        try:
            while (chunk := await heard.get()) is not None:
                *whole, text = (text + chunk).split(b"\n\n")
                for each in whole:
                    yield _event(each)
            response = await fetched
        finally:
            fetched.cancel()
        if response.code != 200:
            self._content(response.code, text)

    def _request(self, path: str, seconds: float, **more: Any) -> HTTPRequest:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return HTTPRequest(
            self._address + path,
            headers={"Cookie": cookie} if cookie else {},
            connect_timeout=PATIENCE_SECONDS,
            request_timeout=seconds,
            follow_redirects=False,
            **more,
        )

    async def _fetch(self, request: HTTPRequest) -> HTTPResponse:
        try:
            return await self._connections.fetch(request, raise_error=False)
        except (HTTPClientError, OSError, ValueError) as trouble:
            raise NoAnswer(f"Nothing answers at {self._address}: {_reason(trouble)}.") from trouble

    def _content(self, code: int, body: bytes) -> Any:
        if code == HTTPClientError(599).code:
            raise NoAnswer(f"Nothing answers at {self._address} in time.")
        try:
            content = json.loads(body)
        except ValueError:
            content = None
        if not isinstance(content, dict):
            raise NoAnswer(f"What answers at {self._address} has no class: start it with --class.")
        if code >= 400:
            raise Refused(str(content.get("refusal", f"The server answered with {code}.")), code)
        return content


def _event(text: bytes) -> tuple[str, Any]:
    fields = dict(line.partition(": ")[::2] for line in text.decode().split("\n"))
    return fields.get("event", ""), json.loads(fields.get("data") or "null")


def _reason(trouble: Exception) -> str:
    said = getattr(trouble, "strerror", None) or str(trouble) or type(trouble).__name__
    return said[:1].lower() + said[1:]
