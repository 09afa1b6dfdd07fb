"""Builds a folder of plain files: gallery and lessons, with recorded runs of all presets."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from html import escape
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import ipywidgets as ipw
import torch
from jinja2 import Environment, FileSystemLoader
from plotly.offline import get_plotlyjs_version

from deploy.pages.cells import shown
from deploy.pages.made_of import MANIFEST, note
from deploy.pages.words import as_html, with_formulas
from deploy.places import NOTEBOOKS, TEMPLATES
from widgets.browser.browser_module import FOLDER, bundled
from widgets.figure import plotlyjs
from widgets.lab.lab import Lab
from widgets.page.drawings import Drawing
from widgets.page.gallery import lessons
from widgets.page.glossary import terms_of
from widgets.quiz.check import Check
from widgets.record.lab_record import lab_record
from widgets.record.question_record import question_record

WIDGETS = ("control_panel", "live_figure", "notice_board", "question_panel")
HOW = (
    "To change a setting, run the lessons with a kernel: "
    "pip install training-dynamics-lab, then training-dynamics-lab serve."
)
HERE = Path(__file__).parent


class Site:
    """A folder of pages; what has its content's hash in its name may be kept for ever.

    Args:
        folder: Where it is written; made if it is not there.
    """

    def __init__(self, folder: Path):
        self._folder = folder.resolve()
        (folder / "files").mkdir(parents=True, exist_ok=True)
        self._template = Environment(loader=FileSystemLoader([HERE, TEMPLATES]), autoescape=False).get_template(
            "page.html"
        )
        self._common = self._shared_files()

    def page(self, notebook: Path) -> str:
        """Write the page of a notebook, and return its name."""
        self._questions: dict[str, str] = {}
        self._first_lab = ""
        self._drawings: list[str] = []
        with contextlib.chdir(notebook.parent):
            parts = asyncio.run(self._parts(notebook))
        read = json.loads(notebook.read_text(encoding="utf-8"))
        metadata = read["metadata"].get("lesson", {})
        texts = ("".join(cell["source"]) for cell in read["cells"] if cell["cell_type"] == "markdown")
        text = self._template.render(
            title=escape(metadata.get("title", "Training Dynamics Lab")),
            description=escape(metadata.get("sentence", "How neural networks train, seen.")),
            parts=[(_linked(part), is_further) for part, is_further in parts],
            terms=terms_of(metadata, texts),
            how=escape(HOW),
            version=get_plotlyjs_version(),
            early=[self._common["plotly"], self._first_lab] if self._first_lab else [],
            **{**self._common, "scripts": [*self._common["scripts"], *self._drawings]},
        )
        name = f"{notebook.stem}.html"
        (self._folder / name).write_text(text, encoding="utf-8")
        return name

    async def _parts(self, notebook: Path) -> list[tuple[str, bool]]:
        """The cells' outputs as HTML, and whether each begins a section that is folded."""
        return [(await self._part(value), is_further) for value, is_further in shown(notebook)]

    async def _part(self, value: Any) -> str:
        """A cell's output as HTML."""
        match value:
            case str():
                return f"<div class='tdl-words'>{as_html(value)}</div>"
            case Lab():
                return self._lab(await lab_record(value))
            case Check():
                record, _ = await question_record(value.question)
                asked = record["question"]
                self._questions[record["name"]] = asked["statement"] or asked["prompt"]
                return self._place("question", record["name"], record, asked["prompt"])
            case Drawing():
                return self._drawing(value)
            case ipw.HTMLMath():
                return f"<div data-widget>{with_formulas(value.value)}</div>"
            case ipw.HTML() if "tdl-scoreboard" in value._dom_classes:
                titles = escape(json.dumps(self._questions), quote=True)  # all that come before, as on a live page
                return f"<div data-widget class='tdl-answers' data-answers='{titles}'>{value.value}</div>"
            case ipw.HTML():
                return f"<div data-widget>{value.value}</div>"
        raise TypeError(f"A page of plain files cannot show {type(value).__name__}.")

    def _lab(self, record: dict[str, Any]) -> str:
        """A place for a lab; its first preset's run comes with it, each of the others when it is chosen."""
        first, *others = record["runs"]
        name = record["name"]
        sources = [self._record(f"{name}-{index}", views) for index, views in enumerate(others, start=1)]
        return self._place("lab", name, {**record, "runs": [first, *sources]}, record["panel"]["title"])

    def _drawing(self, drawing: Drawing) -> str:
        """A place for a drawing, and its script on this page; until that has run it says in words what it shows."""
        name = f"drawing_{drawing.drawing}"
        self._drawings.append(self._written(f"{name}.js", _as_script(name)))
        return f"<div data-widget class='tdl-drawing' data-drawing='{name}'><p>{escape(repr(drawing))}</p></div>"

    def _record(self, name: str, content: Any) -> str:
        """Write a record as a script: a page in a folder may not fetch anything else."""
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
        script = f"((globalThis.__trainingDynamicsLab ??= {{}}).records ??= {{}})[{json.dumps(name)}] = {text};"
        return self._written(f"{name}.js", script)

    def _place(self, kind: str, name: str, record: dict[str, Any], title: str) -> str:
        source = self._record(name, record)
        if kind == "lab":
            self._first_lab = self._first_lab or source
        return (
            f"<div data-widget class='tdl-waits' data-kind='{kind}' data-name='{escape(name)}' data-record='{source}'>"
            f"<p>{escape(title)}</p></div>"
        )

    def _shared_files(self) -> dict[str, Any]:
        names = (*WIDGETS, "acting", "drawing")
        css = [*(FOLDER / f"{name}.css" for name in names), HERE / "page.css"]
        css += [TEMPLATES / name for name in ("further.css", "reading.css", "guide.css")]
        sheet = self._written("page.css", "\n".join(path.read_text(encoding="utf-8") for path in css))
        scripts = [self._written(f"{name}.js", _as_script(name)) for name in WIDGETS]
        host = self._written("recorded_page.js", f"(() => {{\n{bundled('recorded_page.js')}\n}})();")
        return {
            "sheets": [sheet],
            "scripts": scripts,
            "host": host,
            "plotly": self._written("plotly.js", plotlyjs.script()),
        }

    def _written(self, name: str, text: str) -> str:
        """Write a file under a name with its hash, and return its address on a page."""
        stem, _, kind = name.rpartition(".")
        hashed = f"files/{stem}.{hashlib.sha256(text.encode()).hexdigest()[:10]}.{kind}"
        path = self._folder / hashed
        path.write_text(text, encoding="utf-8")
        # Beside it as it goes over the wire, for servers that look for that.
        path.with_suffix(f".{kind}.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        return hashed


def _as_script(name: str) -> str:
    """A widget's module as a script: a page in a folder may not import modules."""
    body = bundled(f"{name}.js").replace("export default {", "return {")
    return f"((globalThis.__trainingDynamicsLab ??= {{}}).widgets ??= {{}}).{name} = (() => {{\n{body}\n}})();"


def _linked(part: str) -> str:
    """Lead from page to page instead of from notebook to notebook."""
    return part.replace(".ipynb'", ".html'").replace('.ipynb"', '.html"')


def build(folder: Path, notebooks: Sequence[Path] = ()) -> None:
    """Write the pages of some notebooks, all lessons and their gallery unless told, and say which are done."""
    (folder / MANIFEST).unlink(missing_ok=True)
    for name in _pages(folder, notebooks) if notebooks else _lessons(folder):
        print(folder / name, flush=True)
    homes = {notebook.resolve().parent for notebook in notebooks} or {NOTEBOOKS}
    if len(homes) == 1:
        (home,) = homes
        if all((folder / f"{each.stem}.html").is_file() for each in home.glob("*.ipynb")):
            note(folder, home)


def _pages(folder: Path, notebooks: Sequence[Path]) -> Iterator[str]:
    torch.set_num_threads(1)
    site = Site(folder)
    return (site.page(notebook.resolve()) for notebook in notebooks)


def _lessons(folder: Path) -> Iterator[str]:
    """Write gallery and lessons, as many at a time as there are cores."""
    gallery = [NOTEBOOKS / "index.ipynb", *(NOTEBOOKS / lesson.file for lesson in lessons(NOTEBOOKS))]
    with ProcessPoolExecutor(mp_context=get_context("spawn")) as processes:
        yield from processes.map(partial(_page, folder), gallery)


def _page(folder: Path, notebook: Path) -> str:
    return next(_pages(folder, [notebook]))
