"""Kernels forked from a warm parent are as good as ordinary ones: alone, with numbers of their own, interruptible."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Future
from pathlib import Path
from types import SimpleNamespace

import pytest
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerFactory

from deploy import forked_kernel
from deploy.kernel_environment import KERNEL_ENVIRONMENT, SWITCH_SECONDS

pytestmark = pytest.mark.skipif(not forked_kernel.can_fork(), reason="Kernels cannot be forked here.")
SECONDS = 60
Scene = Callable[..., Awaitable[None]]


@pytest.fixture(autouse=True)
def forked(monkeypatch):
    monkeypatch.setattr(KernelProvisionerFactory.instance(), "default_provisioner_name", forked_kernel.NAME)


@pytest.fixture(autouse=True, scope="module")
def parent():
    yield
    forked_kernel.end_parent()


class Kernel:
    """A started kernel and a client of it."""

    def __init__(self, manager: AsyncKernelManager):
        self.manager = manager
        self.client = manager.client()
        self.client.start_channels()

    async def value(self, code: str) -> str:
        """Run statements, then an expression in the last line; return how it prints."""
        said = []

        def note(message):
            if message["msg_type"] in ("stream", "error"):
                content = message["content"]
                said.append(content.get("text") or f"{content['ename']}: {content['evalue']}")

        *before, last = code.strip().splitlines()
        await self.client.execute_interactive(
            "\n".join([*before, f"print({last})"]), timeout=SECONDS, output_hook=note, store_history=False
        )
        return "".join(said).strip()


def with_kernels(
    count: int, scene: Callable[..., Awaitable[None]], environment=None, folder: str | None = None
) -> None:
    """Start kernels, let a scene play with them, and end them."""

    async def play():
        kernels = []
        try:
            for _ in range(count):
                manager = AsyncKernelManager()
                await manager.start_kernel(env={**os.environ, **(environment or {})}, cwd=folder or os.getcwd())
                kernels.append(Kernel(manager))
                await kernels[-1].client.wait_for_ready(timeout=SECONDS)
            await scene(*kernels)
        finally:
            for kernel in kernels:
                kernel.client.stop_channels()
                await kernel.manager.shutdown_kernel(now=True)

    asyncio.run(play())


def ends(pid: int, seconds: float = 15) -> bool:
    """Whether a process ends in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            if Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z":
                time.sleep(0.05)
                continue
        return True
    return False


def test_a_forked_kernel_has_its_own_group_folder_and_environment_and_all_is_imported(tmp_path):
    async def scene(kernel):
        process = kernel.manager.provisioner.process
        assert isinstance(process, forked_kernel.ForkedProcess)
        found = await kernel.value("import os, sys\n[os.getpid(), os.getpgrp(), os.getcwd(), os.environ['A_NAME']]")
        assert found == str([process.pid, process.pid, str(tmp_path), "a value"])
        assert await kernel.value("import sys\n['torch' in sys.modules, 'widgets.labs.periodic' in sys.modules]") == (
            "[True, True]"
        )
        assert await kernel.value("import torch\ntorch.get_num_threads()") == os.environ.get("OMP_NUM_THREADS", "1")

    with_kernels(1, scene, {"A_NAME": "a value", "OMP_NUM_THREADS": "1"}, str(tmp_path))


def test_kernels_share_neither_numbers_nor_names():
    draw = "import random, numpy, torch\n[random.random(), numpy.random.rand(), torch.rand(1).item()]"

    async def scene(one, other):
        assert one.manager.provisioner.process.pid != other.manager.provisioner.process.pid
        mine, theirs = [(await kernel.value(draw))[1:-1].split(", ") for kernel in (one, other)]
        assert len(mine) == 3
        assert not set(mine) & set(theirs)
        await one.value("import lessons\nlessons.secret = name = 'mine'\nname")
        assert (
            await other.value("import lessons\n['name' in globals(), hasattr(lessons, 'secret')]") == "[False, False]"
        )

    with_kernels(2, scene)


def test_a_forked_kernel_is_interrupted_and_goes_on():
    async def scene(kernel):
        waiting = asyncio.create_task(kernel.value("import time\ntime.sleep(50)"))
        await asyncio.sleep(1)
        started = time.monotonic()
        await kernel.manager.interrupt_kernel()
        assert "KeyboardInterrupt" in await waiting
        assert time.monotonic() - started < 10
        assert await kernel.value("6 * 7") == "42"

    with_kernels(1, scene)


def test_a_kernel_trains_starts_threads_and_processes():
    code = """
import concurrent.futures, multiprocessing, torch
x = torch.ones(3, requires_grad=True)
(x * x).sum().backward()
pool = concurrent.futures.ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn"))
[x.grad.tolist(), pool.submit(abs, -3).result(timeout=50), pool.shutdown()]
"""

    async def scene(kernel):
        assert await kernel.value(code) == "[[2.0, 2.0, 2.0], 3, None]"

    with_kernels(1, scene)


def test_a_killed_kernel_is_seen_to_be_dead_and_a_shut_down_one_ends():
    async def scene(one, other):
        assert await one.manager.is_alive()
        os.kill(one.manager.provisioner.pid, signal.SIGKILL)
        assert ends(one.manager.provisioner.pid)
        deadline = time.monotonic() + 10  # its threads end a moment after it
        while await one.manager.is_alive() and time.monotonic() < deadline:
            await asyncio.sleep(0.05)
        assert not await one.manager.is_alive()
        pid = other.manager.provisioner.pid
        await other.manager.shutdown_kernel()
        assert ends(pid)

    with_kernels(2, scene)


