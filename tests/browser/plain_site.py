"""Builds the plain page of some cells of a lesson."""

import subprocess
import sys
from pathlib import Path

import nbformat

from tests.browser.served import ROOT


def build_site(folder: Path, name: str, cells: tuple[str, ...]) -> Path:
    """Write a notebook of those cells of a lesson that begin with one of `cells`, and its page; return its folder."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.source.startswith(cells)]
    nbformat.write(notebook, folder / f"{name}.ipynb")
    command = [sys.executable, "-m", "deploy.command", "pages", str(folder / "pages"), str(folder / f"{name}.ipynb")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return folder / "pages"
