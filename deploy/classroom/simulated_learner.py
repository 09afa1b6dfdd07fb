"""A learner without a browser: joins, hears what the class is at, thinks, answers, sometimes thinks again; hands a run
in where the teacher collects them."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Coroutine
from random import Random
from typing import Any

from deploy.classroom.asked import Asked
from deploy.classroom.client import ClassClient, NoAnswer
from deploy.classroom.refusal import Refused
from deploy.classroom.simulated_answers import plausible
from deploy.classroom.simulated_runs import plausible_run

# Seconds of thought: half of the learners are faster, one in twenty takes more than twenty.
MEDIAN_SECONDS, SIGMA = 8.0, 0.6
SKETCHING, EXPLORING = 1.5, 2.0  # times as long, for a curve, and until a run is good enough to be handed in
SILENT, HESITANT = 0.08, 0.12  # shares of those who never answer a round, and of those who answer it twice
AGAIN_SECONDS = (0.5, 2.0)
_ONE_AT_A_TIME = threading.Lock()


def _run(lab: str, chance: Random) -> str | None:
    """A run to hand in; one learner after the other, as the first one imports what has labs."""
    with _ONE_AT_A_TIME:
        return plausible_run(lab, chance)


class SimulatedLearner:
    """One learner.

    Args:
        client: The page.
        seed: Of all that is left to chance.
        hurry: How many times faster than people.

    Attributes:
        is_in: Whether the server counts this learner to the class.
        is_heard: Whether the line to the server is there.
        vote: The class's question as it was heard last, if there is one.
        answered: Rounds that were answered, as (vote, round).
    """

    def __init__(self, client: ClassClient, seed: str, hurry: float = 1.0):
        self._client, self._chance, self._hurry = client, Random(seed), hurry
        self.is_in = self.is_heard = False
        self.vote: dict[str, Any] | None = None
        self.answered: set[tuple[int, int]] = set()
        self._firsts: dict[int, Any] = {}
        self._round: tuple[int, int] | None = None
        self._place: dict[str, str] = {}
        self._collection: int | None = None
        self._joining: asyncio.Task[None] | None = None
        self._doing: dict[str, asyncio.Task[None]] = {}

    async def join(self, code: str) -> None:
        """Join a class.

        Raises:
            Refused: If the class does not let anybody in, or there is none of this code.
            NoAnswer: If the server cannot be reached.
        """
        self._joining = asyncio.ensure_future(self._join(code))
        await asyncio.shield(self._joining)  # who stops waiting is in the class all the same, and has to leave it

    async def attend(self) -> None:
        """Stay until the class is over; a lost line is taken up again."""
        try:
            while self.is_in:
                await self._hear()
        finally:
            self.is_heard = False
            for task in self._doing.values():
                task.cancel()

    async def leave(self) -> None:
        """Leave the class, with all answers.

        Raises:
            NoAnswer: If the server cannot be reached.
        """
        if self._joining is not None:
            with contextlib.suppress(Refused, NoAnswer):
                await self._joining
        if self.is_in:
            with contextlib.suppress(Refused):  # of a class that is no more
                await self._client.post("class/member", {"do": "leave"})
            self.is_in = False

    async def _join(self, code: str) -> None:
        await self._client.post("class/join", {"code": code})
        self.is_in = True

    async def _hear(self) -> None:
        try:
            async for kind, content in self._client.events():
                self.is_heard = True
                if kind == "end":
                    self.is_in = False
                elif kind == "state":
                    self._see(content["class"])
        except Refused:
            self.is_in = False
        except NoAnswer:
            pass
        if self.is_in:
            self.is_heard = False
            await asyncio.sleep(self._chance.uniform(*AGAIN_SECONDS))

    def _see(self, room: dict[str, Any]) -> None:
        self.vote = vote = room["vote"]
        if vote is None or vote["stage"] != "open":
            self._begin("answer", None)
        elif self._round != (vote["id"], vote["round"]):
            self._round = (vote["id"], vote["round"])
            self._begin("answer", self._answer(vote["id"], vote["round"], vote["asked"]))
        if room["place"] and self._place != room["place"]:
            self._place = room["place"]
            self._begin("follow", self._follow(self._place))
        self._see_collection(room["collection"])

    def _see_collection(self, collection: dict[str, Any] | None) -> None:
        if collection is None:
            self._begin("hand in", None)
        elif self._collection != collection["id"]:
            self._collection = collection["id"]
            self._begin("hand in", self._hand_in(collection["id"], collection["lab"]))

    def _begin(self, what: str, does: Coroutine[Any, Any, None] | None) -> None:
        """Leave what is being done of this kind, and do this."""
        before = self._doing.pop(what, None)
        if before is not None:
            before.cancel()
        if does is not None:
            self._doing[what] = asyncio.ensure_future(does)

    async def _answer(self, vote: int, number: int, asked: dict[str, Any]) -> None:
        if self._chance.random() < SILENT:
            return
        question = Asked.model_validate_json(json.dumps({key: asked[key] for key in asked if key != "x"}))
        slowness = SKETCHING if question.kind == "sketch" else 1.0
        for _ in range(2 if self._chance.random() < HESITANT else 1):
            await self._think(slowness)
            value = plausible(question, self._chance, self._firsts.get(vote) if number > 1 else None)
            if not await self._say({"do": "answer", "vote": vote, "round": number, "value": value}):
                return
            self.answered.add((vote, number))
            if number == 1:
                self._firsts[vote] = value

    async def _follow(self, place: dict[str, str]) -> None:
        """Read on to where the teacher is, a little later."""
        await self._think(1.0)
        await self._say({"do": "at", **place})

    async def _hand_in(self, collection: int, lab: str) -> None:
        if self._chance.random() < SILENT:
            return
        await self._think(EXPLORING)
        search = await asyncio.to_thread(_run, lab, self._chance)
        if search is not None:
            await self._say({"do": "hand_in", "collection": collection, "search": search})

    async def _think(self, slowness: float) -> None:
        await asyncio.sleep(MEDIAN_SECONDS * slowness * self._chance.lognormvariate(0, SIGMA) / self._hurry)

    async def _say(self, content: dict[str, Any]) -> bool:
        """Post what is said until the server has taken it; False if it does not take it."""
        while True:
            try:
                await self._client.post("class/member", content)
            except Refused:
                return False
            except NoAnswer:
                await asyncio.sleep(self._chance.uniform(*AGAIN_SECONDS))
            else:
                return True
