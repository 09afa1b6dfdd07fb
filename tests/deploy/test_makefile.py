"""`make` installs what a target needs and no more, once, and says beforehand what pip does not bring."""

import os
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ("Makefile", "pyproject.toml", "setup.py", "constraints.txt")
STAMPS = ("made", "ready", "bench-ready", "hub-ready", "test-ready", "lint-ready")
TARGETS = ("serve", "lab", "hub", "pages", "test", "check", "lint", "bench", "load")
# What a make around these tests hands down to those that they start.
OF_MAKE = ("MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "ARGS", "PORT", "PYTHON")

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="There is no make here.")


@pytest.fixture
def clone(tmp_path) -> Path:
    """A fresh clone, as far as make looks at it."""
    for name in SOURCES:
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def plan(folder: Path, target: str) -> str:
    """The commands that a target would run."""
    environment = {name: value for name, value in os.environ.items() if name not in OF_MAKE}
    command = ["make", "--dry-run", "--no-print-directory", target]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("target", ["serve", "lab", "pages"])
def test_a_teacher_gets_the_product_alone(clone, target):
    planned = plan(clone, target)
    assert "--editable ." in planned
    assert ".[" not in planned
    assert "proxy" not in planned


@pytest.mark.parametrize(
    ("target", "extra"), [("hub", "hub"), ("test", "test"), ("lint", "lint"), ("bench", "bench"), ("load", "bench")]
)
def test_others_get_one_extra_beside_it(clone, target, extra):
    planned = plan(clone, target)
    assert planned.index("--editable .\n") < planned.index(f"--editable '.[{extra}]'")
    assert planned.count(".[") == 1


def test_what_tests_need_is_said_before_anything_is_installed(clone):
    before = plan(clone, "test").split("-m venv")[0]
    assert "Chromium" in before
    assert "npm registry" in before


def test_what_is_there_is_not_installed_again_until_the_lists_change(clone):
    (clone / ".venv").mkdir()
    for name in STAMPS:
        (clone / ".venv" / name).touch()
    assert not [target for target in TARGETS if "pip" in plan(clone, target)]
    later = (clone / ".venv" / STAMPS[-1]).stat().st_mtime + 1
    os.utime(clone / "pyproject.toml", (later, later))
    assert [target for target in TARGETS if "pip" in plan(clone, target)] == list(TARGETS)


def test_the_product_needs_nothing_of_the_extras():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = {name for extra in project["optional-dependencies"].values() for name in extra}
    assert not extras & set(project["dependencies"])
