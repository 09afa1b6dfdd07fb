"""What a lesson server and its kernels take: memory by kind, and processor time. Linux only."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass

import psutil

SAMPLE_EVERY_SECONDS = 1.0
SERVER, PARENT, KERNEL = "server", "warm parent", "kernel"


@dataclass(frozen=True)
class Process:
    """One process at one moment.

    Attributes:
        role: `SERVER`, `PARENT` (helpers of the server that are no kernels) or `KERNEL`.
        rss, pss, uss: Bytes: resident; resident, each shared page divided by those who share it; private.
        cpu: Seconds of processor time so far.
    """

    role: str
    rss: int
    pss: int
    uss: int
    cpu: float


@dataclass(frozen=True)
class Sample:
    """All processes of a server at one moment, by their number; `free` is what the machine could still give, bytes."""

    time: float
    processes: dict[int, Process]
    free: int
    own_cpu: float

    def of(self, role: str) -> list[Process]:
        """The processes of a role."""
        return [process for process in self.processes.values() if process.role == role]

    @property
    def pss(self) -> int:
        """The memory that all take together, each page once. Bytes."""
        return sum(process.pss for process in self.processes.values())


def listening_on(port: int) -> psutil.Process:
    """Find the process that listens on a port of this machine.

    Raises:
        LookupError: If there is none of this user.
    """
    for connection in psutil.net_connections("tcp"):
        if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port and connection.pid:
            return psutil.Process(connection.pid)
    raise LookupError(f"No process of yours listens on port {port}.")


class Watch:
    """Samples a server and its descendants."""

    def __init__(self, server: psutil.Process):
        self._server = server
        self.samples: list[Sample] = []

    async def go_on(self) -> None:
        """Take samples until cancelled."""
        while True:
            self.samples.append(await asyncio.to_thread(self.sample))
            await asyncio.sleep(SAMPLE_EVERY_SECONDS)

    def kernels(self) -> int:
        """The number of kernels that run now."""
        return sum(role == KERNEL for _, role in self._family())

    def sample(self) -> Sample:
        """Measure now."""
        own = sum(os.times()[:2])
        found = {}
        for process, role in self._family():
            try:
                memory, cpu = process.memory_full_info(), process.cpu_times()
            except psutil.Error:  # it has just ended
                continue
            found[process.pid] = Process(role, memory.rss, memory.pss, memory.uss, cpu.user + cpu.system)
        return Sample(time.time(), found, psutil.virtual_memory().available, own)

    def _family(self) -> Iterable[tuple[psutil.Process, str]]:
        yield self._server, SERVER
        for child in self._server.children(recursive=True):
            try:
                yield child, self._role(child)
            except psutil.Error:
                continue

    def _role(self, process: psutil.Process) -> str:
        if process.status() == psutil.STATUS_ZOMBIE:
            raise psutil.ZombieProcess(process.pid)
        # An ordinary kernel says so; a forked one keeps its parent's command line, but is a child of the parent.
        forked = process.ppid() != self._server.pid
        return KERNEL if forked or "ipykernel_launcher" in process.cmdline() else PARENT


def between(samples: list[Sample], begin: float, end: float) -> tuple[Sample, Sample]:
    """The first and the last sample of a stretch of time; of all of them, if none is in it."""
    inside = [sample for sample in samples if begin <= sample.time <= end] or samples
    return inside[0], inside[-1]
