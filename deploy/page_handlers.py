"""A lesson's page, or a friendly one while the room is full; what it loads early; and how the server is."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any, cast

from jupyter_core.utils import ensure_async
from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.utils import url_path_join
from plotly.offline import get_plotlyjs_version
from tornado.web import HTTPError, RequestHandler, authenticated
from voila.tornado.handler import TornadoVoilaHandler

from deploy.hosts import AskedHere
from deploy.room import LessonKernels, RoomFull, for_gallery
from deploy.theme import check_theme
from widgets.figure.plotlyjs import compressed_module

GALLERY = "index.ipynb"
TRY_AGAIN_SECONDS = 20


class LessonPageHandler(TornadoVoilaHandler):
    """Serves a notebook. So many at a time as there are cores: the first ones in a crowd need not wait for the last."""

    _turns = asyncio.Semaphore(max(2, os.cpu_count() or 1))
    _left = False
    trouble: Exception | None = None

    def on_connection_close(self) -> None:
        """Note that whoever asked has gone before the page was whole; it will send no beacon."""
        self._left = True
        super().on_connection_close()

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """Render the notebook at `path`, or say that the room is full (503)."""
        room = self.kernel_manager
        await self._find(path)
        if not await room.has_seat():  # without waiting for a turn
            self._say_full()
            return
        is_whole = False
        try:
            async with self._turns:
                await super().get(path)
            is_whole = self.trouble is None and not self._left
        except RoomFull:
            self._say_full()
        finally:
            if is_whole:
                room.page_is_whole()
            else:
                await room.end_started()
        if self.trouble is not None:
            self.log.error("The page %s could not be made: %r", path, self.trouble)
            self.write(self.render_template("failed.html"))

    @authenticated
    async def head(self, path: str | None = None) -> None:
        """Say whether there is a page, without making it."""
        await self._find(path)
        self.set_status(503 if self.kernel_manager.full else 200)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        """Read a part of the address; what is no text is a wrong address, whoever asks for it."""
        try:
            text: str = super().decode_argument(value, name)
        except HTTPError:
            self.current_user = None
            raise
        return text

    async def _find(self, path: str | None) -> None:
        """Note whether this request is for the gallery.

        Raises:
            HTTPError: 404, if there is no such notebook; 400, if there is no such theme.
        """
        check_theme(self)
        notebook = self.notebook_path or (path or "").strip("/")
        kinds = (".ipynb", *self.voila_configuration.extension_language_mapping)
        is_name = notebook.lower().endswith(kinds) and notebook.isprintable()
        if not is_name or not await ensure_async(self.contents_manager.file_exists(notebook)):
            raise HTTPError(404)
        for_gallery.set(notebook == GALLERY)

    def _say_full(self) -> None:
        self.set_status(503)
        self.set_header("Retry-After", str(TRY_AGAIN_SECONDS))
        self.set_header("Cache-Control", "no-store")
        room = self.kernel_manager
        self.write(self.render_template("full.html", seconds=TRY_AGAIN_SECONDS, closing=room.closing, seats=room.seats))


class HealthHandler(JupyterHandler):
    """Says that the server answers, and how full the room is. Open to everyone: it tells nothing about anyone."""

    def get(self) -> None:
        """Answer with JSON: status, seats, taken, connected, seconds since the start.

        The status is `ok`, `full`, `starting` (pages are slow for some more seconds), `failing` (no kernel can start,
        and so no page) or `closing`; 503 for these three.
        """
        room = cast(LessonKernels, self.kernel_manager)
        status = room.status
        self.set_status(200 if status in ("ok", "full") else 503)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        seconds = round(asyncio.get_running_loop().time() - self.settings["started"])
        self.finish(json.dumps({"status": status, **room.of_this_moment(), "seconds": seconds}))

    head = get


class KernelStateHandler(AskedHere, KernelHandler):
    """Says of a kernel that it is there; a page asks for its own. Ending one takes the beacon of its page."""

    async def delete(self, kernel_id: str) -> Any:
        """Refuse."""
        raise HTTPError(405)


class PlotlyHandler(RequestHandler):
    """Serves plotly.js as a module, which a page imports while its kernel starts, and keeps for the next lesson.

    Not so in JupyterLab, where a figure gets the same module from its kernel: there is no server of ours.
    """

    async def get(self) -> None:
        """Answer with the module; its address names the version, so it may be kept for ever."""
        bundle = await asyncio.to_thread(compressed_module)
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.finish(bundle)

    head = get


def plotly_address(base: str) -> str:
    """Return where it is served."""
    return url_path_join(base, f"/lessons/plotly-{get_plotlyjs_version()}.js")
