"""Connections that are lost, broken or late never occupy the server: its health answers all the while."""

import signal
import time
import uuid

import pytest

from tests.browser.half_open import half_open_proxy
from tests.browser.hostile_client import HostileClient
from tests.browser.served import lesson_server, pings, write_notebook
from tests.deploy.visitor import await_that, health, kernel_of_page, server_of, slowest_health

# A training's frames without the training: a message with a buffer every few milliseconds, come what may.
FLOW = """
import asyncio
from comm import create_comm

flow = create_comm(target_name="flow")


async def send():
    while True:
        flow.send({}, buffers=[bytes(1000)])
        await asyncio.sleep(0.005)


sending = asyncio.get_running_loop().create_task(send())
"""
PAGE = "/voila/render/page.ipynb"
# A second is what an operator's monitor bears. The answer takes some milliseconds, on a busy machine some hundred;
# a server whose loop was occupied did not answer at all.
BEARABLE = 1.0
# Tornado waits 5 s for the other side's goodbye, and then says that a connection is closed.
GOODBYE = 6.5
# How long the server waits for a kernel to answer; a client that waits so long is not yet taken for absent.
ANSWER_SECONDS = 6


@pytest.fixture(scope="module")
def flowing(tmp_path_factory):
    """Address and log of a server whose pages never stop to send, and which soon takes silence for absence."""
    folder = tmp_path_factory.mktemp("flow")
    write_notebook(folder / "page.ipynb", FLOW)
    log = folder / "log.txt"
    options = [pings(2000), f"--LessonKernels.kernel_info_timeout={ANSWER_SECONDS}"]
    with lesson_server(folder, log=log, options=options) as address:
        yield address, log


def test_a_page_that_reconnects_after_a_half_open_connection_leaves_the_server_free(flowing):
    address, log = flowing
    session = str(uuid.uuid4())
    with half_open_proxy(address) as proxy:
        kernel = kernel_of_page(proxy.address + PAGE)
        with HostileClient(proxy.address, kernel, session=session) as before:
            before.answers_for(0.5)
            proxy.swallow()
            proxy.reset_clients()
            with HostileClient(proxy.address, kernel, session=session) as after:
                assert f"Replacing stale connection: {kernel}" in log.read_text()
                assert "comm_msg" in after.answers_for(0.5)
            assert slowest_health(address, GOODBYE) < BEARABLE


def test_a_broken_message_from_a_client_that_does_not_say_goodbye_leaves_the_server_free(flowing):
    address, _ = flowing
    with HostileClient(address, kernel_of_page(address + PAGE)) as client:
        client.send_bytes(b"garbage!")
        assert slowest_health(address, GOODBYE) < BEARABLE


def test_a_client_that_gives_no_sign_of_life_leaves_the_server_free(flowing):
    address, log = flowing
    with HostileClient(address, kernel_of_page(address + PAGE)):
        timed_out = log.read_text().count("WebSocket ping timeout")
        assert slowest_health(address, 5) < BEARABLE
        await_that(lambda: log.read_text().count("WebSocket ping timeout") > timed_out, "the client counts as gone", 20)
        assert slowest_health(address, GOODBYE) < BEARABLE


def kernels_of(address):
    """The processes of a server's kernels."""
    return {kernel for parent in server_of(address).children() for kernel in parent.children()}


@pytest.fixture
def stopped(flowing):
    """A page that a client has been connected to, and its kernel's process, which is stopped."""
    address, _ = flowing
    others = kernels_of(address)
    page = kernel_of_page(address + PAGE)
    (kernel,) = kernels_of(address) - others
    with HostileClient(address, page) as client:
        client.answers_for(0.2)
    kernel.send_signal(signal.SIGSTOP)
    yield page, kernel
    kernel.send_signal(signal.SIGCONT)


def test_pages_that_come_and_go_at_once_are_no_fault_and_leave_the_kernel_to_the_next(flowing):
    """On a bad line a connection may end while its kernel's messages are being handed over."""
    address, log = flowing
    kernel, session = kernel_of_page(address + PAGE), str(uuid.uuid4())
    for _ in range(40):
        with HostileClient(address, kernel, session=session):
            pass
    with HostileClient(address, kernel, session=session) as last:
        assert "comm_msg" in last.answers_for(0.5)
    assert "Traceback" not in log.read_text()


def test_who_comes_back_while_the_kernel_is_asked_hears_it_from_then_on(flowing, stopped):
    """The connection before was given up by its page while it waited: it must not take the streams when it ends."""
    address, log = flowing
    page, kernel = stopped
    session = str(uuid.uuid4())
    with HostileClient(address, page, session=session), HostileClient(address, page, session=session) as after:
        time.sleep(0.3)
        kernel.send_signal(signal.SIGCONT)
        assert "comm_msg" in after.answers_for(ANSWER_SECONDS + 1)
        assert after.answers_for(0.5)
    assert "Traceback" not in log.read_text()


def test_a_kernel_that_does_not_answer_is_a_line_and_its_page_is_told_to_come_again(flowing, stopped):
    address, log = flowing
    page, kernel = stopped
    with HostileClient(address, page) as client:
        await_that(lambda: f"Kernel {page} does not answer" in log.read_text(), "it was given up", 2 * ANSWER_SECONDS)
        assert not client.is_connected()
    kernel.send_signal(signal.SIGCONT)
    with HostileClient(address, page) as client:
        assert "comm_msg" in client.answers_for(ANSWER_SECONDS + 1)
    assert "Traceback" not in log.read_text()


def test_a_kernel_that_dies_leaves_nothing_open(flowing):
    """Each leaves sockets, and a room has hundreds of pages a day: in the end no kernel could be started."""
    address, _ = flowing
    server = server_of(address)

    def come_and_die():
        others, taken = kernels_of(address), health(address)["taken"]
        with HostileClient(address, kernel_of_page(address + PAGE)) as client:
            client.answers_for(0.2)
        # What its kernel says is held for it from now on.
        for kernel in kernels_of(address) - others:
            kernel.kill()
        await_that(lambda: health(address)["taken"] <= taken, "the server has noticed")

    come_and_die()
    before = server.num_fds()
    come_and_die()
    come_and_die()
    # The same as before, but for a connection of HTTP that is just closing; each kernel left five sockets of two each.
    await_that(lambda: server.num_fds() <= before + 4, "what belonged to the kernels is closed", 30)
