"""Builds the plain page of some cells of a lesson, and serves such pages."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

from tests.browser.served import ROOT, await_answer, end, free_port


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
