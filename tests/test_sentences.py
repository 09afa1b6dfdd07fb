"""What a page says is held by a check, which its source names: `<!-- holds: name -->` in a notebook's text, `# holds:
name` beside a preset or the sentence of a question. A number that is a setting, a definition or a closed form says so:
`<!-- given -->`, `# given`. Readers see neither. A check is a test marked `@pytest.mark.sentence("name")`.
"""

from __future__ import annotations

import ast
import json
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
LESSONS = sorted((ROOT / "notebooks").glob("0*.ipynb"))
LABS = ROOT / "widgets" / "labs"
TOPICS = sorted([path.parent for path in LABS.glob("*/__init__.py")] + [*LABS.glob("[a-z]*.py")])
MARK = re.compile(r"<!--\s*(holds:\s*(?P<names>[a-z0-9_, ]+?)|given)\s*-->")
COMMENT = re.compile(r"#\s*(holds:\s*(?P<names>[a-z0-9_, ]+)|given)")
NO_PROSE = re.compile(r"\$\$.*?\$\$|\$[^$]*\$|`[^`]*`|\]\([^)]*\)|\[\d[\d, –]*\]|<[^>]*>", re.S)
# A number, or who is first, how often, how much.
CLAIM = re.compile(
    r"\d|\b(never|always|fastest|slowest|wins|ahead|twice|\w+fold"
    r"|times (as|more|less|lower|higher|larger|smaller|faster|slower|further))\b"
)


def _blocks(path: Path) -> Iterator[str]:
    """Paragraphs and list items of a notebook's text, without headings and sources."""
    for cell in json.loads(path.read_text())["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "markdown" and not text.startswith("## Sources"):
            for block in re.split(r"\n\s*\n|\n(?=[-*|] |\d+\. )", text):
                if not block.lstrip().startswith("#"):
                    yield re.sub(r"^\d+\. ", "", block)


def _unchecked(block: str) -> list[str]:
    """The parts of a block that claim something and that no mark follows."""
    end, parts = 0, []
    for mark in MARK.finditer(block):
        end = mark.end()
    left = NO_PROSE.sub(" ", block[end:])
    if CLAIM.search(left):
        parts.append(left.strip())
    return parts


def _comments(path: Path) -> dict[int, str]:
    """The comments of a module, by line."""
    with path.open("rb") as source:
        return {
            token.start[0]: token.string
            for token in tokenize.tokenize(source.readline)
            if token.type == tokenize.COMMENT
        }


def _texts(node: ast.AST) -> str:
    """What a call says in words, without what a run will put in."""
    return " ".join(
        each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)
    )


def _sayings(path: Path) -> Iterator[tuple[int, int, str]]:
    """First line, last line and words of each preset's sentence and of each sentence of a question."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and ast.unparse(node.func) in ("Preset", "Outcome") and len(node.args) > 1:
            yield node.lineno, node.end_lineno, _texts(node.args[1])


def _names(match: re.Match[str]) -> list[str]:
    return [name.strip() for name in (match["names"] or "").split(",") if name.strip()]


def _named() -> set[str]:
    """All checks that sentences name."""
    names: set[str] = set()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        for block in _blocks(path):
            names.update(name for mark in MARK.finditer(block) for name in _names(mark))
    for path in (ROOT / "widgets").rglob("*.py"):
        for comment in _comments(path).values():
            if mark := COMMENT.match(comment):
                names.update(_names(mark))
    return names


def _checks() -> set[str]:
    """All checks there are."""
    names: set[str] = set()
    for path in (ROOT / "tests").rglob("test_*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "pytest.mark.sentence":
                names.update(ast.literal_eval(argument) for argument in node.args)
    return names


def test_each_sentence_names_a_check_that_there_is_and_each_check_is_named():
    named, checks = _named(), _checks()
    assert named - checks == set(), "sentences name checks that there are not"
    assert checks - named == set(), "no sentence names these checks"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_a_sentence_of_a_lesson_that_says_how_much_or_who_is_first_has_a_check(path):
    unchecked = [part for block in _blocks(path) for part in _unchecked(block)]
    assert not unchecked, f"{len(unchecked)}:\n" + "\n---\n".join(unchecked)


@pytest.mark.parametrize("topic", TOPICS, ids=lambda path: path.stem)
def test_a_sentence_beside_a_lab_that_says_how_much_or_who_is_first_has_a_check(topic):
    unchecked = []
    for path in sorted(topic.glob("*.py")) if topic.is_dir() else [topic]:
        comments = _comments(path)
        for first, last, words in _sayings(path):
            marked = any(COMMENT.match(comments.get(line, "")) for line in range(first, last + 1))
            if CLAIM.search(words) and not marked:
                unchecked.append(f"{path.name}:{first}: {words}")
    assert not unchecked, f"{len(unchecked)}:\n" + "\n---\n".join(unchecked)
