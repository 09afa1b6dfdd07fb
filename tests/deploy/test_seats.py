"""So many seats and no more; given back by pages that close, that are gone, or that are left alone."""

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

from deploy.room import LessonKernels, RoomFull


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
