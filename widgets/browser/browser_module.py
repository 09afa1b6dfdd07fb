"""The browser's modules, each with those that it imports as one text: anywidget takes a widget's module as one."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "(?P<path>\.{1,2}/[\w./]*\w+\.js)";\n', re.M)
_EXPORT = re.compile(r"^export (?!default\b)", re.M)
# Each lab sends its modules; what is written for those who read them stays here.
_COMMENT = re.compile(r"^ *//.*\n", re.M)


def bundled(name: str, folder: Path = FOLDER) -> str:
    """Return a module of a folder with all that it imports before it, each once, and without imports.

    They share one scope: no two may give a name of their own at the top to different things.
    """
    modules: dict[Path, str] = {}
    _gather((folder / name).resolve(), modules)
    return _COMMENT.sub("", "\n".join(modules.values()))


def styles(*names: str) -> str:
    """Return style sheets of `FOLDER` as one."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


def _gather(path: Path, modules: dict[Path, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for imported in _IMPORT.finditer(text):
        other = (path.parent / imported["path"]).resolve()
        if other not in modules:
            _gather(other, modules)
    modules[path] = _EXPORT.sub("", _IMPORT.sub("", text)).lstrip("\n")
