"""Text that acts: each link of a lesson's prose names a lab that the lesson opens, and what there is in it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from headless import VIEWS

from lessons.core.settings import SettingError
from widgets.figure.colours import LANE_COLOURS
from widgets.view.controls import Preset
from widgets.view.view import LabView

ROOT = Path(__file__).resolve().parents[2]
LESSONS = sorted((ROOT / "notebooks").glob("0*.ipynb"))
LINK = re.compile(r"\[(?P<words>(?:[^][]|\[[^]]*\])+)\]\((?P<asked>#lab=[^)\s]+)\)")
# A preset that is told of in words alone.
TOLD = re.compile(r'\bchoose "(?!\[)', re.I)
# JupyterLab takes a link for one of this page if the browser writes it in the same way.
PLAIN = re.compile(r"#[!$%&'()*+,./0-9:;=?@A-Z_a-z~-]+")

lessons = pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)


def cells(path: Path) -> Iterator[tuple[str, str]]:
    """Kind and source of the cells of a notebook."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        yield cell["cell_type"], "".join(cell["source"])


def prose(path: Path) -> str:
    """The text of a notebook."""
    return "\n\n".join(source for kind, source in cells(path) if kind == "markdown")


def links(path: Path) -> list[tuple[str, str]]:
    """Words and fragment of each link that acts."""
    return [(found["words"], found["asked"]) for found in LINK.finditer(prose(path))]


def labs(path: Path) -> dict[str, LabView]:
    """The labs that a notebook opens, by the names they have on its page."""
    code = [source for kind, source in cells(path) if kind == "code"]
    called = [(name, source) for source in code for name in re.findall(r"^\w+\.(\w+)\(", source, re.M)]
    opened = [VIEWS[name](max if "own=" in source else None) for name, source in called if name in VIEWS]
    return {view.name: view for view in opened}


def wishes(asked: list[str]) -> list[dict[str, Any]]:
    """What fragments ask for, as the page reads them."""
    script = Path(__file__).parent / "browser" / "wishes.mjs"
    node = Path(sys.executable).with_name("node")
    run = subprocess.run([node, script], input=json.dumps(asked), capture_output=True, text=True, check=True)
    return json.loads(run.stdout)


@cache
def traces(view_type: type[LabView], names: tuple[str, ...], figure: str | None) -> set[str]:
    """What the traces of a lab's figures are called: their names, and the parts of these, as in lighting.js."""
    figures = view_type().figures(list(names), list(LANE_COLOURS[: len(names)]))
    shown = [str(trace.name) for name in figures if figure in (None, name) for trace in figures[name].data]
    return {part for name in shown for part in (name, *re.split("[,:] ", name))}


def presets(view: LabView, wish: dict[str, Any]) -> list[Preset]:
    """Those that may be on when a link is followed: the one that it chooses, or any."""
    chosen = [preset for preset in view.presets if preset.name == wish["preset"]]
    return [view.opening, *view.presets] if wish["preset"] is None else chosen


def named(preset: Preset) -> tuple[str, ...]:
    """The lanes of a preset."""
    return preset.names or tuple(f"lane {k + 1}" for k in range(len(preset.lanes)))


def troubles(view: LabView, wish: dict[str, Any]) -> Iterator[str]:
    """What a link asks for in vain."""
    on = presets(view, wish)
    fields = view.settings_type.fields()
    if not on:
        yield f"no preset {wish['preset']}"
    if wish["lane"] is not None and not any(wish["lane"] in named(preset) for preset in on):
        yield f"no lane {wish['lane']}"
    for name, text in wish["settings"]:
        if name not in view.controls:
            yield f"no control {name}"
            continue
        try:
            flag = {"true": True, "false": False}
            value = flag[text] if fields[name].kind == "flag" else fields[name].read(text)
            view.settings_type.checked({name: value})
        except (SettingError, KeyError) as refusal:
            yield f"{name}={text}: {refusal}"
        if text in view.hidden_choices(name):
            yield f"{text} is not offered"
    for name in wish["traces"]:
        if not any(name in traces(type(view), named(preset), wish["figure"]) for preset in on):
            yield f"no trace {name}"
    if wish["goTo"] is not None and not (float(wish["goTo"]).is_integer() and wish["goTo"] > 0):
        yield f"no step {wish['goTo']}"
    yield from not_to_be_dragged(view, wish)


