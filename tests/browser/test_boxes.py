"""Numbers that a person types and pastes into the boxes of a lesson, as they are written in many places."""

import pytest

from tests.browser.lesson_page import LabOnPage, as_python_reads, wait_until

pytestmark = pytest.mark.browser
LESSON = "/voila/render/03_divergence.ipynb"
BOWL, NET = 1, 4
FITS = "box => box.scrollWidth <= box.clientWidth + 1"  # both are rounded to whole pixels
# A line on which each answer of the kernel is on its way for a while.
LONG_WAY = """
  const own = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
  Object.defineProperty(WebSocket.prototype, "onmessage", {
    ...own,
    set(take) {
      own.set.call(this, take && ((event) => setTimeout(() => take.call(this, event), 400)));
    },
  });
"""


def test_a_box_takes_each_spelling_shows_the_number_that_trains_and_refuses_what_may_be_two(page, voila):
    page.goto(voila + LESSON)
    bowl = LabOnPage(page, BOWL)
    box = bowl.control("learning_rate").locator("input[type=text]")
    for typed, shown in (
        ("0,05", "0.05"),
        ("10⁻³", "0.001"),
        ("1,5e−1", "0.15"),
        ("2.0001", "2.0001"),
        ("1.99996", "1.99996"),
        ("0.30000000000000004", "0.30000000000000004"),
    ):
        bowl.type_value("learning_rate", typed)
        wait_until(lambda shown=shown: box.input_value() == shown and box.evaluate(FITS), f"the box shows {shown}")
        assert bowl.refusal() == ""
    bowl.type_value("learning_rate", "2,000")
    sentence = wait_until(bowl.refusal, "the refusal is written")
    assert "which is 2 to some and 2000 to others: write 2 or 2000" in sentence
    assert box.input_value() == "0.30000000000000004", "what holds is shown"
    bowl.type_value("steps", "2,000")
    steps = bowl.control("steps").locator("input[type=text]")
    wait_until(lambda: steps.input_value() == "2000" and "of 2000" in bowl.status(), "two thousand steps are asked for")
    bowl.until_finished()
    last = bowl.element.locator(".tdl-readings td").last
    wait_until(lambda: "·10⁻" in last.inner_text(), "a small loss is printed with a raised power of ten")
    cell = last.inner_text()
    bowl.element.locator(".tdl-run > summary").first.click()
    stop = bowl.element.get_by_label("stop when loss is below")
    for typed, held, words in (
        ("0,05", "0.05", ""),
        ("abc", "0.05", "not 'abc'"),
        (cell, str(float(as_python_reads(cell))), ""),
    ):
        stop.fill(typed)
        stop.press("Enter")
        wait_until(
            lambda held=held, words=words: stop.input_value() == held and words in bowl.refusal(), f"{held} holds"
        )
    assert bowl.refusal() == ""


def test_what_is_selected_to_be_typed_over_stays_so_when_the_kernel_answers(page, voila):
    page.goto(voila + LESSON)
    box = LabOnPage(page, BOWL).control("learning_rate").locator("input[type=text]")
    # In one turn of the page, so that the answer to what was typed first comes after the selection.
    box.evaluate("box => { box.focus(); box.value = '0,5'; box.dispatchEvent(new Event('change')); box.select(); }")
    wait_until(lambda: box.input_value() == "0.5", "the answer is shown")
    page.keyboard.type("0.25")
    assert box.input_value() == "0.25"


@pytest.mark.parametrize("entered", ["0,5", "minus one"])
def test_what_is_being_typed_stays_when_what_was_entered_before_is_answered(page, voila, entered):
    page.goto(voila + LESSON)
    bowl = LabOnPage(page, BOWL)
    box = bowl.control("learning_rate").locator("input[type=text]")
    before = bowl.step_number()
    box.evaluate(
        "(box, entered) => { box.focus(); box.value = entered; box.dispatchEvent(new Event('change')); box.select();"
        " document.execCommand('insertText', false, '0,75'); }",
        entered,
    )
    if entered == "0,5":
        wait_until(lambda: bowl.status() and bowl.step_number() != before, "the answer has come")
    else:
        wait_until(bowl.refusal, "the answer has come")
    assert box.input_value() == "0,75"
    box.press("Enter")
    wait_until(lambda: box.input_value() == "0.75" and bowl.refusal() == "", "and then holds")


