"""The gallery, the way between lessons, and code in view."""

import html
import inspect
import json
import re

import nbformat
import pytest
from headless import VIEWS

from lessons.core.rules import HeavyBall
from lessons.divergence.parabola import Parabola
from lessons.periodic.experiment import Periodic
from widgets.labs import divergence
from widgets.page.code_view import show_code
from widgets.page.gallery import Lesson, gallery, lessons, link, navigation, next_lesson
from widgets.page.new_notebook import new_notebook


@pytest.fixture
def folder(tmp_path):
    """Three lessons, the gallery's own notebook, and one that is neither."""
    (tmp_path / "index.ipynb").write_text(json.dumps({"metadata": {}, "cells": []}))
    for number in (1, 2, 3):
        lesson = {"title": f"{number} <b>", "question": "q?", "sentence": "s.", "picture": "none.png"}
        notebook = {"metadata": {"lesson": lesson}, "cells": []}
        (tmp_path / f"0{number}_topic.ipynb").write_text(json.dumps(notebook))
    (tmp_path / "04_draft.ipynb").write_text(json.dumps({"metadata": {}, "cells": []}))
    return tmp_path


def test_the_gallery_shows_what_is_there_in_order(folder):
    assert [lesson.file for lesson in lessons(folder)] == [f"0{n}_topic.ipynb" for n in (1, 2, 3)]
    text = gallery(folder).value
    assert text.count("<a class='tdl-card'") == 3
    assert "<b>" not in text
    assert "04_draft" not in text


@pytest.mark.parametrize(
    ("file", "links"),
    [
        ("01_topic.ipynb", ["index.ipynb", "02_topic.ipynb"]),
        ("02_topic.ipynb", ["01_topic.ipynb", "index.ipynb", "03_topic.ipynb"]),
        ("03_topic.ipynb", ["02_topic.ipynb", "index.ipynb"]),
    ],
)
def test_a_lesson_leads_back_home_and_on(folder, file, links, monkeypatch):
    assert re.findall("href='([^']*)'", navigation(file, folder).value) == links
    monkeypatch.setenv("VOILA_BASE_URL", "/room/")
    served = [f"/room/voila/render/{link}" for link in links]
    assert re.findall("href='([^']*)'", navigation(file, folder).value) == served


def test_a_lesson_ends_with_the_card_of_the_next_one_and_the_last_with_the_gallery(folder):
    assert re.findall("href='([^']*)'", next_lesson("01_topic.ipynb", folder).value) == ["02_topic.ipynb"]
    assert "q?" in next_lesson("01_topic.ipynb", folder).value
    assert re.findall("href='([^']*)'", next_lesson("03_topic.ipynb", folder).value) == [
        "02_topic.ipynb",
        "index.ipynb",
    ]


def test_a_lesson_that_was_copied_elsewhere_or_renamed_leads_to_what_is_there(folder, tmp_path):
    assert re.findall("href='([^']*)'", navigation("03_topic.ipynb", tmp_path / "nowhere").value) == []
    (folder / "01_topic.ipynb").rename(folder / "mine.ipynb")
    assert re.findall("href='([^']*)'", navigation("01_topic.ipynb", folder).value) == ["index.ipynb", "02_topic.ipynb"]


def test_the_code_in_view_is_the_code_that_runs():
    for experiment, measures in ((Parabola, Parabola.training.measure), (Periodic, Periodic.training.measure_in_parts)):
        shown = "".join(re.findall(r"<pre>(.*?)</pre>", show_code(experiment).value, re.S))
        text = html.unescape(re.sub("<[^>]*>", "", shown))
        advances = experiment.training.advance
        assert text.split() == (inspect.getsource(measures) + inspect.getsource(advances)).split()


def test_beside_the_code_stand_its_equation_and_the_works_that_it_follows():
    shown = html.unescape(show_code(Parabola, HeavyBall).value)
    assert Parabola.references[0] in shown
    assert f"$\\displaystyle {HeavyBall.equation}$" in shown
    assert HeavyBall.reference in shown
    assert "heavy ball: $" in shown
    assert "torch_text" not in shown, "a rule is shown by its update alone"


@pytest.mark.parametrize(("query", "end"), [("theme=dark&bowl=x", "?theme=dark"), ("bowl=x", ""), ("", "")])
def test_a_link_takes_the_theme_along_that_was_asked_for(monkeypatch, query, end):
    monkeypatch.setenv("VOILA_BASE_URL", "/room/")
    monkeypatch.setenv("QUERY_STRING", query)
    assert link("01_a.ipynb") == f"/room/voila/render/01_a.ipynb{end}"


def test_a_first_notebook_has_each_lab_and_question_once_and_its_code_can_be_read():
    made = new_notebook(divergence, Lesson("09_divergence.ipynb", "9 · Again", "q?", "s."))
    nbformat.validate(made)
    sources = ["".join(cell["source"]) for cell in made["cells"]]
    views = [view for view in VIEWS.values() if view.__module__.startswith(divergence.__name__)]
    calls = [f"{view.name}()" for view in views] + [f'ask("{name}")' for name in divergence.QUIZ.questions]
    for call in calls:
        assert sources.count(f"divergence.{call}") == 1
    for view in views:
        assert any(f"**Before you play:** {view.presets[0].sentence}" in source for source in sources)
    assert sources[0] == "# Again\n\ns."
    code = [source for source, cell in zip(sources, made["cells"], strict=True) if cell["cell_type"] == "code"]
    names: dict[str, object] = {}
    exec(code[0].partition("\n\n")[0], names)
    assert all(name in names for name in re.findall(r"show_code\((\w+)\)", "\n".join(code)))
