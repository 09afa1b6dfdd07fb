"""A class served within a test's own event loop, with questions of each kind, and a teacher without a page."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from deploy.classroom.classroom import Classroom
from deploy.classroom.client import ClassClient, connections
from deploy.classroom.handlers import addresses
from deploy.classroom.server import Server

STEPS = {"title": "step", "log": False, "range": [0, 400]}
LOSSES = {"title": "loss", "log": True, "range": [-3, 1]}
QUESTIONS: dict[str, dict[str, Any]] = {
    "number": {"kind": "number", "low": 0.0, "high": 20.0, "step": 0.5, "tolerance": 1.0},
    "choice": {"kind": "choice", "options": ["It holds", "It does not", "Neither"]},
    "linear sketch": {"kind": "sketch", "axes": {"x": STEPS, "y": {**STEPS, "range": [0, 20]}, "columns": 33}},
    "logarithmic sketch": {
        "kind": "sketch",
        "axes": {"x": {**STEPS, "log": True, "range": [0, 3]}, "y": LOSSES, "columns": 33},
    },
}
for _name, _question in QUESTIONS.items():
    _question |= {"name": _name, "prompt": f"What of the {_name}?", "statement": ""}


class ServedClass:
    """Serves the classes of a file until it is stopped; may be started again, at the same port."""

    def __init__(self, file: Path):
        self._file, self.port = file, 0

    async def start(self) -> None:
        """Begin, as a new process would."""
        (socket,) = bind_sockets(self.port, "127.0.0.1")
        self.port = socket.getsockname()[1]
        self.server = Server(self._file, "/", ["/voila/render/{}.ipynb"])
        self.server.port = self.port
        self._http = HTTPServer(Application(addresses(self.server)))
        self._http.add_socket(socket)

    async def stop(self) -> None:
        """End with all connections."""
        self._http.stop()
        await self._http.close_all_connections()
        await asyncio.sleep(0.1)  # in which streams see that they have ended
        self.server.classes.store.close()

    @property
    def address(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.port}/"

    @property
    def room(self) -> Classroom:
        """The newest class."""
        return self.server.classes.newest()

    async def teacher(self) -> ClassClient:
        """A page of the teacher."""
        client = ClassClient(connections(1), self.address)
        await client.post("class/key", {"key": self.room.row.key})
        return client


@contextlib.asynccontextmanager
async def served_class(file: Path) -> AsyncIterator[ServedClass]:
    """Serve a class that is kept in a file."""
    served = ServedClass(file)
    await served.start()
    try:
        yield served
    finally:
        await served.stop()


async def comes(true: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.02)
