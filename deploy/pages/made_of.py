"""What plain pages are made of: a folder of them that is older than the lessons is not served in their place."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import lessons
import widgets
from deploy.places import DEPLOY, TEMPLATES
from lessons.teacher_student.given_weights import given_weights

MANIFEST = "pages.json"
KINDS = (".py", ".js", ".css", ".html", ".json", ".gz")


def note(folder: Path, notebooks: Path) -> None:
    """Note in a folder of pages that it holds those of all notebooks in another."""
    (folder / MANIFEST).write_text(json.dumps({"made_of": made_of(notebooks)}), encoding="utf-8")


def is_current(folder: Path, notebooks: Path) -> bool:
    """True if a folder holds the pages of all notebooks in another, as they are now."""
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        return False
    return bool(manifest["made_of"] == made_of(notebooks))


def made_of(notebooks: Path) -> str:
    """Return a digest of all files that decide what the pages of a folder of notebooks show.

    Weights that are given to the lessons are large: of them, it is their name, size and time.
    """
    digest = hashlib.sha256()
    for path in sorted(notebooks.glob("*.ipynb")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    for folder in (DEPLOY / "pages", TEMPLATES, *(Path(package.__path__[0]) for package in (lessons, widgets))):
        for path in sorted(path for path in folder.rglob("*") if path.suffix in KINDS):
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    given = given_weights(notebooks)
    if given is not None and given.exists():
        digest.update(f"{given.name} {given.stat().st_size} {given.stat().st_mtime_ns}".encode())
    return digest.hexdigest()
