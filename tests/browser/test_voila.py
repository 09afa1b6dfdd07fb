"""The lessons as Voilà serves them, driven in a real browser as a person would."""

import json
import math

import pytest
from playwright.sync_api import Page

from tests.browser.lesson_page import LabOnPage, new_context, wait_until
from tests.browser.served import ROOT

pytestmark = pytest.mark.browser
LESSON = "/voila/render/03_divergence.ipynb"
PARABOLA, BOWL, BOWL_OWN, BOWL_SWEEP, NET, NET_SEEDS, NET_SWEEP = LABS = range(7)
# A browser that stops drawing, and draws again.
HOLD_FRAMES = (
    "() => { window.kept = []; window.real = window.requestAnimationFrame;"
    "window.requestAnimationFrame = (f) => window.kept.push(f); }"
)
RELEASE_FRAMES = "() => { window.requestAnimationFrame = window.real; window.kept.forEach((f) => window.real(f)); }"


def lab(page: Page, voila: str, number: int, query: str = "") -> LabOnPage:
    page.goto(f"{voila}{LESSON}{query}")
    return LabOnPage(page, number)


def test_gallery_is_the_root_page_and_opens_the_lesson_and_its_kernel_ends(page, voila, voila_log):
    page.goto(voila)
    kernel = json.loads(page.locator("#jupyter-config-data").text_content())["kernelId"]
    card = page.locator(".tdl-card", has_text="Divergence")
    card.wait_for()
    assert page.locator(".tdl-card").count() == len(list((ROOT / "notebooks").glob("0*.ipynb")))
    card.click()
    assert LabOnPage(page, PARABOLA).points(0, 1)[0]
    wait_until(lambda: f"Kernel shutdown: {kernel}" in voila_log.read_text(), "the gallery's kernel has ended")


def test_every_lab_draws_and_nothing_is_asked_from_elsewhere(page, voila):
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(voila + LESSON)
    for number in LABS:
        opened = LabOnPage(page, number)
        wait_until(lambda opened=opened: opened.points(0, 0)[0] or opened.is_covered(), f"lab {number} draws")
    outside = [url for url in asked if not url.startswith((voila, voila.replace("http", "ws"), "blob:", "data:"))]
    assert asked
    assert outside == []


def test_dragging_the_learning_rate_redraws_the_parabola(page, voila):
    parabola = lab(page, voila, PARABOLA)
    parabola.press("Play")
    wait_until(lambda: len(parabola.points(0, 1)[0]) == 41, "41 points are drawn")
    parabola.drag("ratio", 0.88)
    wait_until(lambda: 2.0 < parabola.value("ratio") < 2.4, "the number follows")
    wait_until(
        lambda: math.isclose(parabola.points(0, 1)[0][1], -2 * (1 - parabola.value("ratio")), rel_tol=1e-9),
        "the first step is drawn by the new learning rate",
    )
    table = parabola.element.locator(".tdl-readings")
    wait_until(lambda: "diverging" in table.inner_text(), "the table says so")


def test_net_plays_pauses_steps_and_resets_to_the_same_weights(page, voila):
    net = lab(page, voila, NET)
    net.type_value("steps", "20000")  # so that no machine is done before it is paused
    net.press("Reset")
    wait_until(lambda: net.step_number() == 0, "it waits at the start")
    net.press("Play")
    wait_until(lambda: len(net.points(0, 0)[0]) > 60, "the loss grows")
    net.press("Pause")
    wait_until(lambda: "paused" in net.status(), "it pauses")
    at = net.step_number()
    net.press("Step")
    wait_until(lambda: net.step_number() == at + 1, "one step is made")
    _, losses = net.points(0, 0)
    assert losses[-1] < losses[0]
    net.press("Reset")
    wait_until(lambda: net.step_number() == 0 and len(net.points(0, 0)[0]) == 1, "it is back at step 0")
    assert net.points(0, 0)[1] == losses[:1]
    net.press("Step")
    net.press("Step")
    wait_until(lambda: len(net.points(0, 0)[0]) == 3, "two steps are made")
    assert net.points(0, 0)[1] == losses[:3]
    net.press("New seed")
    wait_until(lambda: net.step_number() == 0 and net.points(0, 0)[1][0] != losses[0], "other weights")


def test_the_same_lesson_opened_again_shows_the_same_numbers(page, voila, browser):
    first = lab(page, voila, NET)
    first.press("Step")
    wait_until(lambda: len(first.points(0, 0)[0]) == 2, "a step is drawn")
    losses = first.points(0, 0)[1]
    page.close()
    context = new_context(browser)
    again = context.new_page()
    second = lab(again, voila, NET)
    second.press("Step")
    wait_until(lambda: len(second.points(0, 0)[0]) == 2, "a step is drawn")
    assert second.points(0, 0)[1] == losses
    context.close()


