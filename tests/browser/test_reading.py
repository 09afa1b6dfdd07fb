"""The page around the text: contents that follow and remember, sources in the margin, on both kinds of pages."""

from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.lesson_page import wait_until
from tests.browser.plain_site import write_lesson
from tests.browser.test_accessibility import faults

pytestmark = pytest.mark.browser
WIDE = {"width": 1920, "height": 1080}
LONG = "\n\n".join(["It goes on, line after line."] * 30)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lesson of four sections, and the gallery."""
    folder = tmp_path_factory.mktemp("reading")
    write_lesson(
        folder,
        "# Mine\n\nIts beginning.",
        f"## First\n\nOf an interval [0, 1], and of a source [2]. {LONG}",
        f"## Second, with η\n\nTwo at once [1, 2]; `code [1]` is none, and there is no [7]. {LONG}",
        f"## Third\n\n{LONG}",
        "## Sources\n\n1. A. One, *A book*.\n2. B. Two, *A paper*.",
        'from widgets.page.gallery import next_lesson\n\nnext_lesson("01_mine.ipynb")',
    )
    return folder


@pytest.fixture
def lesson(page: Page, site: str) -> Page:
    """The lesson, on a wide screen."""
    page.set_viewport_size(WIDE)
    page.goto(site.format("01_mine"))
    page.locator("#First").wait_for()  # Voilà shows a page when its cells have run
    return page


def test_contents_lead_to_sections_and_follow_the_reader(lesson: Page):
    links = lesson.locator(".tdl-contents a")
    assert links.all_inner_texts() == ["First", "Second, with η", "Third", "Sources"]
    links.nth(2).press("Enter")
    wait_until(lambda: links.nth(2).get_attribute("aria-current") == "true", "the third section is the present one")
    assert links.locator("xpath=self::*[@aria-current]").count() == 1
    lesson.locator("#First").scroll_into_view_if_needed()
    wait_until(lambda: links.nth(0).get_attribute("aria-current") == "true", "the first section is")


def test_a_narrow_page_has_its_contents_behind_a_button(lesson: Page):
    lesson.set_viewport_size({"width": 390, "height": 844})
    first = lesson.locator(".tdl-contents a").first
    first.wait_for(state="hidden")
    button = lesson.locator(".tdl-contents summary")
    assert button.inner_text() == "Contents"
    button.press("Enter")
    first.wait_for()
    lesson.keyboard.press("Escape")
    first.wait_for(state="hidden")
    assert lesson.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")
    contents = lesson.locator(".tdl-contents")
    lesson.mouse.move(195, 400)
    for way, gives_way in ((600, True), (-60, False)):
        lesson.mouse.wheel(0, way)
        wait_until(lambda gives=gives_way: ("tdl-aside" in contents.get_attribute("class")) == gives, "it gives way")


def test_who_comes_back_is_told_where_they_were_and_the_gallery_knows(lesson: Page, site: str):
    lesson.locator(".tdl-contents a").nth(1).press("Enter")
    # In its section for some seconds, and at its end: it counts as read.
    lesson.wait_for_timeout(4500)
    assert "tdl-seen" not in (lesson.locator(".tdl-contents a").nth(1).get_attribute("class") or "")
    lesson.locator("#Third").scroll_into_view_if_needed()
    wait_until(lambda: "tdl-seen" in (lesson.locator(".tdl-contents a").nth(1).get_attribute("class") or ""), "read")
    lesson.goto("about:blank")
    lesson.goto(site.format("01_mine"))
    there = lesson.locator(".tdl-here")
    there.wait_for()
    assert there.inner_text().startswith("You were at “Second, with η")
    there.locator("a").press("Enter")
    there.wait_for(state="detached")
    lesson.goto(site.format("index"))
    read = lesson.locator("a.tdl-card .tdl-read")
    read.wait_for()
    assert read.inner_text() == "1 of 3 sections read"


def test_a_browser_that_keeps_nothing_or_kept_nonsense_still_shows_the_page(page: Page, site: str):
    page.add_init_script("localStorage.setItem('tdl reading 01_mine', '{\"at\": 3, \"seen\": 5}')")
    page.goto(site.format("01_mine"))
    page.locator(".tdl-contents").wait_for(state="attached")
    assert page.locator(".tdl-here").count() == 0
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })")
    page.reload()
    page.locator(".tdl-contents").wait_for(state="attached")


def test_a_number_in_brackets_leads_to_its_source_and_back_and_shows_it(lesson: Page):
    cited = lesson.locator("a.tdl-cite")
    assert cited.all_inner_texts() == ["2", "1", "2"]
    for kept in ("[0, 1]", "code [1]", "no [7]"):
        assert kept in lesson.locator("body").inner_text()
    cited.nth(1).scroll_into_view_if_needed()
    cited.nth(1).focus()
    shown = lesson.get_by_role("tooltip")
    assert shown.inner_text() == "A. One, A book."
    lesson.keyboard.press("Escape")
    shown.wait_for(state="hidden")
    margin = lesson.locator(".tdl-margin")
    assert margin.all_inner_texts() == ["[2] B. Two, A paper.", "[1] A. One, A book.", "[2] B. Two, A paper."]
    cited.nth(1).press("Enter")
    wait_until(
        lambda: lesson.evaluate("document.activeElement?.id || location.hash") in ("source-1", "#source-1"), "there"
    )
    assert lesson.locator("#source-2 .tdl-back").count() == 2
    lesson.locator("#source-1 .tdl-back").press("Enter")
    wait_until(lambda: lesson.evaluate("location.hash") == "#cited-1-1", "it leads back")


def test_on_a_narrow_page_the_margin_is_gone(lesson: Page):
    lesson.set_viewport_size({"width": 1280, "height": 800})
    lesson.locator(".tdl-margin").first.wait_for(state="hidden")


@pytest.mark.parametrize("width", [1920, 390])
def test_everybody_can_use_it(lesson: Page, width: int):
    lesson.set_viewport_size({"width": width, "height": 900})
    assert faults(lesson) == []
