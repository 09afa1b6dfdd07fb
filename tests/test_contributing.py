"""The lesson that CONTRIBUTING.md has newcomers copy works as it is written there."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([\w/.]+)`\n\n```python\n(.*?)^```$", TEXT, re.M | re.S))
NOTEBOOK = "notebooks/08_averaging.ipynb"
COPIED = ("lessons", "widgets", "notebooks", "tests")
TESTS = (
    "tests/averaging",
    "tests/core/test_experiment_contract.py",
    "tests/core/test_step_programs.py",
    "tests/widgets/test_questions.py",
    "tests/widgets/test_lab.py::test_play_pause_step_reset",
    "tests/widgets/test_lab_on_screen.py",
    "tests/test_structure.py",
    "tests/test_notebooks.py",
    "tests/test_sentences.py",
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """A copy of the repository's code with the eighth lesson in it."""
    folder = tmp_path_factory.mktemp("copy")
    for name in COPIED:
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "environment.yml", "constraints.txt"):
        shutil.copy(ROOT / name, folder)
    for path, content in FILES.items():
        assert not (folder / path).exists(), path
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content, encoding="utf-8")
    command = re.search(r"^\.venv/bin/python (-m widgets\.page\.new_notebook (?:.*\\\n)*.*)$", TEXT, re.M)
    assert not (folder / NOTEBOOK).exists()
    said(folder, *shlex.split(command[1].replace("\\\n", " ")))
    return folder


def said(folder: Path, *arguments: str) -> str:
    """What a Python command prints in the folder; it has to succeed there, with the folder's own packages."""
    environment = {**os.environ, "PYTHONPATH": str(folder)}
    command = [sys.executable, *arguments]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_file_on_the_page_is_taken():
    fences = re.findall(r"^```python$", TEXT, re.M)
    assert len(FILES) == len(fences) == 3


def test_the_lesson_keeps_the_style_and_its_types_hold(copy):
    written = [path for path in FILES if path.endswith(".py")]
    said(copy, "-m", "ruff", "check", "--no-cache", *written)
    said(copy, "-m", "ruff", "format", "--no-cache", "--check", *written)
    said(copy, "-m", "mypy", *(path for path in written if not path.startswith("tests/")))


def test_the_lesson_passes_its_own_test_and_those_that_find_it(copy):
    where = said(copy, "-c", "import lessons.averaging as a, widgets; print(a.__file__, widgets.__file__)")
    assert all(Path(path).is_relative_to(copy) for path in where.split())
    wanted = "averaging or loss_of_the_mean or names_a_check"
    report = said(copy, "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS, "-k", wanted)
    assert "skipped" not in report
    assert int(re.search(r"(\d+) passed", report)[1]) >= len(TESTS)


def test_the_notebook_makes_a_card_with_the_lab_and_its_question(copy):
    cards = said(copy, "-c", "from widgets.page.gallery import gallery; print(gallery('notebooks').value)")
    assert "08_averaging.ipynb" in cards
    notebook = json.loads((copy / NOTEBOOK).read_text(encoding="utf-8"))
    assert set(notebook["metadata"]["lesson"]) == {"title", "question", "sentence", "picture"}
    source = "".join(line for cell in notebook["cells"] for line in cell["source"])
    assert "averaging.averaging()" in source
    assert 'averaging.ask("loss_of_the_mean")' in source


def test_the_places_named_are_there():
    """Every folder and file of the map; in a row, names after the first may be in the first one's folder."""
    table = TEXT.split("## Where things are")[1].split("\n## ")[0]
    rows = [re.findall("`([^`]+)`", row) for row in re.findall(r"^\| (`.*?) \|", table, re.M)]
    assert len(rows) > 20
    for first, *others in rows:
        folder = Path(first).parent
        for name in (first, *others):
            pattern = name.replace("<topic>", "divergence").rstrip("/")
            assert [*ROOT.glob(pattern), *(ROOT / folder).glob(pattern)], name
