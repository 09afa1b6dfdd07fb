"""A server that is told to end does, whatever its kernels do; and where none can start it says so."""

import json
import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from tests.browser.served import lesson_server, write_notebook
from tests.deploy.visitor import answer, await_that, health, server_of

PAGE = "/voila/render/page.ipynb"
# The server gives its kernels 5 s and itself 9; the rest is for a machine that is slow to end processes.
SECONDS_TO_END = 20


def broken_kernels(folder, *command):
    """The environment of a server whose kernels are started by another command."""
    kernel = folder / "kernels" / "python3"
    kernel.mkdir(parents=True)
    kernel.joinpath("kernel.json").write_text(
        json.dumps({"argv": [*command, "{connection_file}"], "display_name": "Broken", "language": "python"})
    )
    return {"JUPYTER_PATH": str(folder)}


def has_ended(process):
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize(
    ("command", "number"),
    [("/no/such/program", signal.SIGTERM), ("false", signal.SIGINT)],
    ids=["cannot be started, SIGTERM", "ends at once, Ctrl-C"],
)
def test_where_no_kernel_starts_the_server_says_so_and_can_be_ended(tmp_path, command, number):
    write_notebook(tmp_path / "page.ipynb", "1 + 1")
    environment = broken_kernels(tmp_path / "jupyter", command)
    with lesson_server(tmp_path, environment=environment, log=tmp_path / "log.txt") as address:
        await_that(lambda: health(address)["status"] == "failing", "the health says that no kernel starts")
        assert answer(address + "/health")[0] == 503
        status, text = answer(address + PAGE)  # an answer: it was awaited for ever
        assert status == 500 or "could not be made" in text
        assert "Traceback" not in text
        server = server_of(address)
        os.kill(server.pid, number)
        await_that(
            lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE, "it ends", SECONDS_TO_END
        )
    assert "Traceback" not in (tmp_path / "log.txt").read_text().split("Ending:")[1]


STUCK = """
import asyncio, logging, os, signal, threading, time
from types import SimpleNamespace
from tornado.ioloop import IOLoop
from deploy import ending
ending.SECONDS_TO_END, ending.SECONDS_AT_MOST = 0.2, 1.0

async def for_ever(now):
    {forever}

async def main():
    room = SimpleNamespace(shutdown_all=for_ever, list_kernel_ids=list, closing=False)
    ending.Ending(room, IOLoop.current(), logging.getLogger()).listen()
    print("listening", flush=True)
    await asyncio.Event().wait()

try:
    asyncio.run(main())
except RuntimeError:  # its loop was stopped, as a server's is
    pass
"""


@pytest.mark.parametrize(
    "forever",
    ["await asyncio.Event().wait()", "raise LookupError", "while True: pass"],
    ids=["kernels never end", "kernels cannot be ended", "the loop is occupied"],
)
def test_nothing_keeps_a_server_from_ending(forever):
    server = subprocess.Popen([sys.executable, "-c", STUCK.format(forever=forever)], stdout=subprocess.PIPE)
    with server:
        assert server.stdout.readline() == b"listening\n"
        server.send_signal(signal.SIGTERM)
        started = time.monotonic()
        server.wait(SECONDS_TO_END)
        assert time.monotonic() - started < SECONDS_TO_END


def test_said_twice_is_at_once():
    code = STUCK.format(forever="while True: pass").replace("= 0.2, 1.0", "= 500, 500")
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as server:
        assert server.stdout.readline() == b"listening\n"
        server.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        server.send_signal(signal.SIGTERM)
        assert server.wait(SECONDS_TO_END) == 1
