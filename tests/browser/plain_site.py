"""Builds plain pages, and serves them: of some cells of a lesson, or of a folder of notebooks."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from tests.browser.served import ROOT, await_answer, end, free_port, lesson_server


def build_site(folder: Path, name: str, cells: tuple[str, ...]) -> Path:
    """Write a notebook of those cells of a lesson that begin with one of `cells`, and its page; return its folder."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.source.startswith(cells)]
    nbformat.write(notebook, folder / f"{name}.ipynb")
    command = [sys.executable, "-m", "deploy.command", "pages", str(folder / "pages"), str(folder / f"{name}.ipynb")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder / "pages"


@contextmanager
def on_a_web_server(folder: Path) -> Iterator[str]:
    """The address at which any web server gives a folder: Python's own."""
    port = free_port()
    command = [sys.executable, "-m", "http.server", str(port), "--bind=127.0.0.1", f"--directory={folder}"]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    await_answer(server, address)
    yield address
    end(server, 10)


def write_lesson(folder: Path, *cells: str) -> None:
    """Write a lesson, 01_mine.ipynb, of cells of text, and of code where they call something; and the gallery."""
    gallery = ("# All\n\nThe lessons.", "from widgets.page.gallery import gallery\n\ngallery()")
    about = {"title": "1 · Mine", "question": "What?", "sentence": "Something."}
    for name, parts, metadata in (("01_mine", cells, {"lesson": about}), ("index", gallery, {})):
        kinds = {True: nbformat.v4.new_code_cell, False: nbformat.v4.new_markdown_cell}
        notebook = nbformat.v4.new_notebook(cells=[kinds[part.endswith(")")](part) for part in parts])
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        notebook.metadata.update(metadata, kernelspec=kernel)
        nbformat.write(notebook, folder / f"{name}.ipynb")


@contextmanager
def site_of(kind: str, folder: Path) -> Iterator[str]:
    """Addresses of the pages of `write_lesson`, with `{}` for a page's name: "served" with a kernel, or "plain"."""
    if kind == "served":
        with lesson_server(folder) as served:
            yield f"{served}/voila/render/{{}}.ipynb"
        return
    notebooks = [str(folder / f"{name}.ipynb") for name in ("01_mine", "index")]
    command = [sys.executable, "-m", "deploy.command", "pages", str(folder / "pages"), *notebooks]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    with on_a_web_server(folder / "pages") as served:
        yield f"{served}/{{}}.html"
