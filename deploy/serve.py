"""Serve the lessons with Voilà to a room: the gallery at the root, one page a lesson, one kernel a page.

    python -m deploy --port=8866 --seats=30
    python -m deploy my.ipynb

Takes every option that `voila` takes. Listens on loopback unless told otherwise with `--Voila.ip`.
"""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import ChoiceLoader, FileSystemLoader
from jupyter_server.base.handlers import Template404
from jupyter_server.services.kernels.handlers import KernelHandler
from jupyter_server.utils import url_path_join
from plotly.offline import get_plotlyjs_version
from tornado.ioloop import IOLoop
from tornado.routing import Rule
from tornado.web import RedirectHandler
from traitlets import Bool, Integer, List, Unicode, default
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.static_file_handler import TemplateStaticFileHandler
from voila.tornado.contentshandler import VoilaContentsHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler
from voila.tornado.treehandler import TornadoVoilaTreeHandler

from deploy import forked_kernel, probe, renderer, socket_folder  # noqa: F401 - `renderer` is found by Voilà
from deploy.classroom.handlers import addresses as class_addresses
from deploy.classroom.server import CONNECTIONS
from deploy.classroom.server import Server as ClassServer
from deploy.connection import LessonConnection
from deploy.descriptors import seats_that_fit
from deploy.ending import Ending
from deploy.files import LessonFiles, TemplateFileHandler
from deploy.headers import PageHeaders
from deploy.hosts import ForeignHost, ForeignHostHandler, Hosts, is_loopback
from deploy.kernel_environment import KERNEL_ENVIRONMENT
from deploy.kernel_handlers import LessonShutdownHandler, LessonWebsocketHandler
from deploy.logs import JsonFormatter, log_request, say_once
from deploy.page_handlers import (
    GALLERY,
    HealthHandler,
    KernelStateHandler,
    LessonPageHandler,
    PlotlyHandler,
    plotly_address,
)
from deploy.pages.made_of import MANIFEST, is_current
from deploy.places import NOTEBOOKS, TEMPLATES, named
from deploy.plain_page_handlers import plain_pages
from deploy.room import LessonKernels

OURS = {
    KernelHandler: KernelStateHandler,
    TornadoVoilaHandler: LessonPageHandler,
    VoilaKernelWebsocketHandler: LessonWebsocketHandler,
    TemplateStaticFileHandler: TemplateFileHandler,
    VoilaShutdownKernelHandler: LessonShutdownHandler,
}
NOT_SERVED = {VoilaContentsHandler, TornadoVoilaTreeHandler}  # the gallery stands in their place
# Extensions of JupyterLab that a lesson does without; that of plotly alone is some megabytes.
NOT_NEEDED = ("jupyterlab-plotly", "jupyterlab_pygments", "@voila-dashboards/jupyterlab-preview")
# What a page sends: settings, a function of the learner's, a curve that was drawn by hand. All are far smaller.
MOST_BYTES_A_MESSAGE = 2**20


