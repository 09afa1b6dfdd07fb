"""The guided minute: offered once on a first lab, four moves on real controls, left at any time, asked for again."""

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.lesson_page import LabOnPage, new_context, wait_until
from tests.browser.plain_site import write_lesson
from tests.browser.test_accessibility import faults

pytestmark = pytest.mark.browser

BOWL = "Gradient methods on a rotated bowl"
CELLS = (
    "# Mine\n\n## First",
    "from widgets.labs.divergence import bowl\n\nbowl()",
    "See it [turned](#lab=bowl&preset=turn+the+bowl&play).\n\n## Second\n\n## Third",
)
GUIDE, OFFER = ".tdl-guide", ".tdl-offer"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lesson with one lab and a phrase that acts on it, and the gallery."""
    folder = tmp_path_factory.mktemp("guide")
    write_lesson(folder, *CELLS)
    return folder


@pytest.fixture
def looked_at(page: Page, site: str) -> Page:
    """The lesson with its lab in view."""
    page.goto(site.format("01_mine"))
    LabOnPage(page, title=BOWL).element.locator(".tdl-play").scroll_into_view_if_needed()
    return page


def words(page: Page) -> str:
    return page.locator(f"{GUIDE} p").inner_text()


def test_who_only_looks_is_offered_a_minute_once(looked_at: Page, site: str) -> None:
    looked_at.locator(OFFER).get_by_role("button", name="No, thanks").click()
    assert looked_at.locator(OFFER).count() == 0
    looked_at.reload()
    LabOnPage(looked_at, title=BOWL).element.locator(".tdl-play").scroll_into_view_if_needed()
    looked_at.wait_for_timeout(4000)
    assert looked_at.locator(OFFER).count() == 0


def test_who_uses_a_lab_is_not_offered_one_and_may_ask_for_it_in_the_gallery(looked_at: Page, site: str) -> None:
    LabOnPage(looked_at, title=BOWL).press("Step")
    looked_at.wait_for_timeout(4000)
    assert looked_at.locator(OFFER).count() == 0
    looked_at.goto(site.format("index"))
    looked_at.locator(".tdl-guide-link a").click()
    looked_at.locator(GUIDE).wait_for()
    assert looked_at.url == site.format("01_mine"), "a reload does not begin it again"
    looked_at.keyboard.press("Escape")
    assert looked_at.locator(GUIDE).count() == 0


def test_four_moves_are_made_by_keys_on_the_real_controls(looked_at: Page, site: str) -> None:
    looked_at.locator(OFFER).get_by_role("button", name="Show me").press("Enter")
    bowl = LabOnPage(looked_at, title=BOWL)
    rate, has_no_kernel = bowl.value("learning_rate"), site.endswith(".html")
    for number, (key, holds) in enumerate(
        (
            ("Enter", lambda: not bowl.status().startswith("idle")),
            ("ArrowLeft", lambda: has_no_kernel or bowl.value("learning_rate") < rate),
            ("Enter", lambda: bowl.value("learning_rate") >= rate),
            ("Enter", lambda: bowl.element.locator("[aria-pressed=true]", has_text="turn the bowl").count() == 1),
        ),
        start=1,
    ):
        wait_until(lambda n=number: looked_at.locator(f"{GUIDE} span").inner_text() == f"{n} of 4", "the next move")
        if number == 1:
            assert faults(looked_at) == []
        before, target = words(looked_at), looked_at.locator(".tdl-guided")
        assert target.evaluate("target => target.contains(document.activeElement)"), "the keyboard is there"
        looked_at.keyboard.press(key)
        wait_until(lambda before=before: words(looked_at) != before, "what was seen is said")
        wait_until(holds, "the lab has done it")
        onward = looked_at.locator(f"{GUIDE} button").last
        wait_until(lambda b=onward: b.evaluate("button => button === document.activeElement"), "a key goes on")
        looked_at.keyboard.press("Enter")
    assert looked_at.locator(GUIDE).count() == 0
    assert looked_at.locator(".tdl-guided").count() == 0


def test_on_a_phone_it_fits_and_can_be_left(browser: Browser, site: str) -> None:
    context = new_context(browser, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(site.format("01_mine") + "#guide")
    card = page.locator(GUIDE)
    card.wait_for()
    wait_until(lambda: card.bounding_box()["y"] > 0, "it is placed")
    box = card.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    assert box["y"] + box["height"] <= 844
    card.get_by_role("button", name="Leave").click()
    assert card.count() == 0
    page.goto("about:blank")
    context.close()
