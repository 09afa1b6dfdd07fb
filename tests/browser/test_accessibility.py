"""Keyboard and screen reader, phone, projector: what axe-core, a ruler and a narrow window say about the pages."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

from tests.browser.lesson_page import LabOnPage, see_everything, wait_until
from tests.browser.served import ROOT

pytestmark = pytest.mark.browser
LESSON = "/voila/render/03_divergence.ipynb"
OTHER_LESSONS = [path.name for path in sorted((ROOT / "notebooks").glob("0*.ipynb")) if path.name not in LESSON]
PARABOLA, NET = 0, 4
PHONE = {"width": 390, "height": 844}
PROJECTOR = {"width": 1920, "height": 1080}


def open_lesson(page: Page, voila: str, query: str = "") -> LabOnPage:
    """Open the lesson and wait until all of its labs are drawn."""
    page.goto(f"{voila}{LESSON}{query}")
    for number in range(5):
        opened = LabOnPage(page, number)
        wait_until(lambda opened=opened: opened.points(0, 0)[0] or opened.is_covered(), f"lab {number} draws")
    return LabOnPage(page, PARABOLA)


def faults(page: Page, *further_rules: str) -> list[str]:
    """What axe-core finds serious or critical, with the first elements of each."""
    # The rules are turned on by name: axe-core leaves some of WCAG 2.2 out unless it is asked.
    rules = {rule: {"enabled": True} for rule in further_rules}
    found = Axe().run(page, options={"rules": rules}).response["violations"]
    return [
        f"{each['id']}: {[node['html'][:200] for node in each['nodes'][:3]]}"
        for each in found
        if each["impact"] in ("serious", "critical")
    ]


def cut_words(page: Page) -> list[str]:
    """Words in figures that stand beyond their figure's edge, where nobody sees them."""
    return page.evaluate(
        """() => [...document.querySelectorAll('.tdl-plot')].flatMap((plot) => {
            const edge = plot.getBoundingClientRect();
            const cut = (at) => edge.left - at.left > 3 || at.right - edge.right > 3
                || edge.top - at.top > 3 || at.bottom - edge.bottom > 3;
            const words = [...plot.querySelectorAll('.main-svg text')];
            return words.filter((word) => word.getBoundingClientRect().width && cut(word.getBoundingClientRect()))
                .map((word) => word.textContent);
        })"""
    )


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_gallery_is_free_of_serious_faults(page, voila, theme):
    page.goto(f"{voila}/?theme={theme}")
    page.locator(".tdl-card").first.wait_for()
    assert faults(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_lesson_is_free_of_serious_faults_also_with_all_that_folds_open(page, voila, theme):
    parabola = open_lesson(page, voila, f"?theme={theme}")
    page.evaluate("() => document.querySelectorAll('.tdl-panel details').forEach((fold) => (fold.open = true))")
    parabola.type_value("ratio", "9")
    wait_until(parabola.refusal, "a refusal is shown")
    net = LabOnPage(page, NET)
    net.preset("too far")
    wait_until(lambda: "Diverged" in net.notice(), "the doctor speaks")
    assert faults(page) == []


@pytest.mark.parametrize("lesson", OTHER_LESSONS)
def test_every_lesson_is_free_of_serious_faults_and_cuts_no_words(page, voila, lesson):
    page.goto(f"{voila}/voila/render/{lesson}")
    page.locator(".tdl-way").first.wait_for(timeout=90_000)
    wait_until(lambda: page.locator(".tdl-figures").count(), "labs are there")
    see_everything(page)
    plots = page.locator(".tdl-plot")
    wait_until(lambda: plots.count() and plots.locator(".main-svg").count() >= plots.count(), "all figures are drawn")
    page.evaluate("() => document.querySelectorAll('.tdl-panel details').forEach((fold) => (fold.open = true))")
    assert faults(page) == []
    for size in (PROJECTOR, PHONE):
        page.set_viewport_size(size)
        wait_until(lambda: cut_words(page) == [], lambda: f"no words in the figures are cut: {cut_words(page)}", 30)
    wait_until(lambda: page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"], "it fits a phone")
    wait_until(lambda: faults(page, "target-size") == [], "no fault is left when all has found its place", 5)
    assert faults(page, "target-size") == []


def test_no_two_elements_have_one_id_so_each_label_names_its_own_control(page, voila):
    open_lesson(page, voila)
    names = page.evaluate("[...document.querySelectorAll('[id^=tdl-]')].map(e => e.id)")
    assert names
    assert len(names) == len(set(names))
    labels = "[...document.querySelectorAll('.tdl-control label')]"
    assert page.evaluate(f"{labels}.filter(l => !l.parentElement.contains(l.control)).map(l => l.innerText)") == []


def test_a_figure_says_in_words_what_it_shows_now(page, voila):
    open_lesson(page, voila)
    net = LabOnPage(page, NET)
    plot = net.element.get_by_role("group", name="Training loss over the run", exact=True)
    summary = net.element.locator(".tdl-summary").first
    assert plot.get_attribute("aria-describedby") == summary.get_attribute("id")
    wait_until(lambda: "at step 0" in summary.text_content(), "it says how the training starts")
    net.press("Step")
    wait_until(lambda: "at step 1" in summary.text_content(), "it says how the training goes on")
    assert summary.text_content().startswith("loss: ")
    assert len(summary.text_content()) < 500


def test_a_phone_shows_the_figure_while_the_slider_is_moved(page, voila):
    page.set_viewport_size(PHONE)
    open_lesson(page, voila)
    for number in range(5):
        lab = LabOnPage(page, number)
        sliders = lab.element.locator(".tdl-controls input[type=range]:visible")
        for slider in (sliders.first, sliders.last):
            wait_until(lambda slider=slider, lab=lab: both_in_view(slider, lab), "slider and figure are in view", 15)


def both_in_view(slider, lab) -> bool:
    """Bring a slider to the middle of the phone; see whether it and half of the lab's figure are in view."""
    slider.evaluate("s => s.scrollIntoView({ block: 'center' })")
    slider.page.wait_for_timeout(100)
    knob, figure = slider.bounding_box(), lab.element.locator(".tdl-figure").first.bounding_box()
    seen = min(figure["y"] + figure["height"], PHONE["height"]) - max(figure["y"], 0)
    at_top = slider.evaluate("(s, at) => document.elementFromPoint(at.x + 9, at.y + 9) === s", knob)
    return 0 <= knob["y"] <= PHONE["height"] - knob["height"] and seen >= figure["height"] / 2 and at_top


def test_a_phone_has_targets_large_enough_for_a_finger_and_no_serious_fault(page, voila):
    page.set_viewport_size(PHONE)
    open_lesson(page, voila)
    page.evaluate("() => document.querySelectorAll('.tdl-panel details').forEach((fold) => (fold.open = true))")
    assert faults(page, "target-size") == []
    small = """() => [...document.querySelectorAll('.tdl-panel :is(input, select, button, summary)')]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 24).map(e => e.outerHTML.slice(0, 200))"""
    assert page.evaluate(small) == []
    wait_until(lambda: cut_words(page) == [], "no words in the figures are cut", 30)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_projector_shows_type_that_the_last_row_can_read(page, voila):
    page.set_viewport_size(PROJECTOR)
    open_lesson(page, voila)
    sizes = "(found) => [...document.querySelectorAll(found)].map(e => parseFloat(getComputedStyle(e).fontSize))"
    ticks = page.evaluate(sizes, ".tdl-plot :is(.xtick, .ytick) text, .tdl-plot :is(.xtitle, .ytitle, .legendtext)")
    labels = page.evaluate(sizes, ".tdl-control label, .tdl-number, .tdl-button, .tdl-readings td, .tdl-status span")
    assert ticks
    assert labels
    assert min(ticks) >= 14
    assert min(labels) >= 15
    wait_until(lambda: cut_words(page) == [], "no words in the figures are cut", 30)
    assert page.evaluate("document.documentElement.scrollWidth") <= PROJECTOR["width"]
