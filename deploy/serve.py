"""Serve the lessons with Voilà: the gallery at the root, one page a lesson.

    python -m deploy --port=8866

Takes every option that `voila` takes. Listens on loopback unless told otherwise with `--Voila.ip`.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from jupyter_server.utils import url_path_join
from voila.app import Voila
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler
from voila.tornado.handler import TornadoVoilaHandler
from voila.tornado.kernel_websocket_handler import VoilaKernelWebsocketHandler

from deploy import forked_kernel
from deploy.kernel_handlers import LessonShutdownHandler, LessonWebsocketHandler

NOTEBOOKS = Path(__file__).resolve().parent.parent / "notebooks"
TEMPLATES = Path(__file__).resolve().parent / "templates"
GALLERY = "index.ipynb"
OURS = {
    VoilaKernelWebsocketHandler: LessonWebsocketHandler,
    VoilaShutdownKernelHandler: LessonShutdownHandler,
}


class LessonServer(Voila):
    """Voilà over the notebooks folder, with the gallery in place of the list of files."""

    def setup_template_dirs(self) -> None:
        super().setup_template_dirs()
        self.template_paths = [str(TEMPLATES), *self.template_paths]

    def init_handlers(self) -> list[Any]:
        handlers = [(path, OURS.get(handler, handler), *rest) for path, handler, *rest in super().init_handlers()]
        page = {
            "notebook_path": GALLERY,
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        root = [(url, TornadoVoilaHandler, page) for url in (self.server_url, url_path_join(self.server_url, "/"))]
        return [*root, *handlers]


def _has_screen() -> bool:
    return sys.platform in ("darwin", "win32") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def main(arguments: list[str]) -> None:
    """Start the server; returns when it is stopped."""
    # One thread a kernel: many students share the cores. Torch alone would take them all for each.
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ.setdefault(name, "1")
    defaults = [
        *([] if _has_screen() else ["--no-browser"]),
        "--Voila.ip=127.0.0.1",
        "--VoilaConfiguration.file_allowlist=$^",
        "--VoilaConfiguration.allow_theme_override=YES",
        f"--KernelProvisionerFactory.default_provisioner_name={forked_kernel.NAME}",
    ]
    if not any(argument.startswith("--Voila.root_dir") for argument in arguments):
        arguments = [str(NOTEBOOKS), *arguments]
    forked_kernel.start_parent()
    LessonServer.launch_instance([*defaults, *arguments])
