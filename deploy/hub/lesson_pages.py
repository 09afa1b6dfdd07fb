"""A Jupyter server extension: Voilà's pages in a learner's own server look and end as those of `python -m deploy`.

It stands before Voilà's own extension, whose pages have another template, ask the internet for their formulas and keep
their kernels when they are left.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from jupyter_server.serverapp import ServerApp
from jupyter_server.utils import url_path_join
from tornado.web import authenticated
from voila.configuration import VoilaConfiguration
from voila.paths import collect_template_paths
from voila.tornado.handler import TornadoVoilaHandler

from deploy.classroom.files import ClassFiles
from deploy.hub.class_address import lesson_address
from deploy.kernel_handlers import LessonShutdownHandler
from deploy.lesson_terms import with_terms
from deploy.places import TEMPLATES
from deploy.theme import check_theme


class LearnerPageHandler(TornadoVoilaHandler):
    """Serves a notebook of the learner's, to the learner alone."""

    @authenticated
    async def get(self, path: str | None = None) -> None:
        """Render the notebook at `path`."""
        check_theme(self)
        await super().get(path)


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": __name__}]


def _load_jupyter_server_extension(server: ServerApp) -> None:
    """Add the pages; extensions load by name, and the first handler of an address answers."""
    configuration = VoilaConfiguration(
        parent=server,
        page_config_hook=_page_config(os.environ.get("LESSONS_CLASS", "")),
        prelaunch_hook=with_terms,
    )
    page = {
        "config": server.config,
        "template_paths": [str(TEMPLATES), *collect_template_paths(["voila", "nbconvert"], configuration.template)],
        "voila_configuration": configuration,
    }
    base = server.web_app.settings["base_url"]
    handlers = [
        (url_path_join(base, "/voila/render/(.*)"), LearnerPageHandler, page),
        (url_path_join(base, "/voila/api/shutdown/(.*)"), LessonShutdownHandler),
    ]
    server.web_app.add_handlers(".*$", handlers)


def _page_config(class_base: str) -> Callable[..., dict[str, Any]]:
    """Return what is added to a page's settings; `class_base` is where the hub's class is, empty if there is none."""
    head = ClassFiles().head("bar", class_base, [lesson_address(class_base)]) if class_base else ""

    def added(page_config: dict[str, Any], **_: Any) -> dict[str, Any]:
        # Without an address and its settings Voilà's page uses the MathJax that it brings along.
        return {**page_config, "fullMathjaxUrl": None, "mathjaxConfig": None, "classHead": head}

    return added
