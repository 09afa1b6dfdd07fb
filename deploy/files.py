"""The notebooks and the template's files as the server reads them."""

from __future__ import annotations

import posixpath
from typing import Any

from jupyter_server.services.contents.largefilemanager import LargeFileManager
from tornado.web import HTTPError
from voila.paths import collect_static_paths
from voila.static_file_handler import TemplateStaticFileHandler

from deploy.lesson_terms import add_terms


class LessonFiles(LargeFileManager):
    """Reads notebooks with the terms that their pages explain, and without a word about trust: that is about stored
    outputs, of which a lesson has none.
    """

    def get(self, path: str, *arguments: Any, **options: Any) -> Any:
        """Return a file as Jupyter does; terms come here, as no hook of Voilà goes with kernels that wait."""
        model = super().get(path, *arguments, **options)
        if model["type"] == "notebook" and model["content"] is not None:
            add_terms(model["content"])
        return model

    def mark_trusted_cells(self, nb: Any, path: str = "") -> None:
        """Leave the cells as they are."""


class TemplateFileHandler(TemplateStaticFileHandler):
    """Serves the files of a template, and says 404 to an address that names none; Voilà's own says 500."""

    def parse_url_path(self, url_path: str) -> str:
        """Take the address apart: template, `static`, file."""
        template, *rest = posixpath.normpath(url_path).split("/", 2)
        if len(rest) < 2 or rest[0] != "static" or not collect_static_paths(["voila", "nbconvert"], template):
            raise HTTPError(404)
        path: str = super().parse_url_path(posixpath.normpath(url_path))
        return path
