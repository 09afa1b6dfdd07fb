"""A page of a class without a browser: asks, and hears what changes, under a cookie of its own."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import SplitResult, urlsplit

from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from deploy.classroom.event_line import EventLine
from deploy.classroom.refusal import Refused

PATIENCE_SECONDS = 10.0
NO_STATUS = 599  # as Tornado has it, of an answer that did not come
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
    """Return what clients share: so many of them may ask at a time."""
    return SimpleAsyncHTTPClient(force_instance=True, max_clients=count)


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
        request = HTTPRequest(
            self._address + path,
            method="POST",
            body=json.dumps(content),
            headers=self._cookie(),
            connect_timeout=PATIENCE_SECONDS,
            request_timeout=PATIENCE_SECONDS,
            follow_redirects=False,
        )
        try:
            response = await self._connections.fetch(request, raise_error=False)
        except (HTTPClientError, OSError, ValueError) as trouble:
            raise self._nobody(trouble) from trouble
        for line in response.headers.get_list("Set-Cookie"):
            self.cookies |= {name: each.value for name, each in SimpleCookie(line).items()}
        return self._content(response.code, response.body)

    async def events(self) -> AsyncIterator[tuple[str, Any]]:
        """Yield what the server tells, as (kind, content), until the line ends.

        Raises:
            Refused: If this page is of no class.
            NoAnswer: If the line was lost.
        """
        line = EventLine(f"{self._address}class/stream", self._cookie())
        try:
            async for event in line.events():
                yield event
        except OSError as trouble:
            raise self._nobody(trouble) from trouble
        if line.status != 200:
            self._content(line.status or NO_STATUS, line.rest)

    def _cookie(self) -> dict[str, str]:
        cookie = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Cookie": cookie} if cookie else {}

    def _nobody(self, trouble: Exception) -> NoAnswer:
        return NoAnswer(f"Nothing answers at {self._address}: {_reason(trouble)}.")

    def _content(self, code: int, body: bytes) -> Any:
        if code == NO_STATUS:
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


def _reason(trouble: Exception) -> str:
    said = getattr(trouble, "strerror", None) or str(trouble) or type(trouble).__name__
    return said[:1].lower() + said[1:]
