"""Folders of what is served: in the repository, or in what pip has installed."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

DEPLOY = Path(__file__).resolve().parent
# A wheel holds the notebooks inside this package (setup.py); in the repository they stand beside it.
_INSTALLED = DEPLOY / "notebooks"
IS_INSTALLED = _INSTALLED.is_dir()
NOTEBOOKS = _INSTALLED if IS_INSTALLED else DEPLOY.parent / "notebooks"
TEMPLATES = DEPLOY / "templates"
LAB_SETTINGS = DEPLOY / "jupyter"
HUB_SETTINGS = DEPLOY / "hub" / "jupyter"


def named(arguments: Iterable[str]) -> Path | None:
    """Return the notebook or folder that a command line names beside its options, or None.

    Raises:
        FileNotFoundError: If it names a notebook that is not there.
    """
    for argument in arguments:
        path = Path(argument)
        if argument.startswith("-") or not (path.exists() or path.suffix == ".ipynb"):
            continue
        if not path.exists():
            raise FileNotFoundError(f"There is no notebook '{argument}' in {Path.cwd()}.")
        return path
    return None
