"""Lets a room of students loose on a lesson server, all at once, and returns what they saw."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import async_playwright

from benchmarks.room.bell import Bell
from benchmarks.room.health import HealthWatch
from benchmarks.room.page import PageStudent
from benchmarks.room.processes import Watch, listening_on
from benchmarks.room.reader import Read, Reader
from benchmarks.room.report import Report
from benchmarks.room.seen import Seen
from benchmarks.room.student import Student
from tests.browser.served import CHROMIUM_ARGUMENTS, ROOT, browser_path, lesson_server

LESSON = "03_divergence.ipynb"
MOST_STUDENTS, MOST_PAGES, MOST_READERS, MOST_SECONDS = 60, 4, 500, 600
# What Voilà grants a kernel to end by itself.
ENDING_SECONDS = 30
# Readers come one by one, all within this share of the time in which students train.
ARRIVAL_SHARE = 0.7


def lessons() -> list[str]:
    """File names of all lessons."""
    return sorted(path.name for path in (ROOT / "notebooks").glob("0*.ipynb"))


def run_room(
    students: int,
    pages: int = 0,
    seconds: float = 30,
    lesson: str = LESSON,
    address: str | None = None,
    seed: int = 0,
    readers: int = 0,
    plain: str = "pages",
    within: float | None = None,
) -> Report:
    """Run a room.

    Args:
        students: Headless students, at most `MOST_STUDENTS`.
        pages: Pages in Chromium, at most `MOST_PAGES`.
        seconds: How long all train together, after the last has begun; at most `MOST_SECONDS`.
        lesson: File name of a lesson, or "all" to share them out.
        address: Of a server on this machine; None to start one.
        seed: Of what the students wish for.
        readers: Those who only read plain pages meanwhile, at most `MOST_READERS`.
        plain: Folder of plain pages, which a server that is started shows.
        within: Seconds in which all readers come; None for most of the time in which students train.

    Raises:
        ValueError: If a number or the address is not allowed.
    """
    _check(students, pages, seconds, lesson, readers)
    with _server(address, plain if readers else "") as served:
        within = ARRIVAL_SHARE * seconds if within is None else within
        return asyncio.run(_room(students, pages, seconds, lesson, served, seed, readers, within))


def loopback(address: str) -> str:
    """Return an address as `http://127.0.0.1:8866`, without a path.

    Raises:
        ValueError: If it is not one of this machine's loopback, by number.
    """
    parts = urlsplit(address)
    try:
        local = ipaddress.ip_address(parts.hostname or "").is_loopback and parts.port is not None
    except ValueError:
        local = False
    if parts.scheme != "http" or not local:
        raise ValueError(f"{address!r} is no address such as http://127.0.0.1:8866: load goes to this machine only.")
    return f"http://{parts.netloc}"


def _check(students: int, pages: int, seconds: float, lesson: str, readers: int) -> None:
    if not 0 <= readers <= MOST_READERS:
        raise ValueError(f"A room has at most {MOST_READERS} readers.")
    if not (0 <= students <= MOST_STUDENTS and 0 <= pages <= MOST_PAGES and students + pages > 0):
        raise ValueError(f"A room has at most {MOST_STUDENTS} students and {MOST_PAGES} pages, and somebody in it.")
    if not 1 <= seconds <= MOST_SECONDS:
        raise ValueError(f"A room trains for 1 to {MOST_SECONDS} seconds.")
    if lesson not in ("all", *lessons()):
        raise ValueError(f"There is no lesson {lesson}; there are all, {', '.join(lessons())}.")


@contextlib.contextmanager
def _server(address: str | None, plain: str) -> Iterator[str]:
    if address is None:
        with lesson_server(options=[f"--pages={plain}"]) as served:
            yield served
    else:
        yield loopback(address)


async def _room(
    students: int, pages: int, seconds: float, lesson: str, address: str, seed: int, readers: int, within: float
) -> Report:
    wanted = lessons() if lesson == "all" else [lesson]
    watch = Watch(listening_on(urlsplit(address).port))
    load, kernels_before = os.getloadavg(), watch.kernels()
    bell = Bell(students + pages, seconds)
    names = [*(f"page {k + 1}" for k in range(pages)), *(f"student {k + 1}" for k in range(students))]
    seen = [Seen(name, wanted[k % len(wanted)]) for k, name in enumerate(names)]
    read = [Read() for _ in range(readers)]
    plain = [f"{address}/pages/{Path(name).stem}.html" for name in wanted]
    with HealthWatch(address) as health:
        async with _browser(pages) as browser:
            room = [PageStudent(browser, address, record, seed + k) for k, record in enumerate(seen[:pages])]
            room += [Student(address, record, seed + pages + k) for k, record in enumerate(seen[pages:])]
            sampling = asyncio.create_task(watch.go_on())
            reading = [Reader(plain[k % len(plain)], each, seed + k) for k, each in enumerate(read)]
            await asyncio.gather(*(one.attend(bell) for one in room), *(one.attend(bell, within) for one in reading))
    left = await _left(watch, kernels_before)
    sampling.cancel()
    return Report(seen, watch.samples, (bell.begin, bell.end), left, load, health.seconds, read)


@contextlib.asynccontextmanager
async def _browser(pages: int) -> AsyncIterator[object]:
    if pages == 0:
        yield None
        return
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path(), args=list(CHROMIUM_ARGUMENTS))
        yield browser
        await browser.close()


async def _left(watch: Watch, before: int) -> int:
    """Count the kernels that were not there before, after they have had time to end."""
    for _ in range(ENDING_SECONDS):
        if watch.kernels() <= before:
            break
        await asyncio.sleep(1)
    return max(0, watch.kernels() - before)
