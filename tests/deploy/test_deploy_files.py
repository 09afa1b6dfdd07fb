"""Dockerfile, Helm values, Binder's files and the proxy's list name what the repository has."""

import json
import re
import subprocess
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml

from deploy.hub.single_user import FIRST_PAGES
from lessons import __version__

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text()
VALUES = yaml.safe_load((ROOT / "deploy" / "kubernetes" / "values.yaml").read_text())
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = {"lessons", "widgets", "deploy"}
PINS = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.M))
INSTRUCTIONS = [
    line.split(None, 1)
    for line in re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE, flags=re.M)).splitlines()
    if line.strip()
]
COPIED = [words.split()[:-1] for name, words in INSTRUCTIONS if name == "COPY"]


def test_the_image_copies_files_that_exist_and_the_context_lets_them_through():
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert ignored[0] == "**"
    for path in (path for paths in COPIED for path in paths):
        assert (ROOT / path).exists(), path
        assert f"!{path.split('/')[0]}" in ignored, path


def test_the_image_holds_every_package_of_the_project():
    assert {*PACKAGES, "notebooks", "setup.py"} <= {path for paths in COPIED for path in paths}


def test_the_image_runs_as_somebody_else_than_root_and_pins_what_was_tested():
    order = [name for name, _ in INSTRUCTIONS]
    assert order[0] == "FROM"
    assert set(order) <= {"FROM", "ARG", "RUN", "WORKDIR", "COPY", "USER", "ENV", "EXPOSE", "CMD"}
    assert order.index("USER") > max(place for place, name in enumerate(order) if name in ("RUN", "COPY"))
    assert dict(INSTRUCTIONS)["USER"] == "jovyan"
    (version,) = re.findall(r"^FROM python:(\d+\.\d+)-slim$", DOCKERFILE, re.M)
    assert f">={version}" == PROJECT["requires-python"]
    assert f"ARG JUPYTERHUB={PINS['jupyterhub']}\n" in DOCKERFILE
    assert "--constraint pins.txt" in DOCKERFILE


def test_the_image_serves_the_lessons_and_nothing_is_fetched_from_an_address():
    (_, command), *_ = [i for i in INSTRUCTIONS if i[0] == "CMD"]
    words = json.loads(command)
    assert words[:3] == ["python", "-m", "deploy"]
    (port,) = [value for name, value in INSTRUCTIONS if name == "EXPOSE"]
    assert f"--port={port}" in words
    assert "://" not in DOCKERFILE


def test_the_values_start_a_server_that_exists_with_choices_that_exist():
    learner = VALUES["singleuser"]
    assert learner["cmd"][:2] == ["python", "-m"]
    assert find_spec(learner["cmd"][2]) is not None
    assert learner["extraEnv"]["LESSONS_AS"] in FIRST_PAGES
    assert learner["image"]["tag"] == __version__
    assert f"--uid {learner['uid']}" in DOCKERFILE
    assert f"WORKDIR {learner['storage']['homeMountPath']}\n" in DOCKERFILE


def test_the_values_open_nothing_by_themselves():
    text = (ROOT / "deploy" / "kubernetes" / "values.yaml").read_text()
    assert VALUES["hub"]["config"]["JupyterHub"]["authenticator_class"] == "shared-password"
    assert "password" not in str(VALUES["hub"]["config"]["Authenticator"])
    assert not re.search(r"^\s+(user_)?password:", text, re.M)
    assert VALUES["cull"]["enabled"] is True
    assert VALUES["singleuser"]["networkPolicy"]["enabled"] is True


@pytest.mark.parametrize("name", ["Dockerfile", "kubernetes/values.yaml"])
def test_what_was_not_run_says_so(name):
    head = (ROOT / "deploy" / name).read_text().split("\n\n")[0]
    assert "Not run here" in (ROOT / "deploy" / name).read_text()[: len(head) + 800]


def test_the_list_of_the_proxy_is_locked_and_names_no_registry():
    wanted = json.loads((ROOT / "deploy" / "hub" / "package.json").read_text())["dependencies"]
    text = (ROOT / "deploy" / "hub" / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert packages[""]["dependencies"] == wanted
    for name, version in wanted.items():
        assert packages[f"node_modules/{name}"]["version"] == version
    assert all("integrity" in package for name, package in packages.items() if name)
    assert "resolved" not in text


def test_binder_installs_the_lessons_with_lines_that_pip_reads():
    (pip,) = [
        part["pip"]
        for part in yaml.safe_load((ROOT / "environment.yml").read_text())["dependencies"]
        if isinstance(part, dict)
    ]
    assert pip == ["-e ."]  # an option before it ends pip, and keeps Binder from seeing that it needs the repository


def test_binder_starts_jupyter_with_the_settings_of_the_lessons():
    script = ROOT / "start"
    show = ["sh", "-c", "echo $JUPYTER_CONFIG_PATH; echo $OMP_NUM_THREADS"]
    paths, threads = subprocess.run([script, *show], capture_output=True, text=True, check=True, cwd="/").stdout.split()
    for path, file in zip(paths.split(":"), ("jupyter_server_config.json", "labconfig"), strict=False):
        assert (Path(path) / file).exists()
    assert threads == "1"
