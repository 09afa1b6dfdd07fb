"""A wheel holds all that the lessons need, and serves them from a folder that has nothing to do with the repository."""

import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lessons import __version__
from tests.browser.served import await_answer, end, free_port, write_notebook

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("lessons", "widgets", "deploy", "notebooks")
FILES = ("pyproject.toml", "setup.py", "README.md", "LICENSE")
NOT_IN_A_WHEEL = {"deploy/Dockerfile", "deploy/hub/README.md", "deploy/kubernetes/values.yaml"}
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".*")
BUILD = "import sys; from setuptools import build_meta; build_meta.build_wheel(sys.argv[1])"
STATIC = "/voila/static/voila.js"
SECONDS = 120  # a kernel without a warm parent needs 3 s on two cores, a lesson 5; other tests may run beside


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """Built from a copy: setuptools leaves a folder `build`, from which files that are gone would come back."""
    source, built = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("built")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, source / name, ignore=LEFT_OUT)
    for name in FILES:
        shutil.copy(ROOT / name, source)
    done = subprocess.run([sys.executable, "-c", BUILD, str(built)], cwd=source, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (path,) = built.iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The folder into which pip has installed it, without what it depends on."""
    folder = tmp_path_factory.mktemp("installed")
    options = ["--no-deps", "--no-index", "--no-compile", "--quiet", "--target", str(folder)]
    subprocess.run([sys.executable, "-m", "pip", "install", *options, str(wheel)], check=True)
    return folder


@pytest.fixture
def command(installed) -> tuple[list[str], dict[str, str]]:
    """The installed command, and the environment in which its packages come before the repository's."""
    script = [sys.executable, str(installed / "bin" / "training-dynamics-lab")]
    return script, {**os.environ, "PYTHONPATH": str(installed)}


@contextmanager
def serving(command, folder: Path, answers: str, *arguments: str) -> Iterator[str]:
    """The address of a server that was started in a folder, once it answers at a path of it."""
    (script, environment), port = command, free_port()
    options = ["--no-browser", f"--port={port}"]
    with (folder / "log.txt").open("w") as log:
        process = subprocess.Popen(
            [*script, *arguments, *options], cwd=folder, env=environment, stdout=log, stderr=subprocess.STDOUT
        )
    address = f"http://127.0.0.1:{port}"
    try:
        await_answer(process, address + answers)
        yield address
    finally:
        end(process, 30)


def text_at(address: str) -> str:
    with urllib.request.urlopen(address, timeout=SECONDS) as answer:
        return answer.read().decode()


def test_a_wheel_holds_every_file_of_the_product_and_no_other(wheel):
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    paths = [path.relative_to(ROOT) for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    ours = {path.as_posix() for path in paths if not any(p.startswith(".") or p == "__pycache__" for p in path.parts)}
    moved = {f"deploy/{name}" if name.startswith("notebooks/") else name for name in ours - NOT_IN_A_WHEEL}
    assert held == moved
    assert wheel.name.split("-")[1] == __version__


def test_the_lessons_are_served_from_an_empty_folder(command, tmp_path):
    with serving(command, tmp_path, STATIC, "serve") as address:
        lesson = text_at(f"{address}/voila/render/03_divergence.ipynb")
        assert "tdl-card" in text_at(address)
        assert json.loads(text_at(f"{address}/health"))["status"] == "ok"
    assert "application/vnd.jupyter.widget-view+json" in lesson
    assert "Traceback" not in lesson
    assert [path.name for path in tmp_path.iterdir()] == ["log.txt"]


def test_a_notebook_of_ones_own_is_served_and_nothing_beside_it(command, installed, tmp_path):
    code = "import lessons, widgets.labs.divergence as d\nprint(lessons.__file__, d.__file__)\nd.parabola()"
    write_notebook(tmp_path / "my.ipynb", code)
    write_notebook(tmp_path / "secret.ipynb", "print('secret')")
    with serving(command, tmp_path, STATIC, "serve", "my.ipynb") as address:
        page = text_at(address)
        for elsewhere in ("favicon.ico", "my.ipynb", "voila/render/secret.ipynb"):  # each would take a seat
            with pytest.raises(urllib.error.HTTPError, match="404"):
                text_at(f"{address}/{elsewhere}")
    assert str(installed / "lessons" / "__init__.py") in page
    assert str(installed / "widgets" / "labs" / "divergence" / "__init__.py") in page
    assert "application/vnd.jupyter.widget-view+json" in page


def test_jupyterlab_opens_a_copy_that_may_be_changed(command, tmp_path):
    allowed = ["--allow-root", "--ServerApp.token=", "--LabApp.news_url="]
    with serving(command, tmp_path, "/api/status", "lab", *allowed) as address:
        assert "03_divergence.ipynb" in text_at(f"{address}/api/contents/")
        settings = json.loads(text_at(f"{address}/lab/api/settings/@jupyterlab/notebook-extension:tracker"))
    assert (tmp_path / "notebooks" / "pictures" / "03_divergence.svg").is_file()
    assert settings["schema"]["properties"]["windowingMode"]["default"] == "defer"  # ours; JupyterLab's is "full"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["serve", "mine.ipynb"], "There is no notebook 'mine.ipynb' in "),
        (["lab", "mine.ipynb"], "There is no notebook 'mine.ipynb' in "),
        (["hub"], "LESSONS_HUB_PASSWORD"),
        (["paint"], "'paint' is none of serve, lab, hub"),
    ],
)
def test_what_cannot_be_done_is_a_sentence(command, tmp_path, arguments, sentence):
    script, environment = command
    environment = {name: value for name, value in environment.items() if not name.startswith("LESSONS_HUB")}
    done = subprocess.run([*script, *arguments], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr


def test_the_command_knows_its_version(command, tmp_path):
    script, environment = command
    said = subprocess.run([*script, "--version"], cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert said.stdout.split() == [__version__]


@pytest.mark.parametrize("name", ["lessons/__init__.py", "lessons.py"])
def test_lessons_of_somebody_elses_are_named(tmp_path, name):
    """In a kernel the notebook's folder comes first; here, the folder in which `python -c` starts."""
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    labs = [sys.executable, "-c", "from widgets.labs import divergence"]
    done = subprocess.run(labs, cwd=tmp_path, env=environment, capture_output=True, text=True)
    hiding = tmp_path / Path(name).parts[0]
    assert f"ImportError: '{hiding}' hides the lessons that the labs need ({ROOT / 'lessons'})" in done.stderr
