"""The browser's modules, each with those that it imports as one text: anywidget takes a widget's module as one."""

from __future__ import annotations

import re
from pathlib import Path

FOLDER = Path(__file__).parent
_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(?P<name>\w+\.js)";\n', re.M)
_EXPORT = re.compile(r"^export (?!default\b)", re.M)
# Each lab sends its modules; what is written for those who read them stays here.
_COMMENT = re.compile(r"^ *//.*\n", re.M)


def bundled(name: str) -> str:
    """Return a module of `FOLDER` with all that it imports before it, each once, and without imports.

    They share one scope: no two may give a name of their own at the top to different things.
    """
    modules: dict[str, str] = {}
    _gather(name, modules)
    return _COMMENT.sub("", "\n".join(modules.values()))


def styles(*names: str) -> str:
    """Return style sheets of `FOLDER` as one."""
    return "\n".join((FOLDER / name).read_text(encoding="utf-8") for name in names)


def _gather(name: str, modules: dict[str, str]) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    for imported in _IMPORT.finditer(text):
        if imported["name"] not in modules:
            _gather(imported["name"], modules)
    modules[name] = _EXPORT.sub("", _IMPORT.sub("", text)).lstrip("\n")
