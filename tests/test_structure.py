"""The house rules: imports run downwards, dependency lists agree, notebooks hold a story and not code."""

import ast
import itertools
import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
INTERFACE = ("ipywidgets", "plotly", "anywidget", "voila", "IPython", "widgets", "jupyterlab")
NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
MODULES = [
    ".".join(path.relative_to(ROOT).with_suffix("").parts)
    for path in sorted((ROOT / "lessons").rglob("*.py"))
    if path.name not in ("__init__.py", "__main__.py")
]


def imported(path: Path) -> set[str]:
    """First names of all modules that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            names.add(node.module)
    return {name.split(".")[0] for name in names}


def test_lessons_import_no_interface():
    for path in (ROOT / "lessons").rglob("*.py"):
        assert not imported(path) & set(INTERFACE), path


def test_importing_all_lessons_loads_no_interface_and_nothing_slow():
    listing = "import sys; " + "; ".join(f"import {name}" for name in MODULES) + "; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True).stdout.split()
    assert "lessons.divergence.net" in loaded
    unwanted = {*INTERFACE, "sklearn", "scipy", "pandas", "matplotlib"}
    assert not unwanted & {name.split(".")[0] for name in loaded}


def test_widgets_import_no_notebooks_tests_or_benchmarks():
    for path in (ROOT / "widgets").rglob("*.py"):
        assert not imported(path) & {"notebooks", "tests", "benchmarks", "deploy"}, path


def test_importing_the_labs_makes_no_widget():
    """Kernels are forked from a process that has imported all labs: what was made there belongs to no page."""
    modules = [
        ".".join(path.relative_to(ROOT).with_suffix("").parts)
        for path in sorted((ROOT / "widgets").rglob("*.py"))
        if path.name != "__init__.py"
    ]
    code = "import ipywidgets; " + "; ".join(f"import {name}" for name in modules)
    code += "; from ipywidgets.widgets import widget; print(list(widget._instances.values()))"
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert made.strip() == "[]"


def test_environment_yml_lists_what_pyproject_lists():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    environment = yaml.safe_load((ROOT / "environment.yml").read_text())
    conda = {d.replace("pytorch", "torch") for d in environment["dependencies"] if isinstance(d, str) and d != "pip"}
    python = project["requires-python"].replace(">=", "=")  # Binder knows no other way to name one
    assert conda == {*project["dependencies"], f"python{python}"}


def test_constraints_pin_every_dependency_and_name_no_address():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    text = (ROOT / "constraints.txt").read_text()
    pinned = {re.split("==", line)[0].lower().replace("_", "-") for line in text.splitlines() if "==" in line}
    wanted = [*project["dependencies"], *itertools.chain.from_iterable(project["optional-dependencies"].values())]
    ours = f"{project['name']}["  # one extra names another
    assert {re.split("[<>=]", name)[0].lower() for name in wanted if not name.startswith(ours)} <= pinned
    assert "://" not in text
    assert "torch==2.13.0" in text.splitlines()


def test_files_are_small():
    """A file holds one job. The limit is generous; what comes near it wants splitting."""
    for folder in ("lessons", "widgets", "deploy", "benchmarks"):
        for path in (ROOT / folder).rglob("*.py"):
            assert len(path.read_text(encoding="utf-8").splitlines()) <= 400, path


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_is_a_story(path):
    """No stored outputs, at most five code cells a section, no functions but where the learner writes one."""
    section = 0
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            section = 0 if re.search(r"^#+ ", source, re.M) else section
            continue
        section += 1
        assert section <= 5
        assert cell["outputs"] == []
        assert cell["execution_count"] is None
        assert not re.search(r"^\s*(def|class) ", source, re.M) or "own=" in source


@pytest.mark.parametrize("path", [p for p in NOTEBOOKS if p.name != "index.ipynb"], ids=lambda path: path.name)
def test_lesson_asks_before_each_lab_says_what_to_look_for_names_sources_and_leads_on(path):
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    questions = re.compile(r"\.(ask|answers)\(")
    cells = [cell for cell in cells if not questions.search("".join(cell["source"]))]
    for before, cell, after in zip(cells, cells[1:], cells[2:], strict=False):
        if cell["cell_type"] == "code" and re.search(r"\w+\.\w+\(", "".join(cell["source"])):
            assert "**Before you play:**" in "".join(before["source"])
            assert "**What to look for.**" in "".join(after["source"])
    assert "## Sources" in "".join(cells[-2]["source"])
    assert "".join(cells[-1]["source"]) == f'next_lesson("{path.name}")'


def test_no_two_files_of_tests_have_one_name():
    names = [path.name for path in (ROOT / "tests").rglob("test_*.py")]
    assert sorted(names) == sorted(set(names)), "pytest takes them for one module"


def import_graph(*folders: str) -> dict[str, set[str]]:
    """Module -> those of our own that it imports, wherever in it and for types alone, too."""
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    modules = {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}
    graph: dict[str, set[str]] = {}
    for name, path in modules.items():
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        wanted = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        for node in nodes:
            if isinstance(node, ast.ImportFrom) and node.module:
                inner = {f"{node.module}.{alias.name}" for alias in node.names}
                wanted |= (inner & modules.keys()) or {node.module}
        graph[name] = wanted & modules.keys() - {name}
    return graph


def test_no_import_goes_in_a_circle():
    graph = import_graph("lessons", "widgets", "deploy")
    while free := [name for name, wanted in graph.items() if not wanted & graph.keys()]:
        for name in free:
            del graph[name]
    assert not graph, f"in a circle, or on the way to one: {sorted(graph)}"


def test_no_lesson_imports_the_labs_of_another():
    for name, wanted in import_graph("widgets").items():
        if name.startswith("widgets.labs."):
            topic = name.split(".")[2]
            others = [other for other in wanted if other.startswith("widgets.labs.") and other.split(".")[2] != topic]
            assert not others, (name, others)


# The rooms of widgets, from the lowest to the highest; labs of a topic stand above them, and pictures of the labs.
ROOMS = ("browser", "figure", "run", "view", "lab", "quiz", "page", "record", "labs", "cards")


def test_rooms_of_widgets_import_downwards():
    floors = {room: floor for floor, room in enumerate(ROOMS)}
    upwards = {
        (module, other)
        for module, others in import_graph("widgets").items()
        for other in others
        if (rooms := [name.split(".")[1] for name in (module, other) if name.count(".")])
        and len(rooms) == 2
        and floors[rooms[0]] < floors[rooms[1]]
    }
    assert upwards == set()


DOCUMENTS = [path for pattern in ("*.md", "docs/*.md", "deploy/**/*.md") for path in sorted(ROOT.glob(pattern))]


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_documents_wrap_at_120(path):
    """But for tables, code and addresses, which cannot."""
    long, in_code = [], False
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        in_code ^= line.lstrip().startswith("```")
        if len(line) > 120 and not (in_code or line.startswith("|") or "://" in line):
            long.append(number)
    assert long == []


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_what_is_folded_on_a_page_is_folded_in_jupyterlab(path):
    """A cell with the tag begins with the heading of its section."""
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        is_further = "further" in cell["metadata"].get("tags", ())
        assert cell["metadata"].get("jp-MarkdownHeadingCollapsed", False) == is_further, cell["source"]
        assert not is_further or re.match("#{2,4} ", "".join(cell["source"])), cell["source"]
        assert not re.search(r"^#+ .*\$", "".join(cell["source"]), re.M), "contents and tabs show headings without TeX"
