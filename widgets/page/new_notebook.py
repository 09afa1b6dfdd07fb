"""A first notebook of a new lesson: the cells that every lesson has, with what its labs declare.

    python -m widgets.page.new_notebook TOPIC TITLE QUESTION SENTENCE

writes it beside the others, with the next number; title, question and sentence are on its card in the gallery.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from widgets.page.gallery import Lesson, lessons
from widgets.quiz.quiz import Quiz
from widgets.view.view import LabView

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
Cell = tuple[str, str]  # kind and source


def new_notebook(labs: ModuleType, lesson: Lesson) -> dict[str, Any]:
    """Return the notebook of a lesson, as JSON, from the module with its labs."""
    cells: list[dict[str, Any]] = [
        {"cell_type": kind, "id": f"cell-{number}", "metadata": {}, "source": source.splitlines(keepends=True)}
        for number, (kind, source) in enumerate(_cells(labs, lesson))
    ]
    for cell in cells:
        if cell["cell_type"] == "code":
            cell |= {"execution_count": None, "outputs": []}
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    card = {name: value for name, value in vars(lesson).items() if name != "file"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, "lesson": card, "title": lesson.heading}
    return {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


def _cells(labs: ModuleType, lesson: Lesson) -> Iterator[Cell]:
    views = [each for each in vars(labs).values() if isinstance(each, type) and issubclass(each, LabView)]
    views = [view for view in views if "name" in vars(view)]
    experiments = list(dict.fromkeys(type(view.experiment) for view in views))
    yield "markdown", f"# {lesson.heading}\n\n{lesson.sentence}"
    yield "code", _imports(labs, lesson, experiments)
    for number, view in enumerate(views):
        before = {type(other.experiment) for other in views[:number]}
        yield from _lab(labs, view, is_first=type(view.experiment) not in before)
    works = dict.fromkeys(work for experiment in experiments for work in experiment.references)
    sources = "\n".join(f"{number}. {work}" for number, work in enumerate(works, start=1))
    yield "markdown", f"## Sources\n\n{sources}"
    yield "code", f'next_lesson("{lesson.file}")'


def _imports(labs: ModuleType, lesson: Lesson, experiments: list[type]) -> str:
    package, _, topic = labs.__name__.rpartition(".")
    lines = [f"from {each.__module__} import {each.__name__}" for each in experiments]
    lines += [f"from {package} import {topic}", "from widgets.page.code_view import show_code"]
    lines += ["from widgets.page.gallery import navigation, next_lesson", "", f'navigation("{lesson.file}")']
    return "\n".join(lines)


def _lab(labs: ModuleType, view: type[LabView], is_first: bool) -> Iterator[Cell]:
    """A section: a lab, what to see in it; with the first one of an experiment its questions and the code that runs."""
    topic, experiment = labs.__name__.rpartition(".")[2], type(view.experiment)
    yield "markdown", f"## {view.title}\n\n**Before you play:** {view.presets[0].sentence}"
    quizzes = [each for each in vars(labs).values() if isinstance(each, Quiz) and is_first]
    for name, question in (each for quiz in quizzes for each in quiz.questions.items()):
        if type(question.experiment) is experiment:
            yield "code", f'{topic}.ask("{name}")'
    yield "code", f"{topic}.{view.name}()"
    yield "markdown", f"**What to look for.** {view.__doc__}"
    if is_first:
        yield "code", f"show_code({experiment.__name__})"


def main(topic: str, title: str, question: str, sentence: str) -> None:
    """Write the notebook of a topic."""
    number = len(lessons(NOTEBOOKS)) + 1
    stem = f"{number:02}_{topic}"
    lesson = Lesson(f"{stem}.ipynb", f"{number} · {title}", question, sentence, f"pictures/{stem}.png")
    text = json.dumps(new_notebook(import_module(f"widgets.labs.{topic}"), lesson), ensure_ascii=False, indent=1)
    (NOTEBOOKS / lesson.file).write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Write a first notebook of a new lesson.")
    for name in ("topic", "title", "question", "sentence"):
        parser.add_argument(name)
    main(**vars(parser.parse_args()))
