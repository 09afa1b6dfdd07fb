"""Pages of a class without a browser, which note when they heard what."""

from __future__ import annotations

import asyncio
import time
from random import Random
from typing import Any

from deploy.classroom.client import ClassClient
from deploy.classroom.simulated_answers import plausible

Event = tuple[float, int]


class ListeningPage:
    """A member's page, or the teacher's.

    Attributes:
        heard: When something was so for the first time, seconds, by its name: a pace, or a vote's number and stage.
        tallies: Of the teacher: when how many answers were shown of the present round.
    """

    def __init__(self, client: ClassClient):
        self.client = client
        self.heard: dict[str, float] = {}
        self.tallies: list[Event] = []
        self._listening: asyncio.Task[None] | None = None

    async def listen(self) -> None:
        """Begin to listen; returns when the first state is there."""
        first = asyncio.Event()
        self._listening = asyncio.create_task(self._listen(first))
        await first.wait()

    async def _listen(self, first: asyncio.Event) -> None:
        async for kind, content in self.client.events():
            now = time.perf_counter()
            if kind == "state":
                self._note(now, content)
                first.set()

    def _note(self, now: float, content: dict[str, Any]) -> None:
        room = content["class"]
        self.heard[f"pace {room['pace']}"] = now
        if room["vote"] is not None:
            self.heard.setdefault(f"vote {room['vote']['id']} {room['vote']['stage']}", now)
        rounds = content.get("teacher", {}).get("rounds")
        if rounds:
            self.tallies.append((now, rounds[-1]["answered"]))


async def all_heard(pages: list[ListeningPage], what: str, since: float) -> list[float]:
    """Wait until all pages have heard something; returns after how many seconds each did."""
    async with asyncio.timeout(30):
        while not all(page.heard.get(what, -1.0) > since for page in pages):
            await asyncio.sleep(0.01)
    return [page.heard[what] - since for page in pages]


class Voter:
    """A member whose page listens, and who answers."""

    def __init__(self, client: ClassClient, number: int):
        self.page = ListeningPage(client)
        self._chance = Random(f"voter {number}")

    async def answer(self, vote: int, asked: Any, thought: float) -> tuple[float, float]:
        """Answer after so many seconds of thought; returns when it was sent, and when the server had taken it."""
        value = plausible(asked, self._chance)
        await asyncio.sleep(thought)
        sent = time.perf_counter()
        content = {"do": "answer", "vote": vote, "round": 1, "value": value}
        await self.page.client.post("class/member", content)
        return sent, time.perf_counter()


def delays(sent: list[float], tallies: list[Event]) -> list[float]:
    """Return how long after n answers were sent the teacher saw at least n of them, for each n, seconds."""
    found, later = [], iter(tallies)
    shown = next(later, None)
    for count, moment in enumerate(sorted(sent), start=1):
        while shown is not None and shown[1] < count:
            shown = next(later, None)
        found.append(float("inf") if shown is None else shown[0] - moment)
    return found
