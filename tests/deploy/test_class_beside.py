"""A class beside the lessons: nothing of it is reachable where none is open, and its server loads nothing heavy."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.classroom.handlers import addresses
from deploy.serve import LessonServer
from tests.browser.served import lesson_server, write_notebook
from tests.deploy.class_server import Guest, class_server
from tests.deploy.visitor import answer

HEAVY = {"torch", "plotly", "voila", "numpy", "ipywidgets", "anywidget", "IPython", "scipy", "sklearn"}
MODULES = sorted(
    f"deploy.classroom.{path.stem}"
    for path in (Path(__file__).resolve().parents[2] / "deploy" / "classroom").glob("*.py")
    if path.stem != "__main__"
)
ROUTES = (
    *("class", "class/", "class/state", "class/stream", "class/join", "class/member", "class/key", "class/teach"),
    *("class/answers.csv", "class/join.svg", "class/addresses", "r", "r/", "r/ABCDEF", "class/files/learner.js"),
)


def test_a_class_needs_no_torch_no_figures_and_no_voila():
    """A phone that only votes costs no kernel; and what serves it is there at once."""
    code = f"import sys, {', '.join(MODULES)}; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "deploy.classroom.handlers" in loaded
    assert not HEAVY & {name.split(".")[0] for name in loaded}


def test_every_route_of_a_class_is_named_here():
    """So that the test below asks for all of them."""
    with class_server() as served:
        guest = served.guest()
        assert all(guest.get(route).status != 404 for route in ROUTES if "files" not in route)
        server = served.server
    assert len(addresses(server)) == 12, "a new one wants a line in ROUTES"


@pytest.mark.slow
def test_no_route_of_a_class_is_there_where_none_was_opened(tmp_path):
    write_notebook(tmp_path / "page.ipynb", "1 + 1")
    with lesson_server(tmp_path, log=tmp_path / "log.txt") as address:
        for route in ROUTES:
            for method in ("GET", "POST", "PUT"):
                status, text = answer(f"{address}/{route}", method)
                assert status in (403, 404, 405), (method, route, status)
                assert "refusal" not in text
                assert "tdl-class" not in text
        page = answer(f"{address}/voila/render/page.ipynb")[1]
        assert "class/files" not in page
        assert "tdl-class" not in page


@pytest.mark.slow
def test_the_key_is_in_no_line_that_a_machine_keeps(tmp_path):
    write_notebook(tmp_path / "page.ipynb", "1 + 1")
    log, file = tmp_path / "log.txt", tmp_path / "kept" / "class.sqlite3"
    options = ["--class", f"--class-file={file}", "--json-logs", "--debug", "--Voila.ip=127.0.0.1"]
    with lesson_server(tmp_path, log=log, options=options) as address:
        key = file.with_suffix(".address").read_text().strip().partition("#")[2]
        teacher = Guest(int(address.rpartition(":")[2]))
        assert teacher.post("class/key", key=key).status == 200
        assert teacher.post("class/key", key=f"{key}x").status == 401
        assert teacher.teach("pace", value="follow").status == 200
        assert teacher.teach("pace", value="fast").status == 400
        for path in ("class/", "class/state", "class/answers.csv", "class/other"):
            reply = teacher.get(path)
            assert key not in f"{reply.headers}{reply.body!r}"
            # Also from a link on the page nobody hears of it: it stands behind the #, and no site is told an address.
            assert reply.headers["Referrer-Policy"] in ("no-referrer", "same-origin")
        page = answer(f"{address}/voila/render/page.ipynb")[1]
        assert "class/files/bar-" in page
        assert key not in page
    text = log.read_text()
    assert "/class/teach" in text
    assert len(key) == 22
    assert key not in text


@pytest.mark.parametrize("arguments", [[], ["--class"]])
def test_a_class_is_opened_by_its_option_alone(arguments):
    server = LessonServer()
    server.parse_command_line(arguments)
    assert server.has_class == bool(arguments)
