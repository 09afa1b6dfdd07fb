"""The gallery: a card for each lesson notebook there is, found by its metadata."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import ipywidgets as ipw

STYLE = """<style>
.tdl-cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 360px), 1fr)); gap: 20px; }
.tdl-card { display: block; border: 1px solid var(--jp-border-color2, #ddd); border-radius: 10px; overflow: hidden;
  color: var(--jp-content-font-color1, #222) !important; text-decoration: none !important;
  background: var(--jp-layout-color1, #fff); }
.tdl-card:hover, .tdl-card:focus-visible { border-color: #1976d2; box-shadow: 0 0 0 2px #1976d2; outline: none; }
.tdl-card img { display: block; width: 100%; aspect-ratio: 16 / 9; object-fit: cover; object-position: left top; }
.tdl-card div { padding: 14px 16px 16px; font: 16px/1.5 system-ui, sans-serif; }
.tdl-card strong { display: block; font-size: 19px; margin-bottom: 4px; }
.tdl-card em { display: block; margin-bottom: 6px; }
.tdl-read { display: flex; align-items: center; gap: 10px; margin-top: 10px; font-size: 14px;
  color: var(--jp-content-font-color2, #555); }
.tdl-read progress { flex: 0 1 120px; height: 6px; accent-color: var(--jp-brand-color1, #1976d2); }
</style>"""

NEXT_STYLE = """<style>
.tdl-next { margin: 12px auto; }
.tdl-next .tdl-card { display: flex; flex-wrap: wrap; align-items: center; }
.tdl-next img { width: 260px; }
.tdl-next div { flex: 1 1 240px; }
</style>"""

NAVIGATION_STYLE = """<style>
.tdl-way { display: flex; flex-wrap: wrap; gap: 8px 28px; font: 16px/1.6 system-ui, sans-serif; }
.tdl-way a { color: var(--jp-content-link-color, #1565c0); padding: 4px 0; }
</style>"""


@dataclass(frozen=True)
class Lesson:
    """A lesson notebook; everything but the file name is its metadata under `lesson`."""

    file: str
    title: str
    question: str
    sentence: str
    picture: str = ""

    @property
    def heading(self) -> str:
        """The title without the lesson's number."""
        return self.title.partition(" · ")[2]


def lessons(folder: Path) -> list[Lesson]:
    """Return the lessons in a folder in order; notebooks without `lesson` metadata are none.

    Raises:
        TypeError: If the metadata of a notebook lacks a part.
    """
    found = []
    for path in sorted(folder.glob("[0-9][0-9]_*.ipynb")):
        metadata: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["metadata"]
        if "lesson" in metadata:
            found.append(Lesson(path.name, **metadata["lesson"]))
    return found


def link(file: str) -> str:
    """Address of a notebook of the gallery's folder: a page of Voilà when served, a file in JupyterLab.

    The theme that this page was asked for goes along.
    """
    base = os.environ.get("VOILA_BASE_URL")
    if base is None:
        return file
    asked = {key: value for key, value in parse_qsl(os.environ.get("QUERY_STRING", "")) if key == "theme"}
    return f"{base.rstrip('/')}/voila/render/{file}" + (f"?{urlencode(asked)}" if asked else "")


def gallery(folder: str | Path = ".") -> ipw.HTML:
    """Show the cards. As a widget, because the notebook's own HTML output takes its links away."""
    folder = Path(folder)
    cards = "".join(_card(lesson, folder) for lesson in lessons(folder))
    return ipw.HTML(f"{STYLE}<nav class='tdl-cards' aria-label='Lessons'>{cards}</nav>")


def navigation(file: str, folder: str | Path = ".") -> ipw.HTML:
    """Show the way from a lesson to the one before, to the gallery and to the next one, as far as these are there.

    Args:
        file: The lesson's notebook; a copy may have another name, or be alone in its folder.
        folder: Where the lessons are.
    """
    folder = Path(folder)
    found = lessons(folder)
    before = [lesson for lesson in found if lesson.file < file][-1:]
    after = [lesson for lesson in found if lesson.file > file][:1]
    index = [f"<a href='{escape(link('index.ipynb'))}'>All lessons</a>"] if (folder / "index.ipynb").is_file() else []
    links = [
        *(f"<a rel='prev' href='{escape(link(lesson.file))}'>← {escape(lesson.title)}</a>" for lesson in before),
        *index,
        *(f"<a rel='next' href='{escape(link(lesson.file))}'>{escape(lesson.title)} →</a>" for lesson in after),
    ]
    return ipw.HTML(f"{NAVIGATION_STYLE}<nav class='tdl-way' aria-label='Lessons'>{''.join(links)}</nav>")


def next_lesson(file: str, folder: str | Path = ".") -> ipw.HTML:
    """Show the card of the lesson after one, or the way to the gallery after the last; as `navigation`."""
    folder = Path(folder)
    after = [lesson for lesson in lessons(folder) if lesson.file > file][:1]
    if not after:
        return navigation(file, folder)
    card = f"<nav class='tdl-next' aria-label='Next lesson'>{_card(after[0], folder)}</nav>"
    return ipw.HTML(f"{STYLE}{NEXT_STYLE}{card}")


def _card(lesson: Lesson, folder: Path) -> str:
    words = f"<strong>{escape(lesson.title)}</strong><em>{escape(lesson.question)}</em>{escape(lesson.sentence)}"
    return f"<a class='tdl-card' href='{escape(link(lesson.file))}'>{_picture(lesson, folder)}<div>{words}</div></a>"


def _picture(lesson: Lesson, folder: Path) -> str:
    path = folder / lesson.picture
    if not lesson.picture or not path.is_file():
        return ""
    data = base64.b64encode(path.read_bytes()).decode()
    return f"<img alt='' src='data:image/png;base64,{data}'>"