def not_to_be_dragged(view: LabView, wish: dict[str, Any]) -> Iterator[str]:
    """What is wrong with a number that is dragged."""
    if wish["scrub"] is None:
        if wish["range"] != [None, None]:
            yield "a range of nothing"
        return
    field = view.settings_type.fields().get(wish["scrub"])
    if field is None or field.name not in view.controls or field.kind not in ("number", "integer"):
        yield f"no number {wish['scrub']}"
        return
    ends = [field.slider_low, field.slider_high]
    low, high = (end if given is None else given for given, end in zip(wish["range"], ends, strict=True))
    if not field.bounds[0] <= low < high <= field.bounds[1]:
        yield f"{field.name} from {low} to {high}: allowed is {field.allowed}"
    if wish["settings"] or wish["preset"] or wish["lane"] or wish["buttons"] or wish["traces"]:
        yield "a number that is dragged does nothing else"


@lessons
def test_each_link_asks_for_what_there_is(path: Path):
    opened, found = labs(path), links(path)
    assert found
    wrong = []
    for (words, asked), wish in zip(found, wishes([asked for _, asked in found]), strict=True):
        view = opened.get(wish["lab"])
        said = [f"no lab {wish['lab']}"] if view is None else list(troubles(view, wish))
        wrong += [f"[{words}]({asked}): {trouble}" for trouble in said]
    assert not wrong, "\n".join(wrong)


@lessons
def test_each_link_is_written_as_a_browser_writes_it(path: Path):
    assert [asked for _, asked in links(path) if not PLAIN.fullmatch(asked)] == []
    assert prose(path).count("](#lab=") == len(links(path)), "a link that is not closed, or has a space in it"


@lessons
def test_what_the_text_tells_to_choose_can_be_chosen_there(path: Path):
    told = [prose(path)[at.start() : at.end() + 30] for at in TOLD.finditer(prose(path))]
    assert not told


def test_no_setting_has_the_name_of_something_else_that_a_link_may_ask_for():
    names = sorted({name for view in VIEWS.values() for name in view().controls})
    for name, wish in zip(names, wishes([f"#lab=x&{name}=1" for name in names]), strict=True):
        assert wish["settings"] == [[name, "1"]], name


@pytest.mark.parametrize(
    ("asked", "trouble"),
    [
        ("preset=none", "no preset none"),
        ("lane=none", "no lane none"),
        ("preset=for+ever&lane=0.3+%CE%B7%E2%82%92%E2%82%9A%E2%82%9C", "no lane 0.3 ηₒₚₜ"),
        ("rate=1", "no control rate"),
        ("ratio=7", "ratio=7: learning rate over"),
        ("ratio=many", "ratio=many: "),
        ("trace=none", "no trace none"),
        ("trace=closed+form&figure=descent", "no trace closed form"),
        ("go_to=1.5", "no step 1.5"),
        ("scrub=rate", "no number rate"),
        ("scrub=ratio&from=3&to=2", "ratio from 3 to 2"),
        ("scrub=ratio&to=9", "ratio from 0.0 to 9"),
        ("from=1&to=2", "a range of nothing"),
        ("scrub=ratio&preset=for+ever", "a number that is dragged does nothing else"),
    ],
)
def test_what_there_is_not_is_found(asked: str, trouble: str):
    (wish,) = wishes([f"#lab=parabola&{asked}"])
    assert [said for said in troubles(VIEWS["parabola"](), wish) if said.startswith(trouble)]
