"""A server that is killed in the middle of a vote: every answer that it had taken is there when it is started again."""

import contextlib
import http.client
import re
import signal
import subprocess
import sys
import threading
import time

import pytest

from deploy.classroom.classes import Classes
from deploy.classroom.store import Store
from tests.deploy.class_questions import ASKED
from tests.deploy.class_server import Guest, class_server
from tests.deploy.visitor import await_that

pytestmark = pytest.mark.slow

SERVER = """
import asyncio, sys
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application
from deploy.classroom.handlers import addresses
from deploy.classroom.server import Server

async def serve():
    server, sockets = Server(sys.argv[1], "/", []), bind_sockets(0, "127.0.0.1")
    server.port = sockets[0].getsockname()[1]
    HTTPServer(Application(addresses(server))).add_sockets(sockets)
    print(server.said_to_teacher(), flush=True)
    await asyncio.Event().wait()

asyncio.run(serve())
"""
MEMBERS = 12
MILLISECONDS = (30, 200, 700)  # after the first answers


def started(start, file):
    """A server in a process of its own; returns it, and browsers of its teacher and of somebody without a class."""
    process = start([sys.executable, "-c", SERVER, str(file)], stdout=subprocess.PIPE, text=True)
    said = ""
    while "#" not in said:
        line = process.stdout.readline()
        assert line, "the server has ended"
        said += line
    port = int(re.search(r"127\.0\.0\.1:(\d+)/class/#", said)[1])
    teacher = Guest(port)
    assert teacher.post("class/key", key=re.search(r"#(\S+)", said)[1]).status == 200
    return process, teacher


def votes(member, vote, taken, stop):
    """Answer again and again; note the last answer that was acknowledged, and the one that was on its way."""
    value = 0
    with contextlib.suppress(OSError, http.client.HTTPException):
        while not stop.is_set():
            value = round((value + 0.01) % 20, 2)
            taken["asked"] = value
            reply = member.tell("answer", vote=vote, round=1, value=value)
            if reply.status == 200:
                assert reply.json["answers"] == {"1": value}
                taken["last"] = value
                taken["count"] = taken.get("count", 0) + 1
            else:
                assert reply.status == 429
                time.sleep(0.05)


@pytest.mark.parametrize("milliseconds", MILLISECONDS)
def test_no_answer_that_was_taken_is_lost_and_everybody_goes_on(start, tmp_path, milliseconds, capsys):
    file = tmp_path / "class.sqlite3"
    process, teacher = started(start, file)
    code = teacher.state()["class"]["code"]
    members = [Guest(teacher.port) for _ in range(MEMBERS)]
    for member in members:
        assert member.post("class/join", code=code).status == 200
    aliases = [member.state()["you"]["alias"] for member in members]
    teacher.teach("ask", lesson="divergence", asked=ASKED["number"])
    vote = teacher.state()["class"]["vote"]["id"]
    taken, stop = [{} for _ in members], threading.Event()
    threads = [
        threading.Thread(target=votes, args=(member, vote, notes, stop))
        for member, notes in zip(members, taken, strict=True)
    ]
    for thread in threads:
        thread.start()
    await_that(lambda: sum(notes.get("count", 0) for notes in taken) >= MEMBERS, "they vote")
    time.sleep(milliseconds / 1000)
    process.send_signal(signal.SIGKILL)
    process.wait()
    stop.set()
    for thread in threads:
        thread.join()

    with class_server(file) as served:
        for member, notes, alias in zip(members, taken, aliases, strict=True):
            member.port = served.port
            you = member.state()["you"]
            assert you["alias"] == alias
            # The one that was on its way may have been taken: nobody was told.
            assert you["answers"].get("1") in (notes.get("last"), notes["asked"])
        teacher.port = served.port
        seen = teacher.state()
        assert (seen["class"]["code"], seen["class"]["vote"]["stage"]) == (code, "open")
        assert members[0].tell("answer", vote=vote, round=1, value=3).json["answers"] == {"1": 3}
    count = sum(notes.get("count", 0) for notes in taken)
    with capsys.disabled():
        print(f"\nkilled after {milliseconds} ms: {count} answers taken, 0 lost")
    assert all(notes["asked"] for notes in taken)


def test_what_is_written_last_is_read_first_after_a_kill(start, tmp_path):
    """The last thing before the kill is what is most likely to be lost."""
    file = tmp_path / "class.sqlite3"
    process, teacher = started(start, file)
    for section in range(50):
        assert teacher.teach("place", page="divergence", section=f"{section}").status == 200
    process.kill()
    process.wait()
    store = Store(file)
    assert Classes(store).newest().state.place["section"] == "49"
    store.close()
