"""So many seats and no more; given back by pages that close, that are gone, or that are left alone."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from tornado.web import HTTPError

from deploy.room import LessonKernels, RoomFull, for_gallery


@pytest.fixture
def room(monkeypatch, tmp_path):
    """A room of two seats whose kernels are names only."""

    async def start(self, **_):
        await asyncio.sleep(0.01)
        kernel = f"kernel {len(self._kernels) + 1}"
        self._kernels[kernel] = SimpleNamespace(
            last_activity=datetime.now(UTC),
            execution_state="idle",
            kernel_name="python3",
            kernel_spec=SimpleNamespace(metadata={}),
        )
        self._kernel_connections[kernel] = 1
        return kernel

    async def shutdown(self, kernel_id, *_, **__):
        await asyncio.sleep(0.01)
        del self._kernels[kernel_id]

    monkeypatch.setattr(AsyncMappingKernelManager, "start_kernel", start)
    monkeypatch.setattr(AsyncMappingKernelManager, "shutdown_kernel", shutdown)
    return LessonKernels(seats=2, root_dir=str(tmp_path), cull_idle_timeout=600, open_page_timeout=3600)


def test_of_many_at_once_as_many_get_in_as_there_are_seats(room):
    async def crowd():
        return await asyncio.gather(*(room.start_kernel() for _ in range(10)), return_exceptions=True)

    came = asyncio.run(crowd())
    assert sum(isinstance(one, str) for one in came) == 2
    assert sum(isinstance(one, RoomFull) for one in came) == 8
    assert room.full
    assert room.of_this_moment() == {"seats": 2, "taken": 2, "connected": 2}


def test_a_page_that_is_loaded_again_keeps_its_seat_in_a_full_room(room):
    async def reload():
        first = await room.start_kernel()
        await room.start_kernel()
        leaving = asyncio.create_task(room.shutdown_kernel(first))
        await asyncio.sleep(0)
        assert await room.start_kernel()
        await leaving

    asyncio.run(reload())


def test_a_page_that_asks_before_its_goodbye_has_come_gets_its_seat_back(room):
    async def reload():
        first = await room.start_kernel()
        await room.start_kernel()
        asks = asyncio.create_task(room.has_seat())
        await asyncio.sleep(0.01)
        assert not asks.done()
        await room.shutdown_kernel(first)
        return await asks

    assert asyncio.run(reload())


def test_a_room_that_stays_full_says_so_after_a_moment_and_at_once_when_it_closes(room, monkeypatch):
    monkeypatch.setattr("deploy.room.GOODBYE_SECONDS", 0.05)

    async def ask():
        await room.start_kernel()
        await room.start_kernel()
        assert not await room.has_seat()
        monkeypatch.setattr("deploy.room.GOODBYE_SECONDS", 60.0)
        room.closing = True
        async with asyncio.timeout(30):
            assert not await room.has_seat()

    asyncio.run(ask())


@pytest.mark.parametrize(
    ("idle", "connections", "stays"), [(60, 0, True), (700, 0, False), (700, 1, True), (3700, 1, False)]
)
def test_a_seat_is_given_back_after_a_while(room, idle, connections, stays):
    async def wait():
        kernel = await room.start_kernel()
        room._kernels[kernel].last_activity -= timedelta(seconds=idle)
        room._kernel_connections[kernel] = connections
        await room.cull_kernel_if_idle(kernel)
        assert (kernel in room._kernels) == stays

    asyncio.run(wait())


def test_nobody_comes_in_while_the_server_ends(room):
    room.closing = True
    with pytest.raises(RoomFull):
        asyncio.run(room.start_kernel())


def test_a_vanished_page_gives_its_seat_back_while_its_kernel_trains(room):
    """A training gives signs of life for as long as it may run; they are not the page's."""

    async def wait():
        kernel = await room.start_kernel()
        room._kernel_connections[kernel] = 0
        room.notify_connect(kernel)
        room.notify_disconnect(kernel)
        now = asyncio.get_running_loop().time()
        room.last_seen(kernel, now - 590)
        await room.cull_kernel_if_idle(kernel)
        assert kernel in room._kernels
        room.last_seen(kernel, now - 610)
        await room.cull_kernel_if_idle(kernel)
        assert kernel not in room._kernels

    asyncio.run(wait())


def test_a_page_that_came_back_keeps_its_seat(room):
    async def wait():
        kernel = await room.start_kernel()
        room._kernel_connections[kernel] = 0
        room.notify_connect(kernel)
        room.notify_disconnect(kernel)
        room.last_seen(kernel, asyncio.get_running_loop().time() - 610)
        room.notify_connect(kernel)
        await room.cull_kernel_if_idle(kernel)
        assert kernel in room._kernels

    asyncio.run(wait())


@pytest.mark.parametrize("joins", [True, False])
def test_a_page_that_no_browser_connects_gives_its_seat_back_soon(room, joins):
    """A link preview gets the page and runs none of its scripts."""
    room.join_timeout = 0

    async def wait():
        kernel = await room.start_kernel()
        room.page_is_whole()
        if joins:
            room.notify_connect(kernel)
        # Ten seconds are for a slow machine; what would end a page that has joined is due at once.
        end = asyncio.get_running_loop().time() + (1 if joins else 10)
        while kernel in room._kernels and asyncio.get_running_loop().time() < end:
            await asyncio.sleep(0.01)
        assert (kernel in room._kernels) == joins

    asyncio.run(wait())


def test_open_galleries_take_no_seats_and_are_as_many_as_there_are_seats(room):
    async def student(gallery):
        for_gallery.set(gallery)
        return await room.start_kernel()

    async def crowd():
        come = [student(gallery) for gallery in (True, True, True, False, False, False)]
        return await asyncio.gather(*come, return_exceptions=True)

    came = asyncio.run(crowd())
    assert [isinstance(one, RoomFull) for one in came] == [False, False, True, False, False, True]
    assert room.of_this_moment()["taken"] == 2


def test_a_kernel_that_cannot_be_ended_keeps_none_of_the_others(room, monkeypatch):
    shutdown = AsyncMappingKernelManager.shutdown_kernel

    async def stubborn(self, kernel_id, *arguments, **options):
        if kernel_id == "kernel 1":
            raise HTTPError(404)
        await shutdown(self, kernel_id, *arguments, **options)

    monkeypatch.setattr(AsyncMappingKernelManager, "shutdown_kernel", stubborn)

    async def end():
        await room.start_kernel()
        await room.start_kernel()
        await room.shutdown_all(now=True)
        assert list(room._kernels) == ["kernel 1"]

    asyncio.run(end())


def test_the_status_says_when_no_kernel_starts_and_when_one_does_again(room, monkeypatch):
    assert room.status == "starting"
    room.note_start(None)
    assert room.status == "ok"
    start = AsyncMappingKernelManager.start_kernel

    async def fail(self, **_):
        raise OSError("no space left")

    async def play():
        monkeypatch.setattr(AsyncMappingKernelManager, "start_kernel", fail)
        with pytest.raises(OSError, match="no space"):
            await room.start_kernel()
        assert room.status == "failing"
        monkeypatch.setattr(AsyncMappingKernelManager, "start_kernel", start)
        await room.start_kernel()
        room.page_is_whole()
        assert room.status == "ok"
        await room.start_kernel()
        assert room.status == "full"

    asyncio.run(play())
    room.closing = True
    assert room.status == "closing"
