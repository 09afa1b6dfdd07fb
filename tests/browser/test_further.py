"""Sections for those who want to know more are folded, on pages with a kernel and without one."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import Page

from tests.browser.lesson_page import LabOnPage, wait_until
from tests.browser.served import ROOT, lesson_server

pytestmark = pytest.mark.browser


def write_lesson(path: Path) -> None:
    """Write a lesson with a folded section in the middle, and one that folds in it."""
    words, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    further = {"tags": ["further"]}
    cells = [
        code("from widgets.labs import divergence"),
        words("# A lesson\n\nIts beginning. [Further](#Further-inside)"),
        words("## Further\n\nMore about it.", metadata=further),
        code("divergence.parabola()"),
        words("### Further inside\n\nAnd more.", metadata=further),
        words("Most of all."),
        words("## The end\n\nFor everyone."),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


@pytest.fixture(scope="module", params=["served", "plain"])
def address(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where the lesson is."""
    folder = tmp_path_factory.mktemp("lesson")
    write_lesson(folder / "mine.ipynb")
    if request.param == "served":
        with lesson_server(folder) as served:
            yield f"{served}/voila/render/mine.ipynb"
    else:
        command = [sys.executable, "-m", "deploy.command", "pages", str(folder / "pages"), str(folder / "mine.ipynb")]
        subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
        yield (folder / "pages" / "mine.html").as_uri()


def test_a_section_is_folded_up_to_the_next_heading_and_its_lab_draws_once_it_is_unfolded(page: Page, address: str):
    page.goto(address)
    page.get_by_text("For everyone.").wait_for()
    assert not page.get_by_text("More about it.").is_visible()
    outer = page.locator("details.tdl-further").first
    assert outer.locator("summary").first.inner_text().startswith("Further")
    outer.locator("summary").first.press("Enter")
    page.get_by_text("More about it.").wait_for()
    assert not page.get_by_text("Most of all.").is_visible()
    lab = LabOnPage(page, 0)
    lab.press("Step")
    wait_until(lambda: lab.step_number() == 1 and lab.points(1, 0)[0], "the lab draws")
    page.get_by_role("link", name="Further", exact=True).click()
    page.get_by_text("Most of all.").wait_for()


def test_paper_has_what_is_folded(page: Page, address: str):
    page.goto(address)
    page.get_by_text("For everyone.").wait_for()
    assert not page.get_by_text("Most of all.").is_visible()
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.get_by_text("Most of all.").wait_for()
