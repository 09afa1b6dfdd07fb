"""A lesson's page without a browser: connects to the kernel, finds the labs, hands each message to its widget."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from typing import Any

from benchmarks.room.channel import Channel, Message
from benchmarks.room.figure import HeadlessFigure
from benchmarks.room.lab import HeadlessLab
from benchmarks.room.seen import LostError, Seen

PATIENCE = 120.0
CONTROL = "jupyter.widget.control"
# What Chromium takes to read plotly.js.
READ_PLOTLY_SECONDS = 0.5
_GONE = ("dead", "restarting", "autorestarting")


class HeadlessLesson:
    """The widgets of one open page.

    Args:
        channel: To its kernel.
        seen: Where it is noted what happens.
    """

    def __init__(self, channel: Channel, seen: Seen):
        self._channel, self._seen = channel, seen
        self._kinds: set[str] = set()
        self._control = str(uuid.uuid4())
        self._models: dict[str, dict[str, Any]] = {}
        self._has_plotly = False
        self._figures: dict[str, HeadlessFigure] = {}
        self._panels: dict[str, HeadlessLab] = {}
        self._reader = asyncio.create_task(self._read())

    @property
    def labs(self) -> list[HeadlessLab]:
        """The labs, in no order."""
        return list(self._panels.values())

    async def open(self) -> None:
        """Do what Voilà's page and our widgets do until every figure has asked for its state."""
        self._channel.send("kernel_info_request", {})
        await self.until(lambda: "kernel_info_reply" in self._kinds, "the kernel tells of itself")
        control = {"comm_id": self._control}
        self._channel.send("comm_open", {**control, "target_name": CONTROL, "data": {}}, {"version": "1.0.0"})
        self._channel.send("comm_msg", {**control, "data": {"method": "request_states"}})
        await self.until(lambda: self._models, "the widgets come")
        self._channel.send("comm_close", {**control, "data": {}})
        if not self._figures:
            raise LostError("The page has no figures.")
        self._channel.custom(next(iter(self._figures)), {"type": "plotly"})
        await self.until(lambda: self._has_plotly, "plotly.js comes")
        await asyncio.sleep(READ_PLOTLY_SECONDS)
        for figure in self._figures.values():
            figure.greet()

    async def until(self, true: Callable[[], Any], what: str = "it answers", seconds: float = PATIENCE) -> None:
        """Wait until something holds.

        Raises:
            LostError: If it never does, or the connection is lost.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        while not true():
            if self._reader.done():
                self._reader.result()
            if loop.time() > deadline:
                raise LostError(f"Waited {seconds:g} s in vain until {what}.")
            await asyncio.sleep(0.02)

    async def close(self) -> None:
        """Leave the page."""
        self._reader.cancel()
        for figure in self._figures.values():
            figure.close()
        await self._channel.close()

    def _find_figures(self) -> None:
        pen = asyncio.Lock()
        for model, state in self._models.items():
            if "plotly_version" in state:
                send = self._sender(model)
                self._figures[model] = HeadlessFigure(send, pen, self._seen.troubles.append)

    def _find_labs(self) -> None:
        for state in self._models.values():
            if "tdl-lab" not in state.get("_dom_classes", ()):
                continue
            panel, beside = map(_named, state["children"])
            figure = next(self._figures[m] for m in map(_named, self._models[beside]["children"]) if m in self._figures)
            self._panels[panel] = HeadlessLab(self._models[panel], figure, self._sender(panel), self._seen)

    def _sender(self, model: str) -> Callable[[dict[str, Any]], None]:
        return lambda content: self._channel.custom(model, content)

    async def _read(self) -> None:
        while True:
            message = await self._channel.receive()
            self._kinds.add(message.kind)
            if message.kind == "comm_msg":
                self._take(message)
            elif message.kind in ("error", "stream"):
                self._said(str(message.content.get("evalue") or message.content.get("text")).strip())
            elif message.kind == "status" and message.content["execution_state"] in _GONE:
                raise LostError(f"The kernel is {message.content['execution_state']}.")

    def _said(self, text: str) -> None:
        # ipykernel looks a message's comm up before it has opened it, finds none, says so, and then does all the same.
        if text != f"No such comm: {self._control}":
            self._seen.troubles.append(f"The kernel says: {text[:200]}")

    def _take(self, message: Message) -> None:
        model, data = message.content["comm_id"], message.content["data"]
        match data.get("method"):
            case "update_states":
                self._models = {name: each["state"] for name, each in data["states"].items()}
                self._find_figures()
                self._find_labs()
            case "update":
                self._update(model, data["state"])
            case "custom" if data["content"].get("type") == "plotly":
                self._has_plotly = True
            case "custom" if model in self._figures:
                self._figures[model].take(data["content"], message.buffers)

    def _update(self, model: str, changes: dict[str, Any]) -> None:
        if model in self._panels:
            self._panels[model].update(changes)
        notice = changes.get("notice") or {}
        if isinstance(notice, dict) and notice.get("kind") == "failed":
            self._seen.troubles.append(f"A lab says: {notice['text'][:200]}")


def _named(reference: str) -> str:
    return reference.removeprefix("IPY_MODEL_")
