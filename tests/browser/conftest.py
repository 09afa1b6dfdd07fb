"""Servers and a browser, started once for all browser tests."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from benchmarks.loads import GIVEN_UP, dead_outputs
from tests.browser.lesson_page import new_context, wait_until
from tests.browser.plain_site import site_of
from tests.browser.served import ROOT, jupyterlab, launch, lesson_server, served_page

# Messages of the frameworks that say nothing about the lessons.
KNOWN_NOISE = ("Unsatisfied version", "shared module", "favicon", "404 (Not Found)")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        opened = launch(playwright)
        yield opened
        opened.close()


@pytest.fixture(scope="session")
def voila_log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("voila") / "log.txt"


@pytest.fixture(scope="session")
def voila(voila_log: Path) -> Iterator[str]:
    # Contexts are closed without a goodbye: their kernels would keep their seats for ten minutes.
    soon = ["--MappingKernelManager.cull_idle_timeout=60", "--MappingKernelManager.cull_interval=10", "--seats=100"]
    with lesson_server(log=voila_log, options=soon) as address:
        yield address


@pytest.fixture(scope="session")
def lab_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("jupyterlab")


@pytest.fixture(scope="session")
def lab_server(lab_home: Path) -> Iterator[str]:
    notebooks = lab_home / "notebooks"
    shutil.copytree(ROOT / "notebooks", notebooks, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    with jupyterlab(notebooks, lab_home, log=lab_home / "log.txt") as address:
        yield address


@pytest.fixture
def lesson_in_jupyterlab(lab_server: str, lab_home: Path, request: pytest.FixtureRequest) -> str:
    """The address of lesson 3, a copy that no test has run: one that has been run opens with that run's labs."""
    name = f"{request.node.originalname}.ipynb"
    shutil.copy(ROOT / "notebooks" / "03_divergence.ipynb", lab_home / "notebooks" / name)
    return f"{lab_server}/lab/tree/{name}"


class Watched(list[str]):
    """What went wrong in a page, as it says so itself."""

    def watch(self, page: Page) -> Page:
        """Note errors of a page from now on."""
        page.on("pageerror", lambda error: self.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self._note(message))
        return page

    def accept_what_is_shown_again(self, page: Page) -> None:
        """Leave out what was said of outputs that a slow page gave up, once none is dead.

        Raises:
            AssertionError: If one stays dead.
        """
        if any(GIVEN_UP in said for said in self):
            wait_until(lambda: dead_outputs(page) == 0, "outputs that were given up are shown after all")
            self[:] = [said for said in self if GIVEN_UP not in said]

    def _note(self, message: ConsoleMessage) -> None:
        if not any(noise in message.text for noise in KNOWN_NOISE):
            self.append(f"{message.text} [{message.location.get('url', '')}]")


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page of 1280 x 800 that must end without an error in its console."""
    context = new_context(browser)
    trouble = Watched()
    opened = trouble.watch(context.new_page())
    yield opened
    found: list[str] = trouble
    if not opened.is_closed():
        trouble.accept_what_is_shown_again(opened)
        found = list(trouble)
        opened.goto("about:blank")  # the lesson says goodbye: its kernel leaves the cores to the next test
    context.close()
    assert not found


@pytest.fixture(scope="module", params=["served", "plain"])
def site(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    """Addresses of the pages of a module's lesson (`write_lesson`), with `{}` for a page's name."""
    with site_of(request.param, folder) as addresses:
        yield addresses


@pytest.fixture
def serve_folder(tmp_path: Path) -> Iterator[object]:
    """A function that serves a notebook of one cell and returns its address."""
    with contextlib.ExitStack() as stack:

        def serve(code: str) -> str:
            return stack.enter_context(served_page(tmp_path, code))

        yield serve
