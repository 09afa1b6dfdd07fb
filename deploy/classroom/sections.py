"""Sections of lessons, by their headings: what is shown of where members are was written by none of them."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path

from deploy.places import NOTEBOOKS

_HEADING = re.compile(r"^#{1,3} +(.+?)[ #]*$", re.M)
# What a page shows in another way, or not at all.
_NOT_SHOWN = re.compile(r"^```.*?^```|<!--.*?-->|\$[^$]*\$", re.S | re.M)
_MARKUP = re.compile(r"\[([^\]]*)\]\([^)]*\)|[*_`]")


class Sections:
    """The headings of the notebooks of a folder.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path = NOTEBOOKS):
        self._folder = folder

    def find(self, page: str, section: str) -> str | None:
        """Return a section's name as its notebook has it; None if there is no such notebook, or no such section in it.

        Args:
            page: Stem of the notebook.
            section: What a page shows of the heading; empty before the first.
        """
        path = self._folder / f"{page}.ipynb"
        try:
            headings = _headings(path, path.stat().st_mtime_ns)
        except (OSError, ValueError, KeyError):  # there is none, or none that can be read
            return None
        return {"": "", **headings}.get(_letters(section))


@lru_cache(maxsize=64)
def _headings(path: Path, _changed: int) -> dict[str, str]:
    """Headings of a notebook, by their letters: signs and spaces are set otherwise on a page."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    texts = ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown")
    found = (heading for text in texts for heading in _HEADING.findall(_NOT_SHOWN.sub("", text)))
    plain = (" ".join(_MARKUP.sub(r"\1", heading).split()) for heading in found)
    return {_letters(heading): heading for heading in plain}


def _letters(text: str) -> str:
    return re.sub(r"[\W_]+", "", text).casefold()
