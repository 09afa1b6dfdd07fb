"""The reference of all labs, as Markdown, from what they declare: settings, bounds, presets, equations, works.

    python -m widgets.page.reference docs/reference.md

writes it; a test holds the file equal to the declarations.
"""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from lessons.core.rules import RULES
from lessons.core.settings import SettingField
from lessons.core.written_number import written
from lessons.schedules.schedules import SCHEDULES
from widgets.lab.lab import Lab
from widgets.page.gallery import lessons

HEAD = """# Reference

Made from the declarations by `python -m widgets.page.reference docs/reference.md`. Every lab is a function of
`widgets.labs.<topic>` and takes its settings as keywords: `divergence.net(learning_rate=0.1)`. *Live* settings may be
changed while it trains; the others start the run again. Values outside the bounds are refused.
"""
NAMED = (
    ("Optimizers", RULES, "`lessons/core/rules/`: the rules that `optimizer` chooses among."),
    ("Schedules", SCHEDULES, "`lessons/schedules/schedules.py`: the rules that `schedule` chooses among."),
)


def reference(notebooks: Path) -> str:
    """Return the reference of the lessons in a folder of notebooks."""
    parts = [HEAD, *(_named(title, table, where) for title, table, where in NAMED)]
    for lesson in lessons(notebooks):
        topic = import_module(f"widgets.labs.{lesson.file[3:].removesuffix('.ipynb')}")
        told = (notebooks / lesson.file).read_text(encoding="utf-8")
        parts.append(f"## {lesson.title}\n\n{lesson.question}\n")
        parts += [_lab(topic, make) for make in _labs_of(topic, told)]
    return "\n".join(parts)


def _labs_of(topic: ModuleType, told: str) -> list[Callable[..., Lab]]:
    """The functions of a topic that open its labs, in the order in which its notebook calls them."""
    called = re.findall(rf"\b{topic.__name__.rpartition('.')[2]}\.(\w+)\(", told)
    functions = [getattr(topic, name) for name in dict.fromkeys(called)]
    return [function for function in functions if inspect.isfunction(function) and _opens_by_itself(function)]


def _opens_by_itself(function: Callable[..., Lab]) -> bool:
    """Tell a lab from a function that asks for more, such as the files of a recorded run."""
    parameters = inspect.signature(function).parameters.values()
    return all(each.kind is each.VAR_KEYWORD or each.default is not each.empty for each in parameters)


def _named(title: str, table: dict[str, Any], where: str) -> str:
    rows = ((name, f"${rule.equation}$", rule.reference) for name, rule in table.items())
    return f"## {title}\n\n{where}\n\n{_table(('name', 'equation', 'source'), rows)}"


def _lab(topic: ModuleType, make: Callable[..., Lab]) -> str:
    view = make().view
    fields = view.settings_type.fields()
    call = f"{topic.__name__.rpartition('.')[2]}.{make.__name__}({', '.join(_plain_parameters(make))})"
    settings = _table(
        ("setting", "keyword", "start", "allowed", "live", "what it does"),
        (_setting(fields[name]) for name in view.controls),
    )
    presets = _table(("preset", "what it asks or shows"), ((each.name, each.sentence) for each in view.presets))
    works = "".join(f"- {work}\n" for work in view.experiment.references)
    return f"### {view.title}\n\n`{call}`\n\n{presets}\n{settings}\n{works}"


def _plain_parameters(make: Callable[..., Lab]) -> Iterator[str]:
    for name, parameter in inspect.signature(make).parameters.items():
        yield f"**{name}" if parameter.kind is parameter.VAR_KEYWORD else name


def _setting(field: SettingField) -> tuple[str, ...]:
    start = field.default if field.kind == "choice" else _value(field.default)
    return field.title, f"`{field.name}`", start, field.allowed, "live" if field.hot else "", field.doc


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "on" if value else "off"
    return "" if value is None else written(value)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = (head, ("---",) * len(head), *rows)
    return "".join("| " + " | ".join(map(in_cell, line)) + " |\n" for line in lines)


def in_cell(text: str) -> str:
    """Write a text so that a table of Markdown takes it for one cell."""
    return text.replace("|", r"\|")


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(reference(Path(__file__).parents[2] / "notebooks"), encoding="utf-8")
