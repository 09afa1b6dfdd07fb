"""A headless student: opens a lesson, plays, moves the learning rate again and again, and leaves."""

from __future__ import annotations

import random
import time

from tornado.httpclient import HTTPError
from tornado.websocket import WebSocketError

from benchmarks.room.bell import Bell
from benchmarks.room.channel import Channel
from benchmarks.room.lab import HeadlessLab
from benchmarks.room.lesson import HeadlessLesson
from benchmarks.room.request import Requests
from benchmarks.room.seen import LostError, Seen

THINK_SECONDS = (1.0, 2.0)
MOVE_PATIENCE = 30.0
_TROUBLE = (LostError, HTTPError, WebSocketError, OSError, TimeoutError)


class Student:
    """One student.

    Args:
        address: Of the server.
        seen: Its record.
        seed: Of its wishes.
    """

    def __init__(self, address: str, seen: Seen, seed: int):
        self.seen = seen
        self._requests = Requests(address, seen)
        self._chance = random.Random(seed)
        self._kernel: str | None = None
        self._lesson: HeadlessLesson | None = None

    async def attend(self, bell: Bell) -> None:
        """Stay until the bell rings; whatever goes wrong is in the record."""
        lab = None
        try:
            lab = await self._open()
            if lab is not None:
                await self._begin(lab)
        except _TROUBLE as error:
            self.seen.troubles.append(f"While opening: {error or type(error).__name__}")
            lab = None
        finally:
            bell.settled()
        try:
            if lab is not None:
                await self._train(lab, bell)
        except _TROUBLE as error:
            self.seen.troubles.append(f"While training: {error or type(error).__name__}")
        finally:
            self.seen.rest(time.time())
            await self._leave()

    async def _open(self) -> HeadlessLab | None:
        config = await self._requests.page(f"/voila/render/{self.seen.lesson}")
        if config is None:
            return None
        self._kernel = config["kernelId"]
        await self._requests.kernel_is_there(self._kernel)
        channel = await Channel.open(self._requests.address, self._kernel, self._requests.headers)
        self._lesson = HeadlessLesson(channel, self.seen)
        await self._lesson.open()
        await self._lesson.until(lambda: self.seen.first_curve is not None, "the first curve comes")
        lab = next((lab for lab in self._lesson.labs if lab.trains), None)
        if lab is None:
            raise LostError("No lab of this lesson waits to be trained.")
        return lab

    async def _begin(self, lab: HeadlessLab) -> None:
        lab.watch()
        lab.lengthen()
        lab.play()
        await self._lesson.until(lambda: lab.state == "running", "training runs")

    async def _train(self, lab: HeadlessLab, bell: Bell) -> None:
        start = last = lab.value
        while not bell.rung:
            await bell.rest(self._chance.uniform(*THINK_SECONDS))
            if bell.rung:
                break
            if lab.state != "running":
                lab.play()
            # Downwards from where the lesson begins: what diverges trains no more. Three digits, as the slider gives.
            value = last
            while value == last:
                value = float(f"{start * 10 ** self._chance.uniform(-0.6, 0):.3g}")
            lab.slide(value)
            last = value
            given_up = time.time() + MOVE_PATIENCE
            await self._lesson.until(lambda given_up=given_up: lab.move is None or time.time() > given_up)

    async def _leave(self) -> None:
        if self._lesson is not None:
            await self._lesson.close()
        if self._kernel is not None:
            try:
                await self._requests.leave(self._kernel)
            except _TROUBLE as error:
                self.seen.troubles.append(f"While leaving: {error}")
        self._requests.close()