def test_a_change_during_the_run_is_marked_and_moves_the_limit(page, voila):
    net = lab(page, voila, NET)
    net.press("Play")
    net.type_value("steps", "20000")  # it still runs when a slow machine has moved the slider
    wait_until(lambda: net.step_number() > 40, "it runs")
    net.drag("learning_rate", 0.7)
    marked = "p => (p.layout.annotations ?? []).map(a => a.text).join()"
    plot = net.element.locator(".tdl-plot").nth(1)
    wait_until(lambda: "η →" in plot.evaluate(marked), "the change is marked")
    # The box may still show a value on the way, until the kernel has heard the last one.
    limit, eta = lambda: net.points(1, 3)[1][-1], lambda: net.value("learning_rate")
    wait_until(lambda: math.isclose(limit(), 2 / eta(), rel_tol=1e-3), lambda: f"{limit()} is 2/{eta()}")
    assert "running" in net.status()


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("9", ", not 9."),
        ("-1", ", not -1."),
        ("abc", ", not 'abc'."),
        ("nan", "must be a number"),
        ("1e999", "must be a number"),
    ],
)
def test_a_refused_value_gets_a_sentence_and_changes_nothing(page, voila, typed, shown):
    parabola = lab(page, voila, PARABOLA)
    parabola.press("Play")
    before = wait_until(lambda: len(parabola.points(0, 1)[0]) == 41 and parabola.points(0, 1), "it is drawn")
    parabola.type_value("ratio", typed)
    sentence = wait_until(parabola.refusal, "the refusal is written")
    assert shown in sentence
    assert "from 0 to 4" in sentence
    assert parabola.points(0, 1) == before
    wait_until(lambda: parabola.value("ratio") == 1.6, "the control shows the value that holds")
    parabola.type_value("ratio", "0.5")
    wait_until(lambda: parabola.refusal() == "", "the sentence goes when a good value comes")


def test_the_doctor_explains_a_blow_up_and_rewinds(page, voila):
    net = lab(page, voila, NET)
    net.preset("too far")
    wait_until(lambda: "Diverged at step" in net.notice(), "the doctor speaks")
    assert "the limit was" in net.notice()
    chip, plot = net.element.locator(".tdl-chip"), net.element.locator(".tdl-plot").first
    wait_until(lambda: "diverged at step" in chip.inner_text(), "its lane says so")
    marked = "p => (p.layout.annotations ?? []).map(a => a.text).join()"
    wait_until(lambda: "diverged at step" in plot.evaluate(marked), "the figure is marked")
    net.press("Rewind")
    wait_until(lambda: net.value("learning_rate") == 0.125, "the learning rate is halved")
    wait_until(lambda: net.step_number() > 20 or "Diverged" in net.notice(), "it runs on")


def test_lanes_are_added_compared_renamed_and_removed(page, voila):
    bowl = lab(page, voila, BOWL)
    bowl.press("+ compare")
    wait_until(lambda: bowl.element.locator(".tdl-chip").count() == 2, "there are two lanes")
    bowl.type_value("learning_rate", "1.2")
    wait_until(lambda: len(bowl.points(2, 1)[0]) > 50, "the second curve is drawn")
    wait_until(lambda: bowl.points(2, 0)[1][-1] != bowl.points(2, 1)[1][-1], "the curves differ")
    assert bowl.points(2, 0)[1][0] == bowl.points(2, 1)[1][0]
    bowl.element.locator(".tdl-chip-name").nth(1).dblclick()
    bowl.page.keyboard.type("slower")
    bowl.page.keyboard.press("Enter")
    wait_until(lambda: "slower" in bowl.element.locator(".tdl-readings").inner_text(), "the name is taken")
    bowl.element.get_by_role("button", name="Remove slower").click()
    wait_until(lambda: bowl.element.locator(".tdl-chip").count() == 1, "one lane is left")
    wait_until(lambda: len(bowl.points(2, 0)[0]) > 50, "the first curve is drawn again")


def test_it_can_be_driven_with_the_keyboard_alone(page, voila):
    parabola = lab(page, voila, PARABOLA)
    wait_until(lambda: len(parabola.points(0, 1)[0]) == 1, "it is drawn")
    slider = parabola.control("ratio").locator("input[type=range]")
    for _ in range(40):
        page.keyboard.press("Tab")
        if slider.evaluate("s => s === document.activeElement"):
            break
    assert slider.evaluate("s => s === document.activeElement")
    assert slider.evaluate("s => getComputedStyle(s).outlineStyle") != "none"
    page.keyboard.press("ArrowRight")
    wait_until(lambda: parabola.value("ratio") == pytest.approx(1.61), "an arrow key moves the slider")
    wait_until(lambda: parabola.points(0, 1)[0][1] == pytest.approx(1.22), "the curve follows")


def test_a_browser_that_stops_drawing_gets_two_frames_and_catches_up(page, voila):
    net = lab(page, voila, NET)
    page.evaluate(HOLD_FRAMES)
    net.press("Play")
    wait_until(lambda: net.step_number() > 100, "the training goes on")
    drawn = len(net.points(0, 0)[0])
    assert drawn < 60
    page.evaluate(RELEASE_FRAMES)
    net.until_finished()
    wait_until(lambda: net.points(0, 0)[0][-1] == 1000, "the whole curve is there")


def test_a_page_that_is_left_during_a_run_says_nothing_and_comes_back_alive(page, voila):
    net = lab(page, voila, NET)
    page.evaluate(HOLD_FRAMES)
    net.press("Play")
    wait_until(lambda: net.step_number() > 100, "the training goes on")
    frames = net.frames()
    # What a browser does on the way out: Voilà lets go of the kernel, while a frame is still to be drawn.
    page.evaluate("dispatchEvent(new Event('beforeunload'))")
    page.evaluate(RELEASE_FRAMES)
    wait_until(lambda: net.frames() > frames, "the last frame is drawn")
    with page.expect_navigation():
        page.evaluate("() => dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }))")
    again = LabOnPage(page, NET)
    again.press("Play")
    wait_until(lambda: again.step_number() > 0, "it trains")


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1280, 800), (1920, 1080), (390, 844)])
def test_nothing_is_wider_than_the_window(page, voila, width, height, theme):
    page.set_viewport_size({"width": width, "height": height})
    lab(page, voila, NET, f"?theme={theme}")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    for number in LABS:
        box = page.locator(".tdl-lab").nth(number).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
    text = page.locator(".tdl-plot .xtick text").first.evaluate("t => getComputedStyle(t).fill")
    assert (sum(map(int, text[4:-1].split(", "))) > 400) == (theme == "dark")
