"""What the pages of a class load: each script with all that it imports, packed, under its content's hash."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, select_autoescape

from deploy.places import TEMPLATES
from widgets.browser.browser_module import bundled

HERE = Path(__file__).parent
SCRIPT, STYLE = "text/javascript; charset=utf-8", "text/css; charset=utf-8"
PAGES = {"learner": "Join the class", "teacher": "The class"}


@dataclass(frozen=True)
class PackedFile:
    """A file, as it is sent."""

    kind: str
    packed: bytes


class ClassFiles:
    """The files, made once."""

    def __init__(self) -> None:
        self._files: dict[str, PackedFile] = {}
        self._names = {name: self._add(name, bundled(f"{name}.js", HERE / "browser"), "js") for name in (*PAGES, "bar")}
        styles = "\n".join(path.read_text(encoding="utf-8") for path in sorted((HERE / "browser").glob("*.css")))
        self._style = self._add("class", styles, "css")
        self._shapes = Environment(loader=FileSystemLoader([HERE, TEMPLATES]), autoescape=select_autoescape())

    def get(self, name: str) -> PackedFile | None:
        """Return the file with this name, if there is one."""
        return self._files.get(name)

    def page(self, page: str, base: str, lessons: Sequence[str], gallery: str = "") -> str:
        """Return a page as HTML; its script asks for what it shows."""
        return self._shapes.get_template("page.html").render(
            title=PAGES[page], page=page, head=self.head(page, base, lessons, gallery)
        )

    def head(self, name: str, base: str, lessons: Sequence[str], gallery: str = "") -> str:
        """Return the elements that bring a script and the styles into a page, `bar` into that of a lesson."""
        told = json.dumps({"base": base, "lessons": list(lessons), "gallery": gallery or base})
        return self._shapes.get_template("head.html").render(
            style=f"{base}class/files/{self._style}", script=f"{base}class/files/{self._names[name]}", told=told
        )

    def _add(self, name: str, text: str, ending: str) -> str:
        content = text.encode()
        file = f"{name}-{hashlib.sha256(content).hexdigest()[:12]}.{ending}"
        self._files[file] = PackedFile(SCRIPT if ending == "js" else STYLE, gzip.compress(content, mtime=0))
        return file
