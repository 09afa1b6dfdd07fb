"""Two learners train while all goes wrong around them: they lose nothing, and the server answers all the while."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.room.room import run_room
from tests.browser.saboteur import Saboteur, room_is_empty
from tests.browser.served import lesson_server, pings
from tests.deploy.visitor import await_that, health, server_of

pytestmark = pytest.mark.browser
LEARNERS, SECONDS = 2, 120
# Its own 120 MB, what its answers hold for a moment, and what Python keeps; unbounded, one flood alone held 759 MB.
MOST_MEGABYTES = 600
OPTIONS = [
    "--seats=100",
    "--LessonKernels.join_timeout=10",  # of previews, so that they have left before the bell
    "--MappingKernelManager.cull_interval=5",
    pings(1000),
]


@pytest.fixture(scope="module")
def day(tmp_path_factory):
    """A bad day: report of the learners, what the saboteur did, the server's memory in MB, how it ended, its log."""
    log = tmp_path_factory.mktemp("chaos") / "log.txt"
    with lesson_server(log=log, options=OPTIONS) as address, ThreadPoolExecutor(4) as others:
        server = server_of(address)
        await_that(lambda: health(address)["status"] == "ok", "the server is warm")
        # The learners' browser has an event loop of its own, in a thread of its own.
        learning = others.submit(run_room, students=LEARNERS, seconds=SECONDS, address=address)
        await_that(lambda: health(address)["connected"] == LEARNERS, "the learners are there")
        sabotage = others.submit(Saboteur(address, server).go_on, SECONDS * 0.8)
        most = 0
        while not learning.done():
            most = max(most, server.memory_info().rss)
            time.sleep(0.1)
        report, done = learning.result(), sabotage.result()
        await_that(lambda: room_is_empty(address), "all seats are given back", 60)
        ending = time.monotonic()
        os.kill(server.pid, signal.SIGTERM)
        server.wait(30)
        yield report, done, most / 1e6, time.monotonic() - ending, log.read_text()


def test_the_learners_lose_nothing_and_the_server_answers_all_the_while(day):
    """The report says of lost moves, frozen figures and of a health that took longer than a second to come."""
    report, done, *_ = day
    print(f"{len(done)} acts; health: {report.as_dict()['health, ms']}")
    assert len(set(done)) == 8, done
    assert report.reasons() == []
    assert all(len(each.moves) >= 10 for each in report.trained)


def test_the_server_holds_little(day):
    assert day[2] < MOST_MEGABYTES


def test_it_ends_when_it_is_told_to_and_its_log_is_lines(day):
    *_, seconds, log = day
    assert seconds < 10
    assert "Traceback" not in log