def test_an_empty_step_goes_nowhere_and_the_sentence_stands_under_its_box(page, voila):
    page.goto(voila + LESSON)
    bowl = LabOnPage(page, BOWL)
    bowl.press("Play")
    bowl.until_finished()
    bowl.element.locator(".tdl-share > summary").click()
    step = bowl.element.locator(".tdl-share input[type=text]").first
    step.fill("")
    bowl.press("Go to step")
    wait_until(lambda: "the box is empty" in bowl.refusal(), "it says so")
    assert bowl.element.locator(".tdl-share .tdl-refusal").is_visible()
    assert bowl.step_number() == 100
    step.fill("３0")
    step.press("Enter")
    wait_until(lambda: bowl.step_number() == 30 and bowl.refusal() == "", "it went back")


def test_a_name_follows_what_is_typed_and_a_new_seed_leaves_it(page, voila):
    page.goto(voila + LESSON)
    net = LabOnPage(page, NET)
    names = net.element.locator(".tdl-chip-name").all_inner_texts
    assert names() == ["η = 0.1", "η = 0.15", "η = 0.2"]
    loss = wait_until(lambda: net.points(0, 0)[1], "the first loss is drawn")
    net.press("New seed")
    wait_until(lambda: net.points(0, 0)[1] not in ([], loss), "other weights")
    assert names() == ["η = 0.1", "η = 0.15", "η = 0.2"]
    net.press("Step")  # other weights train by themselves; a step pauses them
    wait_until(lambda: "paused" in net.status() and net.step_number() > 0, "some steps are made")
    net.type_value("learning_rate", "0,4")
    wait_until(lambda: names() == ["η = 0.4", "η = 0.15", "η = 0.2"], "the name says what holds now")
    net.type_value("learning_rate", "0,1")
    wait_until(lambda: names() == ["η = 0.1", "η = 0.15", "η = 0.2"], "it holds again")


def test_an_answer_is_read_as_it_is_typed_and_the_slider_follows(page, voila):
    page.goto(voila + LESSON)
    question = page.locator(".tdl-question").filter(has=page.locator(".tdl-number")).first
    box, slider = question.locator(".tdl-number"), question.locator("input[type=range]")
    said = question.locator(".tdl-question-said")
    for typed, shown in (("0,5", "0.5"), ("15·10⁻¹", "1.5")):
        box.fill(typed)
        box.press("Tab")
        wait_until(lambda shown=shown: box.input_value() == slider.input_value() == shown, f"{shown} is shown")
    box.fill("2,000")
    box.press("Tab")
    wait_until(lambda: "which is 2 to some and 2000 to others" in said.inner_text(), "it says so")
    box.fill("0,8")
    question.get_by_role("button", name="Commit and run").click()
    wait_until(lambda: "You said 0.8" in said.inner_text() or "Right" in said.inner_text(), "the run has decided")
    assert box.input_value() == "0.8"


def test_a_slider_that_is_moved_by_keys_stays_ahead_of_late_answers(page, voila):
    page.add_init_script(LONG_WAY)
    page.goto(voila + LESSON)
    bowl = LabOnPage(page, BOWL)
    slider = bowl.control("learning_rate").locator("input[type=range]")
    before = float(slider.input_value())
    slider.focus()
    met = []
    for _ in range(20):
        slider.press("ArrowLeft")
        page.wait_for_timeout(60)
        met.append(float(slider.input_value()))
    assert met == sorted(met, reverse=True), "it is never taken back"
    step = met[0] - met[1]
    wait_until(lambda: f"{bowl.value('learning_rate'):.6f}" == f"{before - 20 * step:.6f}", "each key counts")
    page.wait_for_timeout(1000)
    assert float(slider.input_value()) == met[-1]
