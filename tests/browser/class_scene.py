"""A lesson of a few cells with a class on it, its teacher, and learners on phones and laptops."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, BrowserContext, Page

from tests.browser.lesson_page import new_context, wait_until
from tests.browser.served import lesson_server

STEM = "class_lesson"
CELLS = (
    ("markdown", "# A lesson\n\nTo be voted on."),
    ("code", "from widgets.labs import divergence"),
    ("markdown", "## The parabola\n\nOne number."),
    ("code", 'divergence.ask("step_factor")'),
    ("code", "divergence.parabola()"),
    ("markdown", "## The bowl\n\nOne of some sentences."),
    ("code", 'divergence.ask("turned_bowl")'),
    ("markdown", "## The sharpness\n\nA curve."),
    ("code", 'divergence.ask("sharpness_sketch")'),
)
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


def write_lesson(folder: Path) -> None:
    """Write the lesson."""
    kinds = {"markdown": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}
    notebook = nbformat.v4.new_notebook(cells=[kinds[kind](text) for kind, text in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / f"{STEM}.ipynb")


class Scene:
    """A server with a class, and the windows of those in it.

    Attributes:
        address: Of the server, without a slash at its end.
        code: What lets one join.
    """

    def __init__(self, browser: Browser, address: str, log: Path):
        self._browser, self.address = browser, address
        said = wait_until(lambda: re.search(r"(/class/#\S+)", log.read_text()), "the teacher's address")
        self._teach = said[1]
        self.code = re.search(r"code is (\w+)", log.read_text())[1]
        self._contexts: list[BrowserContext] = []

    def window(self, **options) -> BrowserContext:
        """A browser of somebody else's: cookies of its own."""
        context = new_context(self._browser, **options)
        self._contexts.append(context)
        return context

    def teacher(self, **options) -> tuple[Page, BrowserContext]:
        """The teacher's own page, and the window that it is in."""
        context = self.window(**options)
        page = context.new_page()
        page.goto(f"{self.address}{self._teach}")
        page.get_by_text(self.code, exact=True).wait_for()
        return page, context

    def learner(self, **options) -> Page:
        """Somebody who has come by the picture and joined."""
        page = self.window(**options).new_page()
        page.goto(f"{self.address}/r/{self.code}")
        page.get_by_role("button", name="Join").click()
        page.locator(".tdl-class-card").wait_for()
        return page

    def lesson(self, context: BrowserContext) -> Page:
        """The lesson, in somebody's window, once its first question is there."""
        page = context.new_page()
        page.goto(f"{self.address}/voila/render/{STEM}.ipynb")
        page.locator(".tdl-question").first.wait_for()
        page.locator(".tdl-class-sheet").wait_for()
        return page

    def close(self) -> None:
        """Close all windows."""
        for context in self._contexts:
            context.close()


@contextlib.contextmanager
def scene(browser: Browser, folder: Path, options: Sequence[str] = ()) -> Iterator[Scene]:
    """Serve the lesson with a class in a folder; it is written, if it is not there."""
    if not (folder / f"{STEM}.ipynb").exists():
        write_lesson(folder)
    log, kept = folder / "server.log", folder / "kept" / "class.sqlite3"
    served = ("--class", "--Voila.ip=127.0.0.1", f"--class-file={kept}", *options)
    with lesson_server(folder, log, options=served) as address:
        made = Scene(browser, address, log)
        try:
            yield made
        finally:
            made.close()


def under(page: Page, number: int):
    """What the teacher has under a question."""
    return page.locator(".tdl-class-under").nth(number)


def answered(page: Page, count: int, of: int, seconds: float = 30) -> None:
    """Wait until a page says so."""
    line = f"{count} of {of} have answered"
    wait_until(lambda: line in page.inner_text("body"), lambda: page.inner_text("body")[-1500:], seconds)


def settled(page: Page) -> None:
    """Give a page a moment to draw."""
    page.wait_for_timeout(400)


def now() -> float:
    """Seconds, for what takes time."""
    return time.monotonic()
