"""Classes on a real Tornado server on loopback, and guests of it: browsers without a page."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from deploy.classroom.classroom import Classroom
from deploy.classroom.handlers import addresses
from deploy.classroom.server import Server

PATIENCE = 10.0


class Served:
    """A server of classes, and the loop that it runs on in a thread of its own."""

    def __init__(self, server: Server, port: int, loop: asyncio.AbstractEventLoop):
        self.server, self.port, self._loop = server, port, loop

    @property
    def room(self) -> Classroom:
        """The newest class."""
        return self.server.classes.newest()

    def do(self, action: Callable[[], Any]) -> Any:
        """Call something where the server runs; returns what it returns."""

        async def called() -> Any:
            return action()

        return asyncio.run_coroutine_threadsafe(called(), self._loop).result(PATIENCE)

    def guest(self) -> Guest:
        """A browser that has never been here."""
        return Guest(self.port)

    def teacher(self) -> Guest:
        """A browser of the teacher."""
        guest = Guest(self.port)
        assert guest.post("class/key", key=self.room.row.key).status == 200
        return guest

    def member(self, nickname: str = "") -> Guest:
        """A browser of somebody who has joined."""
        guest = Guest(self.port)
        assert guest.post("class/join", code=self.room.row.code, nickname=nickname).status == 200
        return guest


@contextlib.contextmanager
def class_server(file: Path | str = ":memory:") -> Iterator[Served]:
    """Serve a class that is kept in a file."""
    loop, sockets = asyncio.new_event_loop(), bind_sockets(0, "127.0.0.1")
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> tuple[Server, HTTPServer]:
        made = Server(file, "/", ["/voila/render/{}.ipynb"])
        made.port = sockets[0].getsockname()[1]
        listening = HTTPServer(Application(addresses(made)))
        listening.add_sockets(sockets)
        return made, listening

    async def end() -> None:
        web.stop()
        await web.close_all_connections()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        server.classes.store.close()

    server, web = asyncio.run_coroutine_threadsafe(begin(), loop).result(PATIENCE)
    try:
        yield Served(server, server.port, loop)
    finally:
        asyncio.run_coroutine_threadsafe(end(), loop).result(PATIENCE)
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@dataclass
class Reply:
    """What came back."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """What it says."""
        return json.loads(self.body)

    @property
    def refusal(self) -> str:
        """The sentence, if it is one."""
        return str(self.json["refusal"])


@dataclass
class Guest:
    """A browser without a page: keeps cookies, and asks."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(
        self, method: str, path: str, body: bytes | str | None = None, headers: dict[str, str] | None = None
    ) -> Reply:
        """Ask for something."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            connection.request(method, f"/{path}", body, {**self._cookie(), **(headers or {})})
            response = connection.getresponse()
            self._keep(response.headers.get_all("Set-Cookie") or [])
            return Reply(response.status, dict(response.headers), response.read())

    def get(self, path: str) -> Reply:
        """Get something."""
        return self.ask("GET", path)

    def post(self, path: str, **content: Any) -> Reply:
        """Post JSON."""
        return self.ask("POST", path, json.dumps(content))

    def teach(self, do: str, **content: Any) -> Reply:
        """Ask as the teacher's page does."""
        return self.post("class/teach", do=do, **content)

    def tell(self, do: str, **content: Any) -> Reply:
        """Ask as a member's page does."""
        return self.post("class/member", do=do, **content)

    def state(self) -> Any:
        """What this browser sees of the class."""
        reply = self.get("class/state")
        assert reply.status == 200, reply.body
        return reply.json

    def answer(self, value: Any, number: int = 1) -> Reply:
        """Answer the present vote, in a round."""
        return self.tell("answer", vote=self.state()["class"]["vote"]["id"], round=number, value=value)

    @contextlib.contextmanager
    def stream(self, seconds: float = PATIENCE) -> Iterator[Stream]:
        """Listen to the class."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)
        with contextlib.closing(connection):
            connection.request("GET", "/class/stream", headers=self._cookie())
            with connection.getresponse() as response:
                assert response.status == 200, response.read()
                yield Stream(response)

    def _cookie(self) -> dict[str, str]:
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())} if self.cookies else {}

    def _keep(self, said: list[str]) -> None:
        for line in said:
            for name, morsel in SimpleCookie(line).items():
                self.cookies[name] = morsel.value


@dataclass
class Stream:
    """Server-sent events, one after the other."""

    response: http.client.HTTPResponse
    raw: bytes = b""

    def next(self) -> tuple[str, Any]:
        """The next event: its name, and what it says; the name is empty where the stream has ended."""
        name, said = "", None
        while line := self.response.readline():
            self.raw += line
            key, _, value = line.decode().rstrip("\n").partition(":")
            if key == "event":
                name = value.strip()
            elif key == "data" and value.strip():
                said = json.loads(value)
            elif not key:
                return name, said
        return "", None

    def until(self, name: str) -> Any:
        """Wait for an event of a name; returns what it says."""
        end = time.monotonic() + PATIENCE
        found, said = self.next()
        while found != name:
            assert found, f"the stream ended before {name}"
            assert time.monotonic() < end, f"no {name} came"
            found, said = self.next()
        return said
