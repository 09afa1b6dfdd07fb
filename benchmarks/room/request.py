"""What a page asks of the server over HTTP: itself, its files, its kernel, and in the end that the kernel ends."""

from __future__ import annotations

import json
import re
import time
import uuid
from http.cookies import SimpleCookie
from typing import Any

from tornado.httpclient import AsyncHTTPClient, HTTPRequest, HTTPResponse

from benchmarks.room.seen import LostError, Seen

PATIENCE = 300.0
FULL = 503
_CONFIG = re.compile(r'<script[^>]*\sid="jupyter-config-data"[^>]*>(.*?)</script>', re.S)
_FILES = re.compile(r'(?:src|href)="(/[^"]+?\.(?:js|css)(?:\?[^"]*)?)"')


class Requests:
    """One browser's requests to one server; keeps cookies, follows no redirects.

    Args:
        address: Of the server, as `http://127.0.0.1:8866`.
        seen: Where statuses of 400 and more are noted.
    """

    def __init__(self, address: str, seen: Seen):
        self.address, self._seen = address, seen
        # A browser opens six connections to a host.
        self._client = AsyncHTTPClient(force_instance=True, max_clients=6)
        self._cookies: SimpleCookie = SimpleCookie()

    @property
    def headers(self) -> dict[str, str]:
        """Origin and cookies, as a browser sends them."""
        cookies = "; ".join(f"{name}={held.value}" for name, held in self._cookies.items())
        return {"Origin": self.address, **({"Cookie": cookies} if cookies else {})}

    async def page(self, path: str) -> dict[str, Any] | None:
        """Get a page, note its times, get the files that it names; return its configuration, None if refused.

        Raises:
            LostError: If it is not there or has no kernel.
        """
        seen, parts = self._seen, []

        def take(part: bytes) -> None:
            seen.first_byte = seen.first_byte or time.time() - seen.asked
            parts.append(part)

        seen.asked = time.time()
        response = await self._fetch(path, streaming_callback=take)
        seen.whole_page, seen.status = time.time() - seen.asked, response.code
        if response.code == FULL:
            seen.refused = True
            return None
        text = b"".join(parts).decode()
        config = _CONFIG.search(text)
        if response.code != 200 or config is None:
            raise LostError(f"The page came with status {response.code} and {'a' if config else 'no'} kernel.")
        for named in dict.fromkeys(_FILES.findall(text)):
            await self._good(named)
        return json.loads(config[1])

    async def kernel_is_there(self, kernel: str) -> None:
        """Ask for the kernel's model, as a page does before it connects."""
        await self._good(f"/api/kernels/{kernel}?{time.time_ns() // 1_000_000}")

    async def leave(self, kernel: str) -> None:
        """Send the beacon of a page that is left."""
        border = f"----WebKitFormBoundary{uuid.uuid4().hex[:16]}"
        xsrf = self._cookies["_xsrf"].value if "_xsrf" in self._cookies else ""
        form = f'--{border}\r\nContent-Disposition: form-data; name="_xsrf"\r\n\r\n{xsrf}\r\n--{border}--\r\n'
        await self._good(
            f"/voila/api/shutdown/{kernel}",
            method="POST",
            body=form,
            headers={"Content-Type": f"multipart/form-data; boundary={border}"},
        )

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    async def _good(self, path: str, **options: Any) -> None:
        response = await self._fetch(path, **options)
        if response.code >= 400:
            self._seen.troubles.append(f"HTTP {response.code} at {path[:80]}")

    async def _fetch(self, path: str, headers: dict[str, str] | None = None, **options: Any) -> HTTPResponse:
        request = HTTPRequest(
            self.address + path,
            headers={**self.headers, **(headers or {})},
            connect_timeout=PATIENCE,
            request_timeout=PATIENCE,
            follow_redirects=False,
            **options,
        )
        response = await self._client.fetch(request, raise_error=False)
        if response.code == 599:
            raise LostError(f"No answer at {path[:80]}: {response.error}")
        for line in response.headers.get_list("Set-Cookie"):
            self._cookies.load(line)
        return response
