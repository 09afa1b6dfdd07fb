"""Goals that tick themselves: by a person's run and not by the lab's own; kept by the browser, and explained."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.lesson_page import LabOnPage, new_context, wait_until
from tests.browser.plain_site import build_site, on_a_web_server
from tests.browser.served import served_page
from tests.browser.test_accessibility import faults
from tests.browser.test_jupyterlab import PARABOLA, open_lesson, run_all

pytestmark = pytest.mark.browser

CODE = """
from IPython.display import display
from widgets.labs.divergence import bowl
from widgets.labs.optimizers import gain
display(bowl(), gain())
"""
BOWL, GAIN = "Gradient methods on a rotated bowl", "The gain of momentum"
EQUALLY_FAST = "equally fast"
WHY = "|1 − ηλ| is the same at both ends of the spectrum"
OPENED_SECONDS = 6  # of watching a lab that is not to move anything


@pytest.fixture(scope="module")
def goals_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_page(tmp_path_factory.mktemp("goals"), CODE) as address:
        yield address


def goals_of(lab: LabOnPage) -> Locator:
    return lab.element.locator(".tdl-goals")


def summary(lab: LabOnPage) -> str:
    return goals_of(lab).locator("summary").inner_text()


def row(lab: LabOnPage, words: str) -> Locator:
    return goals_of(lab).locator("li").filter(has_text=words)


def place(lab: LabOnPage) -> list[float]:
    """How high the goals are, and where the figures begin under the top of the lab, in pixels."""
    script = "lab => [lab, ...lab.querySelectorAll('.tdl-goals, .tdl-figures')].map((e) => e.getBoundingClientRect())"
    whole, goals, figures = lab.element.evaluate(script)
    return [goals["height"], figures["top"] - whole["top"]]


def test_a_goal_ticks_by_a_persons_change_and_is_there_after_a_reload(page: Page, goals_page: str) -> None:
    page.goto(goals_page)
    bowl = LabOnPage(page, title=BOWL)
    assert summary(bowl).startswith("Goals 0 of 3")
    before = place(bowl)
    assert before[0] <= 32
    bowl.type_value("learning_rate", "1.96")
    wait_until(lambda: summary(bowl).startswith("Goals 1 of 3"), "a goal ticks")
    assert EQUALLY_FAST in summary(bowl)
    assert place(bowl) == before, "nothing moves"
    said = goals_of(bowl).locator("[role=status]").text_content()
    assert said.startswith("Goal reached: ")
    assert WHY in said
    page.reload()
    bowl = LabOnPage(page, title=BOWL)
    assert summary(bowl).startswith("Goals 1 of 3")
    assert goals_of(bowl).locator("[role=status]").text_content() == ""
    goals_of(bowl).locator("summary").click()
    assert row(bowl, EQUALLY_FAST).get_by_label("Reached", exact=True).is_visible()
    assert summary(LabOnPage(page, title=GAIN)).startswith("Goals 0 of 2"), "each lab has its own"


def test_on_a_phone_a_goal_is_read_as_a_whole(browser: Browser, goals_page: str) -> None:
    context = new_context(browser, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(goals_page)
    bowl = LabOnPage(page, title=BOWL)
    shown = goals_of(bowl).locator("summary")
    shown.scroll_into_view_if_needed()
    fits = "s => s.scrollWidth <= s.clientWidth && s.scrollHeight <= s.clientHeight + 1"
    assert shown.evaluate(fits)
    assert shown.evaluate("s => getComputedStyle(s).whiteSpace") == "normal"
    line = goals_of(bowl).locator(".tdl-goals-line").bounding_box()
    assert 20 < line["height"] <= 3 * 20, "two lines, or three where it is long"
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_explanations_open_with_their_goals_and_all_is_reached_by_keyboard(
    page: Page, goals_page: str, theme: str
) -> None:
    page.goto(f"{goals_page}?theme={theme}")
    bowl = LabOnPage(page, title=BOWL)
    goals_of(bowl).locator("summary").press("Enter")
    why = row(bowl, EQUALLY_FAST).locator(".tdl-goal-why")
    assert row(bowl, EQUALLY_FAST).get_by_label("Not reached yet").is_visible()
    assert not why.is_visible()
    before = place(bowl)
    bowl.type_value("learning_rate", "1.96")
    wait_until(why.is_visible, "it opens")
    assert WHY in why.inner_text()
    assert not row(bowl, "along the other").locator(".tdl-goal-why").is_visible()
    assert place(bowl) == before, "its place was kept"
    assert faults(page) == []
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until(lambda: page.evaluate("document.documentElement.scrollWidth") <= 390, "it fits a phone")
    assert faults(page, "target-size") == []


def test_what_a_lab_makes_by_itself_ticks_nothing(browser: Browser, goals_page: str) -> None:
    context = new_context(browser, reduced_motion="no-preference")
    page = context.new_page()
    page.goto(goals_page)
    gain = LabOnPage(page, title=GAIN)
    page.wait_for_timeout(1000 * OPENED_SECONDS)
    assert summary(gain).startswith("Goals 0 of 2")
    gain.press("Play")
    gain.until_finished()
    assert summary(gain).startswith("Goals 0 of 2"), "nor does it where somebody lets it play"
    gain.type_value("momentum", "0.97")
    wait_until(lambda: summary(gain).startswith("Goals 1 of 2"), "a goal ticks")
    fresh = goals_of(gain).locator(".tdl-goals-line")
    assert fresh.evaluate("line => getComputedStyle(line).animationName") == "tdl-goal-light"
    page.emulate_media(reduced_motion="reduce")
    assert fresh.evaluate("line => getComputedStyle(line).animationName") == "none"
    page.goto("about:blank")
    context.close()


def test_a_browser_that_keeps_nothing_ticks_too(page: Page, goals_page: str) -> None:
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('refused'); } })")
    page.goto(goals_page)
    gain = LabOnPage(page, title=GAIN)
    gain.type_value("momentum", "0.97")
    wait_until(lambda: summary(gain).startswith("Goals 1 of 2"), "a goal ticks")
    gain.press("Reset")
    gain.type_value("momentum", "0.96")
    gain.until_finished()
    assert summary(gain).startswith("Goals 1 of 2")


def test_in_jupyterlab_goals_tick_and_are_there_after_a_reload(page: Page, lesson_in_jupyterlab: str) -> None:
    open_lesson(page, lesson_in_jupyterlab)
    run_all(page)
    parabola = LabOnPage(page, title=PARABOLA)
    parabola.type_value("ratio", "1.5")
    wait_until(lambda: summary(parabola).startswith("Goals 1 of 3"), "a goal ticks")
    page.keyboard.press("Control+s")
    page.wait_for_timeout(2000)
    page.reload()
    page.locator(".jp-NotebookPanel-toolbar").wait_for(timeout=90_000)
    assert summary(LabOnPage(page, title=PARABOLA)).startswith("Goals 1 of 3")


def test_a_recorded_run_reaches_no_goal_and_says_so(page: Page, tmp_path: Path) -> None:
    site = build_site(tmp_path, "03_divergence", ("# Divergence", "from ", "## One dimension", "divergence.parabola()"))
    with on_a_web_server(site) as address:
        page.goto(f"{address}/03_divergence.html")
        lab = LabOnPage(page)
        lab.preset("one step")
        lab.until_finished()
        assert summary(lab).startswith("Goals 0 of 3")
        goals_of(lab).locator("summary").press("Enter")
        assert "Recorded runs reach no goal" in goals_of(lab).inner_text()
        assert faults(page) == []
