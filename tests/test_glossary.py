"""One word a thing: what the glossary says not to say is nowhere that a reader looks; which words it marks."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from widgets.page.glossary import as_markdown, terms, terms_of

ROOT = Path(__file__).resolve().parents[1]
TOPICS = sorted(path.name for path in (ROOT / "widgets" / "labs").iterdir() if (path / "__init__.py").exists())
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
# Titles of papers and books are as their authors wrote them; so is what stands with an arXiv number.
QUOTED = re.compile(r"## Sources.*\Z|\]\([^)]*\)|<!--.*?-->|`[^`]*`", re.S)
MARKUP = re.compile(r"<(script|style).*?</\1>|<[^>]*>|{[{%#].*?[}%#]}", re.S)
JS_STRING = re.compile(r'"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`')


ENTRIES = {term.term: (term.meanings, term.instead_of) for term in terms()}
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


def test_the_document_is_what_its_source_says():
    # Where this fails, write it anew: python -m widgets.page.glossary docs/glossary.md
    assert (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8") == as_markdown()


def test_a_term_has_one_meaning_or_one_in_each_of_some_lessons():
    for term in terms():
        assert bool(term.meaning) != bool(term.meaning_in_lesson), term.term
        assert set(term.meaning_in_lesson) <= set(range(1, len(NOTEBOOKS))), term.term
        assert all(meaning.endswith(".") for meaning in term.meaning_in_lesson.values()), term.term
        # Both Python and a browser read it, the latter in its strict mode and with its groups counted.
        for each in term.marked:
            assert re.fullmatch(r"(?:[\w -]|[)|?]|\((?:\?:|\?<!)|\[[ -]+\])+", each.replace("[sd]", "")), each


def test_words_of_every_day_are_not_marked_and_those_of_the_field_are():
    unmarked = {term.term for term in terms() if not term.marked}
    assert {"batch", "step", "lane", "run", "preset", "limit", "predict", "on average"} <= unmarked
    assert len(unmarked) < 25


@pytest.mark.parametrize(
    ("name", "yes", "no"),
    [
        ("sharpness", "Sharpnesses differ.", "It sharpens."),
        ("edge of stability", "at the edge of stability", "at the edge of chaos"),
        ("lottery ticket", "Lottery tickets win.", "a lottery"),
        ("spectrum", "two spectra", "a spectral density"),
        ("mean field", "the mean-field theory", "a mean"),
        ("whiten, whitening", "whitened inputs", "a white page"),
        ("norm ρ", "the norm falls", "with batch norm"),
        ("gain", "the gain of a layer", "against it, nothing is gained"),
        ("diverges, diverged", "Nine diverged.", "a divergence"),
        ("fan-in, fan-out", "the fan-in", "a fan of lines"),
        ("scale-invariant", "a scale-invariant net", "scale-invariance"),
        ("loss", "Losses fall.", "a loss-free line"),
        ("normalization", "with batch normalization", "normalized inputs"),
    ],
)
def test_a_term_is_found_as_a_whole_word_in_all_its_forms(name, yes, no):
    (term,) = (each for each in terms() if each.term == name)
    assert term.is_in(yes)
    assert not term.is_in(no)


def test_a_page_gets_the_terms_of_its_texts_as_they_are_meant_in_its_lesson():
    texts = ["# The gain", "Its sharpness, in steps; a node."]
    first, fourth = ({name: says for name, says, _ in terms_of({"title": f"{n} · X"}, texts)} for n in "14")
    assert list(first) == list(fourth) == ["gain", "sharpness"]
    assert first["gain"] == "The length of an update in plain gradient steps."
    assert fourth["gain"].startswith("The factor by which")
    assert first["sharpness"] == "λₘₐₓ: the largest eigenvalue of the loss's Hessian."
    assert terms_of({}, texts) == []


@pytest.mark.parametrize("path", [path for path in NOTEBOOKS if path.stem != "index"], ids=lambda path: path.stem)
def test_a_lesson_has_terms_to_explain_and_they_are_small(path):
    notebook = json.loads(path.read_text(encoding="utf-8"))
    texts = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "markdown"]
    found = terms_of(notebook["metadata"]["lesson"], texts)
    assert len(found) >= 12
    assert len(json.dumps(found, ensure_ascii=False).encode()) < 4000


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
