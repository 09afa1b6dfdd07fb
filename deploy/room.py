"""A room with so many seats: one kernel a page, given back when its page is closed or left alone."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Coroutine, Iterator
from contextvars import ContextVar
from datetime import UTC, datetime, timedelta
from typing import Any

import zmq
import zmq.asyncio
from jupyter_core.utils import ensure_async
from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager
from traitlets import Integer, default

from deploy.connection import Held
from deploy.descriptors import PAGES_A_SEAT, SOCKETS_A_PAGE
from deploy.patience import step_back
from deploy.presence import Presence

# What a kernel says faster than the server can pass it on waits in the kernel (a thousand messages), not in the server.
MOST_MESSAGES_WAITING = 16
# A page that is loaded again says goodbye on one connection and asks for a seat on another: either may come first.
GOODBYE_SECONDS = 1.0
started: ContextVar[str | None] = ContextVar("started", default=None)
# Whether this request asks for the gallery, which takes no seat: who reads a lesson may keep it open in another tab.
for_gallery: ContextVar[bool] = ContextVar("for_gallery", default=False)


class RoomFull(Exception):
    """All seats are taken."""


class LessonKernels(AsyncMappingKernelManager):
    """The kernels of a room: at most `seats` of them for lessons, and as many for galleries that are open.

    A page that says goodbye ends its kernel at once. One that does not (a closed laptop) is seen by its silence:
    `cull_idle_timeout` seconds while no page is connected, whatever its kernel trains meanwhile, `open_page_timeout`
    seconds while one is. A page that no browser opens (a link preview's) never connects, and has `join_timeout`.
    """

    seats = Integer(40, help="Lessons that may be open at a time.").tag(config=True)
    open_page_timeout = Integer(
        3600, help="Seconds after which an open page that nobody uses gives its seat back."
    ).tag(config=True)
    join_timeout = Integer(
        75, help="Seconds after which a page that no browser has connected to its kernel gives its seat back."
    ).tag(config=True)

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._starting: Counter[bool] = Counter()
        self._leaving: set[str] = set()
        self._presence = Presence()
        self._ending: set[asyncio.Task[None]] = set()
        self._start_failed = asyncio.Event()
        self._freed = asyncio.Event()
        self.closing = False
        self.warm = False

    @default("context")
    def _default_context(self) -> zmq.asyncio.Context:
        self._created_context = True
        context = zmq.asyncio.Context()
        wanted = 64 + self.seats * PAGES_A_SEAT * SOCKETS_A_PAGE
        context.set(zmq.MAX_SOCKETS, min(wanted, context.get(zmq.SOCKET_LIMIT)))
        context.setsockopt(zmq.RCVHWM, MOST_MESSAGES_WAITING)
        return context

    @property
    def taken(self) -> int:
        """Seats that are taken. A page that is loaded again leaves one before it takes one."""
        return self._count(galleries=False)

    @property
    def full(self) -> bool:
        """True if no other lesson can be opened; where this request asks for the gallery, no other gallery."""
        return self.closing or self._count(for_gallery.get()) >= self.seats

    async def has_seat(self) -> bool:
        """Return whether a lesson can be opened; a full room waits a moment for the goodbye that may be on its way."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_SECONDS):
                while self.full and not self.closing:
                    self._freed.clear()
                    await self._freed.wait()
        return not self.full

    @property
    def is_empty(self) -> bool:
        """True if nobody is here, or on the way."""
        return not self._kernels and not any(self._starting.values())

    @property
    def status(self) -> str:
        """Its state in a word, see `HealthHandler`."""
        if self.closing:
            return "closing"
        if self._start_failed.is_set():
            return "failing"
        if not self.warm:
            return "starting"
        return "full" if self.full else "ok"

    def note_start(self, trouble: Exception | None) -> None:
        """Note that a kernel has started and answered, or what kept it from that."""
        if trouble is None:
            self.warm = True
            self._start_failed.clear()
            return
        self.log.error("No kernel can be started: %r", trouble)
        self._start_failed.set()

    async def trouble(self) -> None:
        """Wait until a kernel has failed to start."""
        await self._start_failed.wait()

    def _count(self, galleries: bool) -> int:
        here = set(self.list_kernel_ids()) - self._leaving
        return self._presence.count(here, galleries) + self._starting[galleries]

    async def start_kernel(self, **arguments: Any) -> str:  # type: ignore[override] # Jupyter's, too, is async
        """Start a kernel.

        Raises:
            RoomFull: If all seats are taken, or the server is about to end.
        """
        if self.full:
            raise RoomFull
        gallery = for_gallery.get()
        self._starting[gallery] += 1
        try:
            kernel_id = await super().start_kernel(**arguments)
            self._presence.begin(kernel_id, gallery)
        except Exception as trouble:
            self.note_start(trouble)
            raise
        finally:
            self._starting[gallery] -= 1
        started.set(kernel_id)
        return kernel_id

    def page_is_whole(self) -> None:
        """Note that this request has made a page, if it has started a kernel for one: now it is the browser's turn."""
        if started.get() is None:
            return
        self._step_back()
        self.note_start(None)
        asyncio.get_running_loop().call_later(self.join_timeout, self._end_unless_joined, started.get())

    def _step_back(self) -> None:
        """Let the kernel give way to the server and to kernels that make pages."""
        kernel = self._kernels.get(started.get() or "")
        process_id = getattr(getattr(kernel, "provisioner", None), "pid", None)
        if process_id is not None:
            step_back(process_id)

    def _end_unless_joined(self, kernel_id: str | None) -> None:
        if kernel_id not in self._kernels or kernel_id in self._leaving or self._presence.has_joined(kernel_id):
            return
        self.log.info("No browser has connected to kernel %s; it ends.", kernel_id)
        self._in_background(self.shutdown_kernel(kernel_id, now=True))

    def _in_background(self, ending: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(ending)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)

    async def end_started(self) -> None:
        """End the kernel that this request has started, if it has."""
        kernel_id = started.get()
        if kernel_id in self._kernels:
            await self.shutdown_kernel(kernel_id, now=True)

    async def shutdown_kernel(  # type: ignore[override] # as above
        self, kernel_id: str, *arguments: Any, **options: Any
    ) -> None:
        """End a kernel; its seat is free from now on."""
        self._leaving.add(kernel_id)
        self._freed.set()
        try:
            await ensure_async(super().shutdown_kernel(kernel_id, *arguments, **options))
        finally:
            self._leaving.discard(kernel_id)

    async def shutdown_all(self, now: bool = False) -> None:  # type: ignore[override] # as above
        """End all kernels; one that cannot be ended keeps none of the others."""
        kernels = self.list_kernel_ids()
        ended = await asyncio.gather(*(self.shutdown_kernel(each, now=now) for each in kernels), return_exceptions=True)
        for kernel_id, trouble in zip(kernels, ended, strict=True):
            if isinstance(trouble, Exception):
                self.log.warning("Kernel %s did not end: %r", kernel_id, trouble)

    def remove_kernel(self, kernel_id: str) -> Any:
        """Forget a kernel that has ended."""
        self._presence.end(kernel_id)
        self._kernel_connections.pop(kernel_id, None)
        return super().remove_kernel(kernel_id)

    def _handle_kernel_died(self, kernel_id: str) -> None:
        """Leave nothing open of a kernel that has died; Jupyter does so only for those that it ends itself."""
        kernel = self._kernels.get(kernel_id)
        if kernel is not None:
            self.stop_watching_activity(kernel_id)
            self.stop_buffering(kernel_id)
            super()._handle_kernel_died(kernel_id)
            self._in_background(kernel.cleanup_resources())

    async def cull_kernel_if_idle(self, kernel_id: str) -> None:
        """End a kernel whose page is gone or left alone."""
        await super().cull_kernel_if_idle(kernel_id)
        kernel = self._kernels.get(kernel_id)
        if kernel is None or kernel_id in self._leaving:
            return
        away = self._presence.away(kernel_id, asyncio.get_running_loop().time())
        idle = datetime.now(UTC) - kernel.last_activity
        if 0 < self.cull_idle_timeout < away:
            self.log.info("The page of kernel %s has been away for %d s.", kernel_id, away)
            await self.shutdown_kernel(kernel_id)
        elif idle > timedelta(seconds=self.open_page_timeout):
            self.log.info("The page of kernel %s was left alone for %d s.", kernel_id, idle.total_seconds())
            await self.shutdown_kernel(kernel_id)

    @contextlib.contextmanager
    def connecting(self, kernel_id: str) -> Iterator[int]:
        """Count a connection from when it is asked for until it ends; yields how many there are with this one."""
        try:
            yield self._presence.ask(kernel_id, 1)
        finally:
            self._presence.ask(kernel_id, -1)

    def notify_connect(self, kernel_id: str) -> None:
        """Note that a page has connected to its kernel."""
        super().notify_connect(kernel_id)
        self._presence.join(kernel_id)

    def last_seen(self, kernel_id: str, when: float) -> None:
        """Note when the page of a connection that has ended gave its last sign of life; time of the event loop."""
        if self._kernel_connections.get(kernel_id) == 0:
            self._presence.leave(kernel_id, when)

    def holds_for(self, kernel_id: str, session_key: str) -> bool:
        """True if messages are held for a page that is away."""
        return kernel_id in self._kernel_buffers and self._kernel_buffers[kernel_id]["session_key"] == session_key

    def start_buffering(self, kernel_id: str, session_key: str, channels: dict[str, Any]) -> None:
        """Hold messages for a page that is away, as many as there is room for."""
        super().start_buffering(kernel_id, session_key, channels)
        if kernel_id in self._kernel_buffers:
            self._kernel_buffers[kernel_id]["buffer"] = Held()

    def of_this_moment(self) -> dict[str, int]:
        """For the health address: seats, those taken, and pages connected."""
        return {
            "seats": self.seats,
            "taken": self.taken,
            "connected": sum(map(bool, self._kernel_connections.values())),
        }