class LessonServer(Voila):
    """Voilà over the notebooks folder (or another one, or one notebook), for a room of students."""

    classes = [*Voila.classes, LessonKernels]
    aliases = {
        **Voila.aliases,
        "seats": "LessonKernels.seats",
        "run-seconds": "LessonServer.run_seconds",
        "host": "LessonServer.hosts",
        "pages": "LessonServer.pages",
        "class-file": "LessonServer.class_file",
    }
    flags = {
        **Voila.flags,
        "json-logs": ({"LessonServer": {"json_logs": True}}, "Log one line of JSON an event."),
        "class": (
            {"LessonServer": {"has_class": True}},
            "Open a class, which joins by a code and votes on the questions; the network is let in.",
        ),
    }

    run_seconds = Integer(300, help="Seconds that a run trains until it waits for another Play.").tag(config=True)
    kernel_megabytes = Integer(2000, help="Memory that a forked kernel may ask for.").tag(config=True)
    hosts = List(
        Unicode(),
        help="Names that the server answers to, beside those of this machine and of a local network; '*' for all.",
    ).tag(config=True)
    pages = Unicode(
        "pages",
        help="Folder of plain pages of these lessons (training-dynamics-lab pages), which are served first if they are "
        "there: each lab takes a kernel, and a seat, when somebody goes beyond what is recorded.",
    ).tag(config=True)
    json_logs = Bool(False, help="Log one line of JSON an event.").tag(config=True)
    has_class = Bool(False, help="Whether a class is open.").tag(config=True)
    class_file = Unicode("", help="File that a class is kept in; else one in the user's data folder.").tag(config=True)
    frame_ancestors = Unicode("'self'", help="Who may show the lessons in a frame (Content-Security-Policy).").tag(
        config=True
    )

    def initialize(self, argv: list[str] | None = None) -> None:
        """Read the options, then let the parent of all kernels start its imports."""
        super().initialize(argv)
        if self.json_logs:
            self.logging_config = {
                "formatters": {"lines": {"()": JsonFormatter}},
                "handlers": {"console": {"formatter": "lines"}},
            }
        os.environ["LESSONS_RUN_SECONDS"] = str(self.run_seconds)
        os.environ["LESSONS_KERNEL_MEGABYTES"] = str(self.kernel_megabytes)
        if self.log_level > logging.DEBUG:  # with --debug, the reasons are there
            say_once(logging.getLogger(type(self).__name__))
        PageHeaders.ancestors = self.frame_ancestors
        self.class_head = ""
        self.voila_configuration.page_config_hook = self._with_ours
        self._find_room()
        self.warm = forked_kernel.warm_up()

    def setup_template_dirs(self) -> None:
        super().setup_template_dirs()
        self.template_paths: list[str] = [str(TEMPLATES), *self.template_paths]

    @default("connection_dir_root")
    def _default_connection_dir_root(self) -> str:
        return socket_folder.root()

    def _find_room(self) -> None:
        """Let kernels' sockets and the descriptors of all seats fit into what the system allows."""
        kernels = self.config.KernelManager
        if kernels.get("transport") == "ipc" and not socket_folder.fits(self.connection_dir_root):
            self.log.warning(
                "%s is too long a path for sockets; kernels use ports of this machine.", self.connection_dir_root
            )
            kernels.transport = "tcp"
        room = self.config.LessonKernels
        seats = room.get("seats", LessonKernels.seats.default_value)
        room.seats = seats_that_fit(seats, CONNECTIONS if self.has_class else 0)
        if room.seats < seats:
            self.log.warning(
                "The system allows so few open files (ulimit -n) that %d seats of %d fit.", room.seats, seats
            )

    def init_settings(self) -> dict[str, Any]:
        self.kernel_websocket_connection_class = LessonConnection
        settings = super().init_settings()
        loop = asyncio.get_event_loop_policy().get_event_loop()
        loop.create_task(self._try_kernels())
        Ending(self.kernel_manager, IOLoop.current(), self.log).listen()
        # Errors look the same wherever they come from; Jupyter's own pages ask for files that are not served here.
        shown = settings["jinja2_env"]
        shown.loader = ChoiceLoader([FileSystemLoader(str(TEMPLATES)), shown.loader])
        self.contents_manager = LessonFiles(parent=self)
        return {
            **settings,
            "contents_manager": self.contents_manager,
            "default_handler_class": Template404,
            "log_function": log_request,
            "websocket_max_message_size": MOST_BYTES_A_MESSAGE,
            "started": loop.time(),
        }

    async def _try_kernels(self) -> None:
        # Whether the parent forks or does not: pages do without it, and so does the first kernel that is tried.
        await asyncio.wait([asyncio.wrap_future(self.warm)], timeout=forked_kernel.PATIENCE_WITH_IMPORTS)
        await probe.watch(self.kernel_manager)

    def init_handlers(self) -> list[Any]:
        self.app.add_transform(PageHeaders)
        # Of one notebook Voilà makes the page of every address there is; each would take a seat.
        anywhere = url_path_join(self.server_url, "/(.*)")
        handlers = [
            (path, OURS.get(handler, handler), *rest)
            for path, handler, *rest in super().init_handlers()
            if handler not in NOT_SERVED and path != anywhere
        ]
        page = {
            "notebook_path": os.path.relpath(self.notebook_path, self.root_dir) if self.notebook_path else GALLERY,
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        ours: list[Any] = [
            (url_path_join(self.server_url, "/health"), HealthHandler),
            (plotly_address(self.server_url), PlotlyHandler),
        ]
        first: tuple[Any, ...] = (LessonPageHandler, page)
        has_pages = self._has_pages()
        ours += self._class_handlers(has_pages)
        if has_pages:
            plain = url_path_join(self.server_url, "/pages/")
            live = url_path_join(self.server_url, "/voila/render/")
            ours += plain_pages(Path(self.pages).resolve(), plain, live, self.class_head)
            if Path(self.pages, "index.html").is_file():
                first = (RedirectHandler, {"url": plain, "permanent": False})
        ours += [(url, *first) for url in (self.server_url, url_path_join(self.server_url, "/"))]
        foreign = Rule(ForeignHost(Hosts(self._names())), ForeignHostHandler)
        return [foreign, *ours, *handlers]

    def _class_handlers(self, has_pages: bool) -> list[tuple[Any, ...]]:
        """What serves a class, if there is to be one; lessons are told what to load for it."""
        if not self.has_class:
            return []
        lessons = [url_path_join(self.server_url, "/voila/render/{}.ipynb")]
        if has_pages:
            lessons.insert(0, url_path_join(self.server_url, "/pages/{}.html"))
        try:
            served = ClassServer(
                self.class_file, self.server_url, lessons, self.custom_display_url, notebooks=Path(self.root_dir)
            )
        except OSError as trouble:
            self.log.critical("%s", trouble)
            self.exit(1)
        self.class_head = served.files.head("bar", self.server_url, lessons)

        def tell() -> None:
            served.port, served.is_alone = self.port, is_loopback(self.ip)
            print(served.said_to_teacher(self.json_logs), flush=True)

        IOLoop.current().add_callback(tell)  # once it listens, the port is known
        return class_addresses(served)

    def _has_pages(self) -> bool:
        """True if the plain pages of what is served are there."""
        folder = Path(self.pages)
        if self.notebook_path or not self.pages or not (folder / MANIFEST).is_file():
            return False
        if not is_current(folder, Path(self.root_dir)):
            self.log.warning("The pages in %s were not made of these notebooks as they are now; left out.", folder)
            return False
        self.log.info("Plain pages from %s come first.", folder)
        return True

    def _with_ours(self, page_config: dict[str, Any], base_url: str, **_: Any) -> dict[str, Any]:
        """Tell the page where plotly.js is, and what it loads for a class."""
        plotly = {"plotly": plotly_address(base_url), "plotlyVersion": get_plotlyjs_version()}
        return {**page_config, **plotly, "classHead": self.class_head}

    def _names(self) -> list[str]:
        """Names that the operator has given to this server."""
        displayed = urlsplit(self.custom_display_url).netloc
        return [*self.hosts, socket.gethostname(), *filter(None, [self.ip, displayed])]

    def stop(self) -> None:
        """Leave nothing behind; kernels have ended before."""
        shutil.rmtree(self.connection_dir, ignore_errors=True)


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main(arguments: list[str]) -> None:
    """Serve the lessons, or the notebook or folder that the arguments name; returns when the server is stopped."""
    for name, value in KERNEL_ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    defaults = [
        *([] if _has_screen() else ["--no-browser"]),
        f"--Voila.ip={'0.0.0.0' if '--class' in arguments else '127.0.0.1'}",  # a class comes from the network
        "--VoilaConfiguration.file_allowlist=$^",
        "--VoilaConfiguration.allow_theme_override=YES",
        "--VoilaConfiguration.allow_template_override=NO",
        *(f"--VoilaConfiguration.extension_denylist={name}" for name in NOT_NEEDED),
        "--VoilaConfiguration.multi_kernel_manager_class=deploy.room.LessonKernels",
        f"--KernelProvisionerFactory.default_provisioner_name={forked_kernel.NAME}",
        # Sockets of this user's, not ports that every user of the machine can reach.
        *(["--KernelManager.transport=ipc"] if os.name == "posix" else []),
        # A kernel that died is not started again: its page would be without its labs. The page says so instead.
        "--KernelRestarter.restart_limit=0",
        "--MappingKernelManager.cull_idle_timeout=600",
        "--MappingKernelManager.cull_interval=30",
    ]
    try:
        if not (named(arguments) or any(argument.startswith("--Voila.root_dir") for argument in arguments)):
            arguments = [str(NOTEBOOKS), *arguments]
    except FileNotFoundError as error:
        sys.exit(str(error))
    given = {argument.split("=")[0] for argument in arguments}
    LessonServer.launch_instance([*(each for each in defaults if each.split("=")[0] not in given), *arguments])
