"""A lab as it is first seen: three settings beside the figure that answers, one of them to touch first, and a run that
has begun."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.lesson_page import LabOnPage, new_context, see_everything, wait_until
from tests.browser.served import ROOT, served_page

pytestmark = pytest.mark.browser

LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("0*.ipynb"))
CODE = """
from IPython.display import display
from widgets.labs.optimizers import race, saddle
display(race(), saddle())
"""
RACE, SADDLE = "Optimizers on a surface", "Escape from a saddle point"
# Of a lab at the top of the window: where transport and shown settings begin and end, and the main figure, in pixels.
TOGETHER = """
(lab) => {
  const reach = (elements) => {
    const boxes = elements.map((element) => element.getBoundingClientRect());
    return [Math.min(...boxes.map(({ top }) => top)), Math.max(...boxes.map(({ bottom }) => bottom))];
  };
  const console = lab.querySelector(".tdl-console");
  const shown = [...console.querySelectorAll("[data-field]")].filter((control) => !control.closest(".tdl-more"));
  lab.scrollIntoView({ block: "start" });
  return {
    name: lab.querySelector(".tdl-panel").getAttribute("aria-label"),
    controls: reach([console.querySelector(".tdl-transport"), ...shown]),
    figure: reach([lab.querySelector(".tdl-figure")]),
    shown: shown.length,
  };
}
"""
STANDING = """
lab => {
  const [figure, play] = [[...lab.querySelectorAll('.tdl-figure')].at(-1), lab.querySelector('.tdl-play')];
  figure.scrollIntoView({ block: 'center' });
  const { top, bottom } = play.getBoundingClientRect();
  return 0 <= top && bottom <= innerHeight;
}
"""


@pytest.fixture(scope="module")
def two_labs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_page(tmp_path_factory.mktemp("labs"), CODE) as address:
        yield address


FIGURES = """
lab => [...lab.querySelectorAll(".tdl-figure")].map((figure) => {
  const { left, width, top } = figure.getBoundingClientRect();
  return [left, width, top];
})
"""


@pytest.fixture(scope="module")
def two_and_four(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    code = """
from IPython.display import display
from widgets.labs.divergence import parabola
from widgets.labs.schedules import scheduled_net
from widgets.labs.teacher_student import students
display(parabola(), scheduled_net(), students())
"""
    with served_page(tmp_path_factory.mktemp("many"), code) as address:
        yield address


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (1280, 800)])
def test_a_main_figure_is_larger_where_that_takes_no_room_from_the_others(
    browser: Browser, two_and_four: str, width: int, height: int
) -> None:
    """Three columns: of two figures the first has two thirds, of four a row; a plane has not, but the last one."""
    context = new_context(browser, viewport={"width": width, "height": height})
    page = context.new_page()
    page.goto(two_and_four)
    two, four, planes = (LabOnPage(page, number) for number in range(3))
    (_, main, _), (_, other, _) = two.element.evaluate(FIGURES)
    widths, tops = zip(*[each[1:] for each in four.element.evaluate(FIGURES)], strict=True)
    if width == 1920:
        assert main == pytest.approx(2 * other, rel=0.02)
        assert other >= 380, "as wide as it is among three"
        assert widths[0] > 2.9 * widths[1]
        assert tops[1] == tops[2] == tops[3] > tops[0]
        assert planes.element.evaluate(FIGURES)[3][1] == pytest.approx(widths[0], rel=0.01)
    else:
        assert main == pytest.approx(other)
        assert tops[0] == tops[1] < tops[2] == tops[3]
    together = four.element.evaluate(TOGETHER)
    assert together["figure"][1] <= height
    assert together["controls"][1] <= height
    context.close()


@pytest.mark.parametrize("lesson", LESSONS)
def test_controls_and_main_figure_are_on_a_laptops_screen_together(page: Page, voila: str, lesson: str) -> None:
    page.goto(f"{voila}/voila/render/{lesson}")
    page.locator(".tdl-lab").first.wait_for()
    page.wait_for_timeout(2000)
    see_everything(page)
    labs = [LabOnPage(page, number).element for number in range(page.locator(".tdl-lab").count())]
    for lab in labs:
        seen = lab.evaluate(TOGETHER)
        assert 1 <= seen["shown"] <= 3, seen
        assert all(top >= 0 and bottom <= 800 for top, bottom in (seen["controls"], seen["figure"])), seen
        assert lab.evaluate(STANDING), f"the controls stay while the figures scroll: {seen}"
    page.set_viewport_size({"width": 390, "height": 844})
    for lab in labs:
        wait_until(
            lambda lab=lab: (seen := lab.evaluate(TOGETHER))["figure"][1] <= seen["controls"][0], "figures first"
        )
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_the_control_to_touch_first_glows_until_it_was_touched(browser: Browser, two_labs: str) -> None:
    context = new_context(browser)
    page = context.new_page()
    page.goto(two_labs)
    race, saddle = LabOnPage(page, title=RACE), LabOnPage(page, title=SADDLE)
    glows: Any = lambda lab: lab.element.locator(".tdl-first-move")  # noqa: E731
    for lab in (race, saddle):
        assert glows(lab).get_attribute("data-field") == "learning_rate"
    assert glows(race).evaluate("c => getComputedStyle(c, '::before').animationName") == "none", "a still ring"
    race.press("Step")
    assert glows(race).count() == 1
    race.control("learning_rate").locator("input[type=range]").press("ArrowRight")
    assert (glows(race).count(), glows(saddle).count()) == (0, 1)
    page.reload()
    race, saddle = LabOnPage(page, title=RACE), LabOnPage(page, title=SADDLE)
    assert (glows(race).count(), glows(saddle).count()) == (0, 1)
    page.goto("about:blank")
    context.close()


def test_a_lab_in_view_moves_by_itself_and_one_that_asks_waits(browser: Browser, two_labs: str) -> None:
    context = new_context(browser, reduced_motion="no-preference")
    page = context.new_page()
    page.goto(two_labs)
    race = LabOnPage(page, title=RACE)
    assert race.control("learning_rate").evaluate("c => getComputedStyle(c, '::before').animationName") == "tdl-glow"
    wait_until(lambda: race.status().startswith("paused: step 50 of 200"), "a quarter of the run is made")
    assert len(race.points(1, 0)[0]) == 51
    saddle = LabOnPage(page, title=SADDLE)
    page.wait_for_timeout(2000)
    assert saddle.status().startswith("idle: step 0")
    race.type_value("condition_number", "50")
    wait_until(lambda: race.status().startswith("finished"), "the first change begins another run, and plays it")
    race.press("Reset")
    wait_until(lambda: race.step_number() == 0, "it is back")
    page.wait_for_timeout(2000)
    assert race.step_number() == 0, "it moves by itself once"
    page.goto("about:blank")
    context.close()


# Presses the button in the moment in which it has another name.
PRESSED_TOO_LATE = """
button => new Promise((resolve) => {
  const watch = new MutationObserver(() => {
    if (!button.textContent.includes("Pause")) return;
    watch.disconnect();
    button.click();
    resolve();
  });
  watch.observe(button, { childList: true, characterData: true, subtree: true });
})
"""


def test_play_that_turns_into_pause_under_the_hand_still_plays(browser: Browser, two_labs: str) -> None:
    context = new_context(browser, reduced_motion="no-preference")
    page = context.new_page()
    page.goto(two_labs)
    race = LabOnPage(page, title=RACE)
    race.element.locator(".tdl-play").evaluate(PRESSED_TOO_LATE)
    wait_until(lambda: race.status().startswith("finished"), "it plays, beyond where its opening waits")
    page.goto("about:blank")
    context.close()


def test_presets_are_one_line_and_the_others_are_behind_it(page: Page, two_labs: str) -> None:
    page.goto(two_labs)
    race = LabOnPage(page, title=RACE)
    row = race.element.locator(".tdl-presets")
    line, fold = row.locator(".tdl-situations").first, row.locator("details")
    tops = line.locator("button").evaluate_all("all => all.map((button) => button.getBoundingClientRect().top)")
    assert (len(tops), len(set(tops))) == (5, 1)
    assert line.evaluate("l => l.scrollWidth <= l.clientWidth")
    assert fold.locator("button:visible").count() == 0
    name = fold.locator("button").last.text_content()
    race.choose(name)
    wait_until(lambda: fold.locator("summary").inner_text().endswith(name), "it says what is on")
    page.wait_for_timeout(500)
    assert line.locator("button").count() == 5, "opened, it takes none of the line"
    assert row.locator("[aria-pressed=true]").all_inner_texts() == [name]
    fold.locator("summary").press("Enter")
    assert fold.locator("button:visible").count() == 0
    page.set_viewport_size({"width": 390, "height": 844})
    wait_until(lambda: line.locator("button").count() == race.element.locator(".tdl-presets button").count(), "swiped")
    assert line.evaluate("l => l.scrollWidth > l.clientWidth")
    assert row.locator("summary:visible").count() == 0


def test_a_setting_that_changes_nothing_with_what_is_chosen_takes_nothing(page: Page, two_labs: str) -> None:
    page.goto(two_labs)
    race = LabOnPage(page, title=RACE)
    momentum = race.control("momentum")
    wait_until(lambda: momentum.locator("input:disabled").count() == 2, "gradient descent has no momentum")
    assert "changes nothing" in momentum.get_attribute("title")
    race.element.get_by_role("button", name="heavy ball").first.click()
    wait_until(lambda: momentum.locator("input:enabled").count() == 2, "the heavy ball has one")
    race.type_value("momentum", "0.5")
    wait_until(lambda: race.value("momentum") == 0.5, "and takes another")
    assert race.element.get_by_role("button", name="New seed").is_disabled(), "nothing here is random"


def test_the_fold_says_what_is_set_in_it_and_opens_where_something_is_refused(page: Page, two_labs: str) -> None:
    page.goto(two_labs)
    race = LabOnPage(page, title=RACE)
    fold = race.element.locator(".tdl-more")
    summary = fold.locator("> summary")
    assert summary.inner_text() == "All settings"
    summary.press("Enter")
    assert fold.locator("[data-field=angle]").is_visible()
    summary.press("Space")
    assert not fold.locator("[data-field=angle]").is_visible()
    race.type_value("angle", "45")
    wait_until(lambda: "· rotation 45" in summary.inner_text(), "what is set is said")
    fold.locator("[data-field=angle] input[type=text]").fill("4500")
    summary.click()  # what was typed is entered as the box is left, and the fold closes
    wait_until(lambda: race.element.locator(".tdl-refusal").is_visible(), "the sentence is seen")
    assert fold.locator("[data-field=angle]").is_visible()
    assert "4500" in race.refusal()
