"""Who asks for much and reads nothing, or asks and leaves, costs the server little; and a page has few connections."""

import contextlib
import re
import time
import uuid

import pytest
import websocket

from deploy.connection import MOST_BYTES_FOR_WHO_IS_AWAY, Held
from deploy.kernel_handlers import MOST_BYTES_UNSENT, MOST_CONNECTIONS
from tests.browser.hostile_client import HostileClient
from tests.browser.served import lesson_server, write_notebook
from tests.deploy.visitor import answer, await_that, health, server_of, slowest_health

# Answers each message with as much as plotly.js has, compressed, and notes in a file that it has.
LOUD = """
import os
from comm import create_comm

loud = create_comm(target_name="loud")
content = os.urandom(1_470_000)
answers = open("answers", "ab", buffering=0)


def answer(message):
    loud.send({}, buffers=[content])
    answers.write(b".")


loud.on_msg(answer)
print("comm", loud.comm_id)
"""
PAGE = "/voila/render/page.ipynb"
# 220 MB of answers; a server that held all that was asked for held them all. What waits for the page is 8 MB and one
# message; ZeroMQ and Python keep some of what they have had once: of 500 answers, 14 MB were left.
ASKED = 150
MOST_MEGABYTES = 90


@pytest.fixture(scope="module")
def loud(tmp_path_factory):
    """Address of a server whose page answers loudly, the kernel of an open page, and the comm to ask."""
    folder = tmp_path_factory.mktemp("loud")
    write_notebook(folder / "page.ipynb", LOUD)
    with lesson_server(folder, log=folder / "log.txt") as address:
        text = answer(address + PAGE)[1]
        kernel = re.search(r'"kernelId":\s*"([\w-]+)"', text)[1]
        comm = re.search(r"comm (\w+)", text)[1]
        await_that(lambda: health(address)["status"] == "ok", "the server is warm")
        yield address, kernel, comm, folder


def megabytes(address):
    return server_of(address).memory_info().rss / 1e6


def most_memory_while_answered(address, folder, before):
    """The most that the server holds until all answers are given and a moment longer, in MB."""
    process, most, end = server_of(address), 0.0, time.monotonic() + 240
    while (given := (folder / "answers").stat().st_size - before) < ASKED:
        assert time.monotonic() < end, f"{given} answers in four minutes"
        most = max(most, process.memory_info().rss / 1e6)
        time.sleep(0.02)
    for _ in range(100):
        most = max(most, process.memory_info().rss / 1e6)
        time.sleep(0.02)
    return most


def ask(client, comm):
    for _ in range(ASKED):
        client.send("comm_msg", {"comm_id": comm, "data": {"type": "plotly"}})


def test_a_client_that_asks_for_much_and_reads_nothing_is_disconnected(loud):
    address, kernel, comm, folder = loud
    before, given = megabytes(address), (folder / "answers").stat().st_size
    client = HostileClient(address, kernel)
    ask(client, comm)
    most = most_memory_while_answered(address, folder, given)
    print(f"{before:.0f} MB, at most {most:.0f} MB")
    assert most - before < MOST_MEGABYTES
    assert "does not read" in (folder / "log.txt").read_text()
    assert slowest_health(address, 1) < 1
    client.close()


def test_a_client_that_asks_for_much_and_leaves_leaves_little(loud):
    address, kernel, comm, folder = loud
    before, given = megabytes(address), (folder / "answers").stat().st_size
    client = HostileClient(address, kernel)
    ask(client, comm)
    client.close()
    most = most_memory_while_answered(address, folder, given)
    print(f"{before:.0f} MB, at most {most:.0f} MB")
    assert most - before < MOST_MEGABYTES


def test_a_page_has_few_connections_and_gets_one_again_when_another_ends(loud):
    address, kernel, *_ = loud
    clients = [HostileClient(address, kernel) for _ in range(MOST_CONNECTIONS)]
    with pytest.raises(websocket.WebSocketBadStatusException, match="429"):
        HostileClient(address, kernel)
    clients.pop().close()
    deadline = time.monotonic() + 30
    while len(clients) < MOST_CONNECTIONS:
        assert time.monotonic() < deadline
        try:
            clients.append(HostileClient(address, kernel, session=str(uuid.uuid4())))
        except websocket.WebSocketBadStatusException:
            time.sleep(0.2)  # the server has not yet seen it go
    for client in clients:
        client.close()


@pytest.mark.parametrize(("size", "stays"), [(2**19, True), (2**21, False)])
def test_a_message_that_is_larger_than_any_of_a_page_ends_its_connection(loud, size, stays):
    """A kernel that does not read leaves all that it is sent in the server."""
    address, kernel, *_ = loud
    client = HostileClient(address, kernel)
    with contextlib.suppress(ConnectionError):  # it may be ended before all of it is sent
        client.send("comm_msg", {"comm_id": "x" * size})
    assert client.is_connected() == stays
    client.close()


def test_what_is_held_for_a_page_that_is_away_is_the_newest_in_order():
    held = Held(most_bytes=100)
    for number in range(50):
        held.append(("iopub", [b"%02d" % number, bytes(18)]))
    assert [parts[0] for _, parts in held] == [b"45", b"46", b"47", b"48", b"49"]
    assert len(held) == 5
    assert held.bytes == 100
    held.append(("iopub", [bytes(101)]))
    assert not held
    assert held.bytes == 0


def test_what_is_held_fits_what_may_wait():
    """A page that comes back is told all that was held for it at once; that must not disconnect it again."""
    assert MOST_BYTES_FOR_WHO_IS_AWAY <= MOST_BYTES_UNSENT / 2
