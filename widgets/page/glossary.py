"""The glossary: what each term means, where a lesson marks it, and what is not said in its place.

    python -m widgets.page.glossary docs/glossary.md

writes it as Markdown; a test holds the file equal to its source, `glossary.json`. There `marked` are regular
expressions for whole words, without groups that capture, as Python and browsers read them; a term that has none is not
marked, as a word of every day that readers take as it is meant. `meaning_in_lesson` is for what has its meaning there
alone.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

SOURCE = Path(__file__).with_name("glossary.json")
HEAD = """# Glossary

One word a thing, in all lessons, labs and questions. What stands in the last column is not said;
`tests/test_glossary.py` looks for it. Each entry there is a regular expression for whole words, capitals or not.
Made from `widgets/page/glossary.json` by `python -m widgets.page.glossary docs/glossary.md`.

| term | what it means | instead of |
|---|---|---|
"""


class Term(BaseModel):
    """A term of the glossary; it has one meaning, or one in each of some lessons."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    term: str
    meaning: str = ""
    meaning_in_lesson: dict[int, str] = {}
    marked: tuple[str, ...]
    instead_of: tuple[str, ...]

    def meant_in(self, lesson: int) -> str:
        """Return what it means in a lesson, as a sentence; empty if it has no meaning there."""
        there = self.meaning_in_lesson.get(lesson, "")
        return self.meaning or there[:1].upper() + there[1:]

    @property
    def meanings(self) -> str:
        """What it means, in all lessons."""
        return self.meaning or " ".join(f"In lesson {n}: {said}" for n, said in self.meaning_in_lesson.items())

    @property
    def expression(self) -> str:
        """The words that are marked, as one regular expression without its ends; empty if there are none."""
        return "|".join(self.marked)

    def is_in(self, text: str) -> bool:
        """Tell whether a text has words of it that may be marked."""
        return bool(self.marked and re.search(rf"(?<![\w-])(?:{self.expression})(?![\w-])", text, re.IGNORECASE))


@cache
def terms() -> tuple[Term, ...]:
    """Return all terms, in order."""
    return tuple(TypeAdapter(list[Term]).validate_json(SOURCE.read_bytes()))


def terms_of(about: dict[str, Any], texts: Iterable[str]) -> list[tuple[str, str, str]]:
    """Return what the page of a lesson may mark.

    Args:
        about: Its notebook's metadata `lesson`; without that nothing is marked.
        texts: Its cells of Markdown.

    Returns:
        Of each term: its name, what it means in this lesson, and the expression of the words that are marked.
    """
    number = re.match(r"\d+", about.get("title", ""))
    if not number:
        return []
    text, lesson = "\n".join(texts), int(number[0])
    return [
        (term.term, term.meant_in(lesson), term.expression)
        for term in terms()
        if term.meant_in(lesson) and term.is_in(text)
    ]


def as_markdown() -> str:
    """Return the glossary as a table of Markdown."""
    rows = ((term.term, term.meanings, " ".join(f"`{each}`" for each in term.instead_of)) for term in terms())
    return HEAD + "".join("| " + " | ".join(cell.replace("|", r"\|") for cell in row) + " |\n" for row in rows)


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(as_markdown(), encoding="utf-8")
