"""How it looks elsewhere: saved pictures and pages, paper, dark systems, forced colours, pages read from the right."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.lesson_page import LabOnPage, new_context, wait_until

pytestmark = pytest.mark.browser
LESSON = "/voila/render/01_optimizers.ipynb"
RACE = "Optimizers on a surface"
LANES = ("gradient descent", "heavy ball", "Nesterov", "Adam")
DARK = "document.body.dataset.jpThemeLight === 'false'"


@pytest.fixture
def opened(browser: Browser) -> Iterator[Callable[..., Page]]:
    """A function that opens an address in a context of its own, with these options."""
    with ExitStack() as stack:

        def visit(address: str, script: str = "", **options) -> Page:
            context = new_context(browser, **options)
            stack.callback(context.close)
            page = context.new_page()
            page.add_init_script(script)
            page.goto(address)
            return page

        yield visit


def saved(page: Page, click: Callable[[], None], path: Path) -> Path:
    with page.expect_download() as download:
        click()
    download.value.save_as(path)
    return path


def test_a_picture_saved_from_a_dark_page_has_its_ground_its_caption_and_its_lanes(opened, voila, tmp_path):
    page = opened(f"{voila}{LESSON}?theme=dark")
    plot = LabOnPage(page, title=RACE).element.locator(".tdl-plot").first
    plot.hover()
    button = plot.locator('[data-title="Save as SVG"]')
    picture = saved(page, button.click, tmp_path / "race.svg").read_text(encoding="utf-8")
    ground = page.evaluate("getComputedStyle(document.body).getPropertyValue('--jp-layout-color1').trim()")
    ground = page.evaluate(
        "(c) => { const d = document.createElement('i'); d.style.color = c; return d.style.color; }", ground
    )
    assert f"fill: {ground}; fill-opacity: 1" in picture.split("</rect>")[0]
    for words in ("Paths, and the next step of the chosen lane as arrows", "velocity", *LANES):
        assert words in picture
    assert "Click or drag" not in picture


def test_a_saved_page_names_its_lanes_on_paper_too_and_keeps_the_planes_scale(opened, voila, tmp_path):
    page = opened(voila + LESSON)
    race = LabOnPage(page, title=RACE)
    race.element.locator(".tdl-share > summary").click()
    path = saved(page, lambda: race.press("Web page"), tmp_path / "race.html")
    own = opened(path.as_uri())
    assert own.locator(".lanes li").all_inner_texts() == list(LANES)
    assert "Click or drag" not in own.content().split('id="data"')[0]
    assert not re.search("Click or drag", " ".join(own.locator("figcaption").all_inner_texts()))
    scales = "p => ['xaxis', 'yaxis'].map((a) => p._fullLayout[a]).map((a) => a._length / (a.range[1] - a.range[0]))"
    across, up = own.locator(".plot").first.evaluate(scales)
    assert across == pytest.approx(up, rel=0.01)  # pixels a unit; the window is some pixels off at most
    own.emulate_media(media="print")
    assert own.locator(".tdl-dot").first.evaluate("d => getComputedStyle(d).printColorAdjust") == "exact"
    for box in own.locator(".plot .main-svg").evaluate_all("all => all.map((s) => s.getBoundingClientRect().right)"):
        assert box <= 1280


def test_on_paper_a_lesson_has_all_its_figures_whole_and_dark_on_white(opened, voila):
    page = opened(f"{voila}{LESSON}?theme=dark")
    LabOnPage(page, title=RACE)
    page.set_viewport_size({"width": 1280, "height": 800})
    page.emulate_media(media="print")
    drawn = "[...document.querySelectorAll('.tdl-figures')].every((each) => Number(each.dataset.frames) > 0)"
    wait_until(lambda: page.evaluate(drawn), "all figures are drawn, not those near the screen only")
    assert page.locator(".tdl-figures").count() > 5
    page.set_viewport_size({"width": 700, "height": 1000})  # as wide as A4 between its margins
    rights = page.locator(".tdl-plot .main-svg").evaluate_all("all => all.map((s) => s.getBoundingClientRect().right)")
    assert max(rights) <= 700
    boxes = page.locator(".tdl-plot").evaluate_all(
        "all => all.map((p) => p.firstElementChild.getBoundingClientRect().height)"
    )
    assert min(boxes) > 80
    texts = page.locator(".tdl-plot .xtick text").first.evaluate("t => getComputedStyle(t).fill")
    assert texts == "rgb(0, 0, 0)"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    pages = len(re.findall(rb"/Type\s*/Page\b", page.pdf(format="A4")))
    assert pages > 3  # one, cut, where the page scrolls inside of the window
    page.emulate_media(media="screen")
    back = page.locator(".tdl-plot .xtick text").first
    wait_until(lambda: back.evaluate("t => getComputedStyle(t).fill") != "rgb(0, 0, 0)", "it is a dark page again")


def test_the_system_decides_about_the_theme_unless_the_address_does(opened, voila):
    page = opened(voila + LESSON, color_scheme="dark")
    assert page.evaluate(DARK)
    page.emulate_media(color_scheme="light")
    wait_until(lambda: not page.evaluate(DARK), "it follows")
    asked = opened(f"{voila}{LESSON}?theme=light", color_scheme="dark")
    assert not asked.evaluate(DARK)
    assert asked.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_the_theme_that_was_asked_for_goes_along(opened, voila):
    page = opened(f"{voila}/?theme=dark")
    page.locator(".tdl-card").first.click()
    page.wait_for_url("**/01_optimizers.ipynb?theme=dark")
    page.locator(".tdl-way a[rel=next]").click()
    page.wait_for_url("**/02_schedules.ipynb?theme=dark")
    assert page.evaluate(DARK)


def test_forced_colours_leave_the_lanes_theirs_and_figures_legible(opened, voila):
    page = opened(voila + LESSON, forced_colors="active", color_scheme="dark")
    race = LabOnPage(page, title=RACE)
    dots = race.element.locator(".tdl-chip .tdl-dot").evaluate_all(
        "all => all.map((d) => getComputedStyle(d).backgroundColor)"
    )
    assert len(set(dots)) == len(LANES)
    tick = race.element.locator(".tdl-plot .xtick text").first
    assert tick.evaluate("t => getComputedStyle(t).fill") == page.evaluate("getComputedStyle(document.body).color")


def test_on_a_page_that_is_read_from_the_right_a_minus_stays_before_its_number(opened, voila):
    page = opened(voila + LESSON)
    race = LabOnPage(page, title=RACE)
    page.evaluate("document.documentElement.dir = 'rtl'")
    box = race.control("start_x" if race.element.locator("[data-field=start_x]").count() else "momentum").locator(
        "input[type=text]"
    )
    for part in (race.element.locator(".tdl-readings td").first, box, page.locator(".tdl-question").first):
        assert part.evaluate("e => getComputedStyle(e).direction") == "ltr"


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("", "Copied."),
        ("navigator.clipboard.writeText = () => Promise.reject(); document.execCommand = () => false", "press Ctrl+C"),
    ],
    ids=["it may", "it may not"],
)
def test_copy_link_says_whether_it_copied(opened, voila, script, said):
    page = opened(voila + LESSON, script, permissions=["clipboard-write"])
    race = LabOnPage(page, title=RACE)
    race.element.locator(".tdl-share > summary").click()
    race.press("Copy link")
    told = race.element.locator(".tdl-told")
    wait_until(lambda: said in told.inner_text(), "the lab says so")
    assert told.get_attribute("role") == "status"
    selected = "(e) => e.value.slice(e.selectionStart, e.selectionEnd)"
    assert page.locator(".tdl-link:focus").evaluate(selected) == race.element.locator(".tdl-link").input_value()


def test_a_browser_that_cannot_unpack_says_so(opened, voila):
    page = opened(voila + LESSON, "delete globalThis.DecompressionStream")
    race = LabOnPage(page, title=RACE)
    race.element.locator(".tdl-share > summary").click()
    race.press("CSV")
    told = race.element.locator(".tdl-told")
    wait_until(lambda: "too old" in told.inner_text(), "the lab says so")
