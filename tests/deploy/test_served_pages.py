"""A server that has plain pages of its notebooks shows these first, a kernel within reach, and sends them small."""

import gzip
import json
import urllib.request
from pathlib import Path

import pytest

from deploy.pages.made_of import MANIFEST, is_current, note
from tests.browser.served import lesson_server, write_notebook
from tests.deploy.visitor import answer, await_that, health

PAGE = '<script data-lesson=""></script>'
SCRIPT = "run = 1;" * 100


def site_of(folder: Path) -> tuple[Path, Path]:
    """Notebooks, and pages that say that they are made of these."""
    notebooks, pages = folder / "notebooks", folder / "pages"
    (pages / "files").mkdir(parents=True)
    notebooks.mkdir()
    for name in ("index", "mine"):
        write_notebook(notebooks / f"{name}.ipynb", "1 + 1")
        (pages / f"{name}.html").write_text(PAGE, encoding="utf-8")
    (pages / "files" / "run.0123.js").write_text(SCRIPT, encoding="utf-8")
    (pages / "files" / "run.0123.js.gz").write_bytes(gzip.compress(SCRIPT.encode()))
    note(pages, notebooks)
    return notebooks, pages


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory):
    notebooks, pages = site_of(tmp_path_factory.mktemp("site"))
    with lesson_server(notebooks, options=[f"--pages={pages}"]) as address:
        await_that(lambda: health(address)["status"] == "ok", "the server is warm")
        yield address


@pytest.mark.parametrize(
    ("path", "lesson"),
    [("/", "index"), ("/pages/", "index"), ("/pages/index.html", "index"), ("/pages/mine.html", "mine")],
)
def test_pages_come_first_know_where_a_kernel_is_and_take_no_seat(served, path, lesson):
    status, text = answer(served + path)
    assert status == 200
    assert f'data-lesson="/voila/render/{lesson}.ipynb"' in text
    assert health(served)["taken"] == 0


def test_a_file_is_packed_for_those_who_take_that_and_kept_for_ever(served):
    address = f"{served}/pages/files/run.0123.js"
    with urllib.request.urlopen(address) as plain:
        assert plain.read().decode() == SCRIPT
        assert "immutable" in plain.headers["Cache-Control"]
    request = urllib.request.Request(address, headers={"Accept-Encoding": "br, gzip"})
    with urllib.request.urlopen(request) as packed:
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["Vary"] == "Accept-Encoding"
        assert "javascript" in packed.headers["Content-Type"]
        assert gzip.decompress(packed.read()).decode() == SCRIPT


@pytest.mark.parametrize(
    "path",
    [
        "nothing.html",
        "files/nothing.js",
        "files/../pages.json",
        "pages.json",
        "%2e%2e/notebooks/mine.ipynb",
        "files/%00",
    ],
)
def test_nothing_else_of_the_folder_is_served(served, path):
    status, _ = answer(f"{served}/pages/{path}")
    assert status in (400, 403, 404)


def test_a_page_is_asked_for_each_time_and_sent_only_if_it_has_changed(served):
    with urllib.request.urlopen(f"{served}/pages/mine.html") as page:
        assert page.headers["Cache-Control"] == "no-cache"
        tag = page.headers["Etag"]
    assert answer(f"{served}/pages/mine.html", headers={"If-None-Match": tag})[0] == 304


def test_pages_of_other_notebooks_are_left_out_and_a_line_says_so(tmp_path):
    notebooks, pages = site_of(tmp_path)
    assert is_current(pages, notebooks)
    write_notebook(notebooks / "mine.ipynb", "1 + 2")
    assert not is_current(pages, notebooks)
    log = tmp_path / "log.txt"
    with lesson_server(notebooks, log=log, options=[f"--pages={pages}"]) as address:
        await_that(lambda: health(address)["status"] == "ok", "the server is warm")
        assert answer(f"{address}/pages/mine.html")[0] == 404
        assert "data-lesson" not in answer(address)[1]
    assert "were not made of these notebooks" in log.read_text()


def test_a_folder_without_pages_is_none(tmp_path):
    notebooks, pages = site_of(tmp_path)
    (pages / MANIFEST).unlink()
    assert not is_current(pages, notebooks)
    (pages / MANIFEST).write_text(json.dumps({"made_of": ""}), encoding="utf-8")
    assert not is_current(pages, notebooks)
    assert not is_current(tmp_path / "nowhere", notebooks)
