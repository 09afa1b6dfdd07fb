"""A room with so many seats: one kernel a page, given back when its page is closed or left alone."""

from __future__ import annotations

import contextlib
import os
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Integer

# A kernel that has made its page has more patience than the server, through which all speak to their pages, and than
# the kernels of those who are still waiting for theirs.
PATIENT = 10
started: ContextVar[str | None] = ContextVar("started", default=None)


class RoomFull(Exception):
    """All seats are taken."""


class LessonKernels(AsyncMappingKernelManager):
    """The kernels of a room, at most `seats` of them.

    A page that says goodbye ends its kernel at once. One that does not (a closed laptop) is seen by its silence:
    `cull_idle_timeout` seconds while no page is connected, `open_page_timeout` seconds while one is.
    """

    seats = Integer(40, help="Pages that may be open at a time.").tag(config=True)
    open_page_timeout = Integer(
        3600, help="Seconds after which an open page that nobody uses gives its seat back."
    ).tag(config=True)

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._starting = 0
        self._leaving: set[str] = set()
        self.closing = False

    @property
    def taken(self) -> int:
        """Seats that are taken. A page that is loaded again leaves one before it takes one."""
        return len(set(self.list_kernel_ids()) - self._leaving) + self._starting

    @property
    def full(self) -> bool:
        """Whether nobody else can come in."""
        return self.closing or self.taken >= self.seats

    async def start_kernel(self, **arguments: Any) -> str:
        """Start a kernel.

        Raises:
            RoomFull: If all seats are taken, or the server is about to end.
        """
        if self.full:
            raise RoomFull
        self._starting += 1
        try:
            kernel_id = await super().start_kernel(**arguments)
        finally:
            self._starting -= 1
        started.set(kernel_id)
        return kernel_id

    def step_back(self) -> None:
        """Let the kernel that this request has started give way to the server and to kernels that make pages."""
        kernel = self._kernels.get(started.get())
        process_id = getattr(getattr(kernel, "provisioner", None), "pid", None)
        if process_id is not None and hasattr(os, "setpriority"):
            with contextlib.suppress(OSError):  # it may have ended
                os.setpriority(os.PRIO_PROCESS, process_id, PATIENT)
            with contextlib.suppress(OSError):  # where Linux groups processes by session, what counts is the group's
                Path(f"/proc/{process_id}/autogroup").write_text(str(PATIENT))

    async def end_started(self) -> None:
        """End the kernel that this request has started, if it has."""
        kernel_id = started.get()
        if kernel_id in self._kernels:
            await self.shutdown_kernel(kernel_id, now=True)

    async def shutdown_kernel(self, kernel_id: str, *arguments: Any, **options: Any) -> None:
        """End a kernel; its seat is free from now on."""
        self._leaving.add(kernel_id)
        try:
            await ensure_async(super().shutdown_kernel(kernel_id, *arguments, **options))
        finally:
            self._leaving.discard(kernel_id)

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel whose page is gone or left alone."""
        await super().cull_kernel_if_idle(kernel_id)
        kernel = self._kernels.get(kernel_id)
        if kernel is None or kernel_id in self._leaving:
            return
        idle = datetime.now(UTC) - kernel.last_activity
        if idle > timedelta(seconds=self.open_page_timeout):
            self.log.info("The page of kernel %s was left alone for %d s.", kernel_id, idle.total_seconds())
            await self.shutdown_kernel(kernel_id)

    def of_this_moment(self) -> dict[str, int]:
        """For the health address: seats, those taken, and pages connected."""
        return {
            "seats": self.seats,
            "taken": self.taken,
            "connected": sum(map(bool, self._kernel_connections.values())),
        }
