"""One word a thing: what docs/glossary.md says not to say is nowhere that a reader looks."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
GLOSSARY = ROOT / "docs" / "glossary.md"
TOPICS = sorted(path.name for path in (ROOT / "widgets" / "labs").iterdir() if (path / "__init__.py").exists())
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
CELL_ENDS = re.compile(r"(?<!\\)\|")
# Titles of papers and books are as their authors wrote them; so is what stands with an arXiv number.
QUOTED = re.compile(r"## Sources.*\Z|\]\([^)]*\)|<!--.*?-->|`[^`]*`", re.S)
MARKUP = re.compile(r"<(script|style).*?</\1>|<[^>]*>|{[{%#].*?[}%#]}", re.S)
JS_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')


def entries() -> dict[str, tuple[str, list[str]]]:
    """Term -> what it means, and the expressions for what is not said."""
    found = {}
    for row in GLOSSARY.read_text(encoding="utf-8").splitlines():
        if row.startswith("| ") and not row.startswith("| term "):
            term, meaning, instead = (cell.strip() for cell in CELL_ENDS.split(row)[1:-1])
            found[term] = meaning, [each.replace(r"\|", "|") for each in re.findall(r"`([^`]+)`", instead)]
    return found


ENTRIES = entries()
UNSAID = {
    term: re.compile("|".join(rf"(?<!\w)(?:{each})(?!\w)" for each in instead), re.IGNORECASE)
    for term, (_, instead) in ENTRIES.items()
    if instead
}


def prose(path: Path) -> Iterator[tuple[str, str]]:
    """Where and what: the Markdown of a notebook, and what its metadata say in the gallery."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for number, cell in enumerate(notebook["cells"]):
        if cell["cell_type"] == "markdown":
            yield f"{path.name}, cell {number}", QUOTED.sub(" ", "".join(cell["source"]))
    for key, value in notebook["metadata"].get("lesson", {}).items():
        if isinstance(value, str) and key != "picture":
            yield f"{path.name}, {key}", value


def strings(path: Path) -> Iterator[tuple[str, str]]:
    """Where and what: the strings of a module that have words in them, and what a preset or a reading is called."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    silent = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    shown = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("Preset", "Reading", "setting")
        for argument in [*node.args, *(keyword.value for keyword in node.keywords)]
        for part in ast.walk(argument)
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Constant) or not isinstance(node.value, str) or id(node) in silent:
            continue
        if "arXiv" in node.value:
            continue
        if " " in node.value.strip() or (id(node) in shown and not re.fullmatch(r"[a-z0-9_]+", node.value)):
            yield f"{path.relative_to(ROOT)}:{node.lineno}", node.value


def words_of(path: Path) -> Iterator[tuple[str, str]]:
    """What a reader may see of a file."""
    if path.suffix == ".py":
        yield from strings(path)
    elif path.suffix in (".html", ".j2"):
        yield str(path.relative_to(ROOT)), MARKUP.sub(" ", path.read_text(encoding="utf-8"))
    else:
        for match in JS_STRING.finditer(path.read_text(encoding="utf-8")):
            text = match[1] or match[2] or ""
            if " " in text:
                yield f"{path.relative_to(ROOT)}: {text[:20]}", text


def unsaid(said: Iterator[tuple[str, str]]) -> list[str]:
    """What is said and should not be, each with its place and the word for it."""
    return [
        f"{place}: {match[0]!r}, say {term!r}: …{text[max(0, match.start() - 30) : match.end() + 30]!r}"
        for place, text in said
        for term, expression in UNSAID.items()
        for match in expression.finditer(text)
        if not match[0].isupper()  # a constant of an exported script
    ]


def test_the_table_is_one_line_a_term_in_order_and_each_line_is_whole():
    assert len(ENTRIES) > 40
    names = [term.casefold().replace("δ", "delta") for term in ENTRIES]
    assert names == sorted(names)
    for term, (meaning, instead) in ENTRIES.items():
        assert meaning.endswith("."), term
        assert instead, term
        for each in instead:
            assert re.compile(each)


def test_no_term_is_what_another_one_says_not_to_say():
    for term, (meaning, _) in ENTRIES.items():
        others = [unsaid_word for other, unsaid_word in UNSAID.items() if other != term]
        assert not [word.pattern for word in others if word.search(term)], term
        if term != "condition number κ":  # of a bowl: the largest over the smallest
            assert not [word.pattern for word in others if word.search(meaning)], term


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("It is foretold.", "predict"),
        ("the normalised net", "normalization"),
        ("mean + deviation", "standard deviation"),
        ("Without warm-up", "warmup"),
        ("Ten nets were lost.", "diverges, diverged"),
    ],
)
def test_a_word_that_is_not_said_is_found(text, term):
    assert [hit for hit in unsaid(iter([("here", text)])) if repr(term) in hit]
    assert not unsaid(
        iter([("here", "The standard deviation; predicted; the net diverged. A wallpaper, lost weight.")])
    )


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_lesson_says_one_word_a_thing(path):
    hits = unsaid(prose(path))
    assert not hits, f"{len(hits)}:\n" + "\n".join(hits)


@pytest.mark.parametrize("topic", TOPICS)
def test_labs_and_questions_say_one_word_a_thing(topic):
    files = [*(ROOT / "widgets" / "labs" / topic).rglob("*.py"), *(ROOT / "lessons" / topic).rglob("*.py")]
    hits = unsaid(pair for path in sorted(files) for pair in words_of(path))
    assert not hits, f"{len(hits)}:\n" + "\n".join(hits)


@pytest.mark.parametrize("folder", ["widgets", "lessons/core", "deploy"])
def test_what_all_lessons_have_in_common_says_one_word_a_thing(folder):
    root, labs = ROOT / folder, ROOT / "widgets" / "labs"
    readable = (".py", ".js", ".html", ".j2")
    files = [path for path in root.rglob("*") if path.suffix in readable and labs not in path.parents]
    hits = unsaid(pair for path in sorted(files) for pair in words_of(path))
    assert not hits, f"{len(hits)}:\n" + "\n".join(hits)
