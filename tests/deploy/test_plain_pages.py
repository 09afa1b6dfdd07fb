"""Plain files: what cells show, words with formulas, and a command that says what it needs."""

import json
from pathlib import Path

import pytest

from deploy.command import main
from deploy.pages.cells import shown
from deploy.pages.words import as_html, with_formulas


def notebook(folder: Path, *cells: tuple[str, str]) -> Path:
    path = folder / "mine.ipynb"
    content = [
        {"cell_type": kind, "metadata": {}, "source": source.splitlines(keepends=True)} for kind, source in cells
    ]
    path.write_text(json.dumps({"cells": content, "metadata": {}}), encoding="utf-8")
    return path


def test_a_cell_shows_what_its_last_line_gives_and_knows_what_those_before_it_made(tmp_path):
    path = notebook(
        tmp_path,
        ("markdown", "# A title"),
        ("code", "import math\n\ndef half(x):\n    return x / 2\n"),
        ("code", "half(\n    math.tau\n)"),
        ("code", "quiet = 1"),
        ("code", "half(quiet)"),
    )
    assert [value for value, _ in shown(path)] == ["# A title", pytest.approx(3.14159, rel=1e-5), 0.5]


def test_an_error_in_a_cell_names_the_notebook_and_its_line(tmp_path):
    path = notebook(tmp_path, ("code", "x = 1\nx / 0"))
    with pytest.raises(ZeroDivisionError) as caught:
        list(shown(path))
    last = caught.traceback[-1]
    assert (str(last.path), last.lineno + 1) == ("mine.ipynb", 2)


@pytest.mark.parametrize(
    ("markdown", "there", "gone"),
    [
        ("A rate $\\eta_t$ of *two* $a_1$, $b_1$.", ("<msub>", "<em>two</em>"), ("$", "_1")),
        ("$$\\frac{a}{b}$$", ('display="block"', "<mfrac>"), ("$$",)),
        ("Costs `$5` and `$6`.", ("<code>$5</code>", "<code>$6</code>"), ("<math",)),
        ("```\nprice = '$1' + '$2'\n```", ("$1", "$2"), ("<math",)),
        ("It holds. <!-- holds: l1_name --> So.", ("It holds.", "So."), ("holds: l1",)),
        ("| $x$ | $|x|$ |\n|---|---|\n| 1 | 2 |", ("<table", "<math"), ("$",)),
        ("a < b and $a < b$", ("&lt; b and", "<mo>&#x0003C;</mo>"), ("$",)),
    ],
)
def test_words_are_html_and_formulas_mathml(markdown, there, gone):
    html = as_html(markdown)
    assert all(each in html for each in there), html
    assert not any(each in html for each in gone), html


def test_formulas_in_html_are_mathml_too():
    assert with_formulas("<p>$\\displaystyle \\eta$</p>").startswith("<p><math")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ([], "takes a folder"),
        (["--help"], "takes a folder"),
        (["there", "none.ipynb"], "There is no notebook 'none.ipynb' in "),
    ],
)
def test_a_command_that_cannot_be_carried_out_is_a_sentence(tmp_path, monkeypatch, arguments, sentence):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as refused:
        main(["pages", *arguments])
    assert sentence in str(refused.value)
    assert not (tmp_path / "there").exists()