def test_the_parent_dies_its_kernels_live_on_and_the_next_one_gets_another_parent():
    parent = "import os\nos.getppid()"

    async def scene(kernel):
        before = await kernel.value(parent)
        forked_kernel.end_parent()
        assert ends(int(before))
        assert await kernel.manager.is_alive()
        assert await kernel.value("6 * 7") == "42"

        async def second(later):
            assert isinstance(later.manager.provisioner.process, forked_kernel.ForkedProcess)
            assert await later.value(parent) not in (before, "1")

        await asyncio.to_thread(with_kernels, 1, second)

    with_kernels(1, scene)


@pytest.mark.parametrize("forks", [True, False])
def test_kernels_of_a_room_pass_the_lock_on_quickly_and_compute_on_one_thread(monkeypatch, forks):
    if not forks:
        monkeypatch.setattr(forked_kernel, "can_fork", lambda: False)

    async def scene(kernel):
        told = "import sys, torch\nsys.getswitchinterval(), torch.get_num_threads()"
        assert await kernel.value(told) == f"{SWITCH_SECONDS} 1"

    with_kernels(1, scene, environment=KERNEL_ENVIRONMENT)


def test_where_nothing_can_be_forked_an_ordinary_kernel_starts(monkeypatch):
    monkeypatch.setattr(forked_kernel, "_context", None)

    async def scene(kernel):
        assert isinstance(kernel.manager.provisioner.process, subprocess.Popen)
        assert await kernel.value("6 * 7") == "42"

    with_kernels(1, scene)


def test_a_parent_that_does_not_answer_is_replaced_and_an_ordinary_kernel_starts(monkeypatch):
    async def warm(kernel):
        await kernel.value("6 * 7")

    with_kernels(1, warm)
    monkeypatch.setattr(forked_kernel, "PATIENCE", 1.0)
    os.kill(forked_kernel.parent_pid(), signal.SIGSTOP)

    async def scene(kernel):
        assert isinstance(kernel.manager.provisioner.process, subprocess.Popen)

    with_kernels(1, scene)
    monkeypatch.setattr(forked_kernel, "PATIENCE", 60.0)

    async def later(kernel):
        assert isinstance(kernel.manager.provisioner.process, forked_kernel.ForkedProcess)

    with_kernels(1, later)


def test_a_parent_that_has_imported_all_has_less_time_to_answer_than_one_that_has_not():
    """A visitor waits for it; with the time that imports take, and an ordinary kernel after it, that was 81 s."""

    async def scene(kernel):
        assert forked_kernel._patience() == forked_kernel.PATIENCE < 10
        forked_kernel.end_parent()
        ends(forked_kernel.parent_pid())
        assert forked_kernel.start_parent()
        assert forked_kernel._patience() == forked_kernel.PATIENCE_WITH_IMPORTS

    with_kernels(1, scene)


def test_who_waits_behind_a_start_that_hangs_gets_an_ordinary_kernel(monkeypatch):
    monkeypatch.setattr(forked_kernel, "PATIENCE_WITH_IMPORTS", 1.0)
    go_on = threading.Event()
    forked_kernel._starter.submit(go_on.wait)

    async def scene(kernel):
        assert isinstance(kernel.manager.provisioner.process, subprocess.Popen)

    try:
        with_kernels(1, scene)
    finally:
        go_on.set()


def test_a_kernel_that_is_forked_too_late_ends():
    ended = []
    job = Future()
    job.add_done_callback(forked_kernel._end_what_came_late)
    job.set_result(SimpleNamespace(kill=lambda: ended.append(True)))
    failed = Future()
    failed.add_done_callback(forked_kernel._end_what_came_late)
    failed.set_exception(EOFError())
    assert ended == [True]


def test_a_kernel_that_asks_for_too_much_memory_is_refused_and_lives_on():
    async def scene(kernel):
        assert "memory" in await kernel.value("import torch\ntorch.ones(2**29).sum()")
        assert await kernel.value("import torch\ntorch.ones(2**20).sum().item()") == "1048576.0"

    with_kernels(1, scene, {"LESSONS_KERNEL_MEGABYTES": "1500"})


def test_the_parent_asks_for_no_device_and_starts_no_thread():
    code = """
import os, torch
def refuse(*_):
    raise AssertionError("a device was asked for")
torch.cuda.is_available = torch.cuda.device_count = torch._C._cuda_getDeviceCount = refuse
import deploy.warm_parent
print(len(os.listdir("/proc/self/task")))
"""
    environment = {**os.environ, **KERNEL_ENVIRONMENT}
    parent = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment)
    assert parent.returncode == 0, parent.stderr
    assert parent.stdout.strip() == "1"


SERVER_THAT_DIES = """
import os, signal, time
from deploy import forked_kernel
forked_kernel.start_parent()
process = forked_kernel.ForkedProcess(["-f", "{file}"], dict(os.environ), "/")
print(process.pid, flush=True)
while not os.path.exists("{file}"):
    time.sleep(0.05)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_kernel_ends_when_the_server_is_killed(tmp_path):
    code = SERVER_THAT_DIES.format(file=tmp_path / "kernel.json")
    server = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=SECONDS)
    assert server.returncode == -signal.SIGKILL
    assert ends(int(server.stdout.split()[0]))
