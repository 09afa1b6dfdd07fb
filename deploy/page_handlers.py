"""A lesson's page, or a friendly one while the room is full; what it loads early; and how the server is."""

from __future__ import annotations

import asyncio
import json
import os
from typing import Any

from jupyter_server.base.handlers import JupyterHandler
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.utils import url_path_join
from plotly.offline import get_plotlyjs_version
from tornado.web import HTTPError, RequestHandler, authenticated
from voila.tornado.handler import TornadoVoilaHandler

from deploy.room import RoomFull
from deploy.theme import check_theme
from widgets.live_figure import plotly_bundle

TRY_AGAIN_SECONDS = 20


class LessonPageHandler(TornadoVoilaHandler):
    """Serves a notebook. So many at a time as there are cores: the first ones in a crowd need not wait for the last."""

    _turns = asyncio.Semaphore(max(2, os.cpu_count() or 1))
    _left = False

    def on_connection_close(self) -> None:
        """Note that whoever asked has gone before the page was whole; it will send no beacon."""
        self._left = True
        super().on_connection_close()

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """Render the notebook at `path`, or say that the room is full (503)."""
        check_theme(self)
        if self.kernel_manager.full:  # without waiting for a turn
            self._say_full()
            return
        async with self._turns:
            try:
                await super().get(path)
                self.kernel_manager.page_is_whole()
            except RoomFull:
                self._say_full()
        if self._left:
            await self.kernel_manager.end_started()

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

        The status is `ok`, `full`, `starting` (pages are slow for some more seconds) or `closing`; 503 for these two.
        """
        room, warm = self.kernel_manager, self.settings["warm"].done()
        status = "closing" if room.closing else "starting" if not warm else "full" if room.full else "ok"
        self.set_status(503 if status in ("closing", "starting") else 200)
        self.set_header("Content-Type", "application/json")
        self.set_header("Cache-Control", "no-store")
        seconds = round(asyncio.get_running_loop().time() - self.settings["started"])
        self.finish(json.dumps({"status": status, **room.of_this_moment(), "seconds": seconds}))


class KernelStateHandler(KernelHandler):
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
        bundle = await asyncio.to_thread(plotly_bundle)
        self.set_header("Content-Type", "text/javascript; charset=utf-8")
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.finish(bundle)


def plotly_address(base: str) -> str:
    """Return where it is served."""
    return url_path_join(base, f"/lessons/plotly-{get_plotlyjs_version()}.js")
