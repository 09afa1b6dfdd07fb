"""Terms of the glossary are explained where a lesson first uses them, on both kinds of pages."""

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.plain_site import write_lesson
from tests.browser.test_accessibility import faults

pytestmark = pytest.mark.browser
SHARPNESS = "sharpness λₘₐₓ: the largest eigenvalue of the loss's Hessian."
LONG = "It goes on, line after line, so that a note has room beside it. " * 6


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lesson whose words are where they count, and where they do not."""
    folder = tmp_path_factory.mktemp("terms")
    write_lesson(
        folder,
        "# Mine, of the loss\n\n[The catapult](#Second)\n\nAll of `loss` and $loss$ and $\\text{the bulk} + 1$.",
        "## First sharpness\n\nOf gradient descent, whose gradient leads to the edge of stability. Then the Hessian.",
        f"## Second\n\nIts **Sharpness** [1] grows. {LONG}\n\nThe sharpness again, and a lottery ticket. {LONG}",
        "## Third\n\n- Losses fall [1];\n- so says the Hessian.",
        "## Sources\n\n1. A. One, *The bulk of catapults*.",
        'from widgets.page.gallery import next_lesson\n\nnext_lesson("01_mine.ipynb")',
    )
    return folder


@pytest.fixture
def lesson(page: Page, site: str) -> Page:
    """The lesson, on a wide screen."""
    page.set_viewport_size({"width": 1920, "height": 1080})
    page.goto(site.format("01_mine"))
    page.locator("#First-sharpness").wait_for()
    return page


def test_the_first_use_is_marked_and_at_most_two_in_a_paragraph(lesson: Page):
    marks = ["gradient descent", "gradient", "Sharpness", "lottery ticket", "Losses", "Hessian"]
    assert lesson.locator("dfn.tdl-term").all_inner_texts() == marks
    for elsewhere in ("h1", "h2", "a", "code", "nav", "table"):
        assert lesson.locator(f"{elsewhere} dfn").count() == 0
    assert "whose gradient leads to the edge of stability. Then" in lesson.locator("main, [role=main]").inner_text()


def test_pointer_and_keyboard_show_what_it_means_and_escape_hides_it(lesson: Page):
    mark, note = lesson.locator("dfn", has_text="Sharpness"), lesson.get_by_role("tooltip")
    mark.hover()
    assert note.inner_text() == SHARPNESS
    assert mark.get_attribute("aria-describedby") == note.get_attribute("id")
    lesson.keyboard.press("Escape")
    note.wait_for(state="hidden")
    lesson.mouse.move(5, 5)
    lesson.locator("dfn", has_text="gradient").last.focus()
    lesson.keyboard.press("Tab")
    expect(mark).to_be_focused()
    assert note.inner_text() == SHARPNESS
    lesson.keyboard.press("Tab")  # the source's number has the note now
    assert note.inner_text() == "A. One, The bulk of catapults."
    assert lesson.locator(".tdl-note").count() == 1


def test_the_margin_has_it_where_no_source_stands_and_room_is(lesson: Page):
    source = "[1] A. One, The bulk of catapults."
    ticket = "lottery ticket The nodes that are kept, together with the weights they began with."
    assert lesson.locator(".tdl-margin").all_inner_texts() == [source, ticket, source]


def test_it_looks_like_no_link(lesson: Page):
    style = "e => { const s = getComputedStyle(e); return [s.textDecorationStyle, s.color, s.fontStyle, s.cursor]; }"
    mark = lesson.locator("dfn", has_text="lottery ticket")
    around = mark.locator("xpath=..").evaluate("e => getComputedStyle(e).color")
    assert mark.evaluate(style) == ["dotted", around, "normal", "help"]


def test_on_a_phone_a_tap_shows_it_inside_of_the_window(lesson: Page):
    lesson.set_viewport_size({"width": 390, "height": 844})
    assert lesson.locator(".tdl-margin:visible").count() == 0
    for mark in lesson.locator("dfn").all():
        mark.click()
        box = lesson.get_by_role("tooltip").bounding_box()
        assert box["x"] >= 10
        assert box["x"] + box["width"] <= 380
        assert 0 <= box["y"] <= 844 - box["height"]
    assert faults(lesson) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_everybody_can_read_it(lesson: Page, theme: str):
    lesson.goto(f"{lesson.url}?theme={theme}")
    first = lesson.locator("dfn").first
    first.wait_for()
    first.focus()
    lesson.get_by_role("tooltip").wait_for()
    assert faults(lesson) == []
