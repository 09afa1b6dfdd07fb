"""A learner's own copy of the notebooks: new versions arrive, and what the learner wrote is never overwritten."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

RECORD = ".copied.json"
LEFT_OUT = {".ipynb_checkpoints", "__pycache__"}


def refresh(source: Path, folder: Path) -> list[str]:
    """Bring a folder up to date with the notebooks.

    A file that is missing is copied; delete one to get the original back. One that its owner has not touched since then
    is replaced by a newer version. One that was edited stays as it is.

    Args:
        source: The folder of the notebooks.
        folder: The learner's folder; made if there is none. Files of the learner's own are left alone.

    Returns:
        Names of the files that have a newer version and were kept because they were edited, relative to the folder.
    """
    copied = _read(folder / RECORD)
    kept = []
    for path in sorted(source.rglob("*")):
        name = path.relative_to(source).as_posix()
        if not path.is_file() or LEFT_OUT & set(path.parts):
            continue
        new, target = fingerprint(path), folder / name
        if target.is_symlink() or (target.exists() and not target.is_file()):
            continue
        if target.exists():
            if copied.get(name) == new:
                continue
            if fingerprint(target) not in (copied.get(name), new):
                kept.append(name)
                continue
        _copy(path, target)
        copied[name] = new
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RECORD).write_text(json.dumps(copied, indent=1), encoding="utf-8")
    return kept


def fingerprint(path: Path) -> str:
    """Return what tells two versions apart; of a notebook only its cells' text, so that a run is not an edit."""
    content = path.read_bytes()
    if path.suffix == ".ipynb":
        try:
            cells = json.loads(content)["cells"]
            content = json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in cells]).encode()
        except (ValueError, KeyError, TypeError):
            pass  # not a notebook, whatever its name says: its bytes count
    return hashlib.sha256(content).hexdigest()


def _copy(path: Path, target: Path) -> None:
    """Copy in one move, so that a server that is stopped meanwhile leaves no half of a notebook."""
    target.parent.mkdir(parents=True, exist_ok=True)
    half = target.with_name(f".{target.name}.new")
    shutil.copyfile(path, half)
    half.replace(target)


def _read(record: Path) -> dict[str, str]:
    try:
        return dict(json.loads(record.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return {}
