"""A reader: opens a plain page while others train, and looks at one recorded lab after the other."""

from __future__ import annotations

import asyncio
import random
import re
import time
from dataclasses import dataclass, field

from tornado.httpclient import AsyncHTTPClient

from benchmarks.room.bell import Bell

READING_SECONDS = (2.0, 6.0)
PATIENCE = 60.0
_SHELL = re.compile(r'(?:src|href)="(files/[\w.-]+)"')
_RECORD = re.compile(r"data-record='(files/[\w.-]+)'")
_PLOTLY = re.compile(r'data-plotly="(files/[\w.-]+)"')


@dataclass
class Read:
    """What one reader met. Times in seconds.

    Attributes:
        opened: Until the page, its scripts and the first lab's record were there; None if they never were.
        records: For each record after that.
        bytes: Bytes that came over the wire.
        troubles: What went wrong, in words.
    """

    opened: float | None = None
    records: list[float] = field(default_factory=list)
    bytes: int = 0
    troubles: list[str] = field(default_factory=list)


class Reader:
    """One reader, with an empty cache.

    Args:
        page: Address of a plain page.
        read: Its record.
        seed: Of when it comes, and how long it looks.
    """

    def __init__(self, page: str, read: Read, seed: int):
        self._page, self._folder, self.read = page, page.rsplit("/", 1)[0], read
        self._chance = random.Random(seed)
        # A browser opens six connections to a host.
        self._client = AsyncHTTPClient(force_instance=True, max_clients=6)

    async def attend(self, bell: Bell, within: float) -> None:
        """Come within so many seconds after the students have begun to train, and read until the bell rings."""
        await bell.begun()
        await bell.rest(self._chance.uniform(0, within))
        try:
            await self._look(bell)
        except OSError as error:
            self.read.troubles.append(f"{error or type(error).__name__}")
        finally:
            self._client.close()

    async def _look(self, bell: Bell) -> None:
        asked = time.perf_counter()
        text = (await self._get(self._page)).decode()
        records = [f"{self._folder}/{name}" for name in _RECORD.findall(text)]
        shell = [f"{self._folder}/{name}" for name in [*_SHELL.findall(text), *_PLOTLY.findall(text)]]
        await asyncio.gather(*map(self._get, [*shell, *records[:1]]))
        self.read.opened = time.perf_counter() - asked
        for record in records[1:]:
            await bell.rest(self._chance.uniform(*READING_SECONDS))
            if bell.rung:
                return
            asked = time.perf_counter()
            await self._get(record)
            self.read.records.append(time.perf_counter() - asked)

    async def _get(self, address: str) -> bytes:
        """Get a file as it goes over the wire.

        Raises:
            OSError: If it does not come.
        """
        response = await self._client.fetch(
            address,
            raise_error=False,
            headers={"Accept-Encoding": "gzip"},
            decompress_response=address == self._page,
            connect_timeout=PATIENCE,
            request_timeout=PATIENCE,
        )
        if response.code != 200:
            raise OSError(f"HTTP {response.code} at {address}: {response.error}")
        self.read.bytes += len(response.body)
        return response.body
