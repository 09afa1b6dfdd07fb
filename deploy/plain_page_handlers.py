"""Serves plain pages, with a kernel within reach."""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import Any

from tornado.web import HTTPError, RequestHandler, StaticFileHandler

PACKED = ".gz"
FOR_EVER = 365 * 24 * 3600
# What a page has for the address of its lesson with a kernel; plain files leave it empty.
LESSON = 'data-lesson=""'


def plain_pages(folder: Path, address: str, lessons: str, head: str = "") -> list[tuple[Any, ...]]:
    """Return what serves a folder of plain pages.

    Args:
        folder: The folder.
        address: Where it is served, with a slash at its end.
        lessons: Where the notebooks have kernels, with a slash at its end.
        head: What else each page has in its head.
    """
    return [
        (rf"{address}([\w-]*\.html)?", PlainPageHandler, {"folder": folder, "lessons": lessons, "head": head}),
        (rf"{address}files/([\w.-]+)", PlainFileHandler, {"path": str(folder / "files")}),
    ]


class PlainPageHandler(RequestHandler):
    """Serves a page, and tells it where its lesson has a kernel."""

    def initialize(self, folder: Path, lessons: str, head: str) -> None:
        """Note where the pages are, and the notebooks, and what is added."""
        self._folder, self._lessons, self._head = folder, lessons, head

    def get(self, name: str | None) -> None:
        """Answer with a page; without a name with the gallery."""
        page = self._folder / (name or "index.html")
        if not page.is_file():
            raise HTTPError(404)
        self.set_header("Cache-Control", "no-cache")  # asked for each time; most often nothing has changed
        text = page.read_text(encoding="utf-8")
        text = text.replace(LESSON, f'data-lesson="{self._lessons}{page.stem}.ipynb"')
        self.finish(text.replace("</head>", f"{self._head}</head>", 1) if self._head else text)

    head = get


class PlainFileHandler(StaticFileHandler):
    """Serves what pages load: for ever, as each has its content's hash in its name, and as small as it can be."""

    def validate_absolute_path(self, root: str, absolute_path: str) -> str | None:
        """Return the file to send: packed, where the browser takes that."""
        self.set_header("Vary", "Accept-Encoding")
        takes_packed = "gzip" in self.request.headers.get("Accept-Encoding", "")
        if takes_packed and Path(absolute_path + PACKED).is_file():
            self.set_header("Content-Encoding", "gzip")
            absolute_path += PACKED
        return super().validate_absolute_path(root, absolute_path)

    def get_content_type(self) -> str:
        """Return the type of what is packed, too."""
        kind, _ = mimetypes.guess_type(str(self.absolute_path).removesuffix(PACKED))
        return kind or "application/octet-stream"

    def set_extra_headers(self, path: str) -> None:
        """Say that a file never changes."""
        self.set_header("Cache-Control", f"public, max-age={FOR_EVER}, immutable")
