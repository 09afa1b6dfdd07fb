"""The classroom kit in a real browser: links, rewinding, forks."""

import re
import shutil
from urllib.parse import quote

import pytest

from tests.browser.lesson_page import LabOnPage, area_of, new_context, wait_until
from tests.browser.served import ROOT, lesson_server

pytestmark = pytest.mark.browser
PREHEATED = ("--VoilaConfiguration.preheat_kernel=True",)
LESSON = "/voila/render/03_divergence.ipynb"
BOWL, BOWL_OWN, NET = 1, 2, 4


def unfold(lab: LabOnPage) -> None:
    lab.element.locator(".tdl-share > summary").click()


def test_a_link_copied_in_one_browser_opens_the_same_numbers_in_another(page, voila, browser):
    page.goto(voila + LESSON)
    net = LabOnPage(page, NET)
    net.type_value("steps", "20000")
    net.type_value("learning_rate", "0.3")
    wait_until(lambda: net.step_number() > 10, "it trains")
    net.press("Pause")
    wait_until(lambda: "paused" in net.status(), "it pauses")
    wait_until(lambda: net.points(0, 0)[0][-1] == net.step_number(), "the curve is drawn to the last step")
    unfold(net)
    net.press("Copy link")
    link = wait_until(lambda: net.element.locator(".tdl-link").input_value(), "the link is there")
    losses, step = dict(zip(*net.points(0, 0), strict=True)), net.step_number()
    assert link.startswith(voila)
    other = new_context(browser).new_page()
    other.goto(link)
    again = LabOnPage(other, NET)
    wait_until(lambda: again.step_number() == step and "paused" in again.status(), "it is at the same step")
    wait_until(lambda: again.points(0, 0)[0][-1] == step, "its curve is drawn to that step")
    drawn = dict(zip(*again.points(0, 0), strict=True))  # a frame that holds many steps draws the extremes among them
    assert all(losses.get(at, loss) == loss for at, loss in drawn.items())
    assert len(drawn.keys() & losses.keys()) > 5
    assert again.value("learning_rate") == 0.3
    other.context.close()


@pytest.mark.parametrize("hostile", ["bowl=7", "bowl=%3Cscript%3Ealert(1)%3C/script%3E", "bowl=" + "x" * 20_000])
def test_a_hostile_link_gets_a_sentence_and_the_defaults(page, voila, hostile):
    page.on("dialog", lambda dialog: pytest.fail(f"a script of the link ran: {dialog.message}"))
    page.goto(f"{voila}{LESSON}?{hostile}")
    bowl = LabOnPage(page, BOWL)
    assert "does not understand" in wait_until(bowl.refusal, "the lab says so")
    assert bowl.value("learning_rate") == 1.9


def test_a_link_works_with_preheated_kernels_too(page, tmp_path):
    shutil.copy(ROOT / "notebooks" / LESSON.rpartition("/")[2], tmp_path)  # each notebook of a folder is preheated
    with lesson_server(tmp_path, log=tmp_path / "log.txt", options=PREHEATED) as address:
        for rate in ("0.7", "0.9"):
            values = '{"names":["mine"],"lanes":[{"learning_rate":' + rate + "}]}"
            page.goto(f"{address}{LESSON}?bowl={quote(values)}")
            bowl = LabOnPage(page, BOWL)
            wait_until(lambda bowl=bowl, rate=rate: bowl.value("learning_rate") == float(rate), "the link is opened")
            assert bowl.element.locator(".tdl-chip").all_inner_texts() == ["mine"]
            assert bowl.refusal() == ""
        page.goto("about:blank")


def test_the_preset_that_is_on_is_marked_until_a_setting_is_changed(page, voila):
    page.goto(voila + LESSON)
    bowl = LabOnPage(page, BOWL)
    row, sentence = bowl.element.locator(".tdl-presets"), bowl.element.locator(".tdl-preset-sentence")

    def marked() -> list[str]:
        return row.locator("[aria-pressed=true]").all_inner_texts()

    first, second = row.get_by_role("button").all_inner_texts()[:2]
    assert (marked(), sentence.is_visible()) == ([first], True)
    opening = sentence.inner_text()
    assert opening
    bowl.preset(second)
    wait_until(lambda: marked() == [second] and sentence.inner_text() != opening, "the other one is on")
    wait_until(lambda: f"Preset: {second}" in bowl.element.locator(".tdl-readings").inner_text(), "the table says so")
    place = bowl.control("learning_rate").bounding_box()
    bowl.type_value("learning_rate", "2.05")
    wait_until(lambda: marked() == [] and not sentence.is_visible(), "none is on")
    assert bowl.control("learning_rate").bounding_box()["y"] == place["y"], "no control has moved"
    rate = bowl.value("learning_rate")
    assert rate == 2.05
    bowl.preset(first)
    wait_until(lambda: marked() == [first] and sentence.inner_text() == opening, "the first is on again")


def test_lanes_of_ones_own_come_back_by_keys_after_a_preset(page, voila):
    page.goto(voila + LESSON)
    bowl = LabOnPage(page, BOWL)
    row = bowl.element.locator(".tdl-presets")
    back = row.get_by_role("button", name="Back to my lanes")
    first, second = row.locator(".tdl-situations button").all_inner_texts()[:2]
    bowl.type_value("learning_rate", "0.123")
    bowl.press("+ compare")
    wait_until(lambda: bowl.element.locator(".tdl-chip").count() == 2, "there are two lanes")
    own = bowl.element.locator(".tdl-chip").all_inner_texts()
    bowl.choose(second)
    wait_until(back.is_visible, "the way back is offered")
    bowl.choose(first)
    wait_until(lambda: bowl.element.locator(".tdl-chip").count() == 1, "a preset has taken their place")
    assert back.bounding_box()["height"] >= 24
    row.get_by_role("button", name=first, exact=True).focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if back.evaluate("b => b.matches(':focus')"):
            break
    page.keyboard.press("Enter")
    wait_until(lambda: bowl.element.locator(".tdl-chip").all_inner_texts() == own, "they are back")
    wait_until(lambda: not back.count(), "there is nothing to go back to")
    assert bowl.value("learning_rate") == 0.123
    assert row.locator(":focus").inner_text() == first, "who came by keys is still in the row"


def test_a_lane_whose_chip_is_pointed_at_or_has_the_focus_is_lit(page, voila):
    page.goto(voila + LESSON)
    net = LabOnPage(page, NET)
    net.press("Step")
    chips, loss = net.element.locator(".tdl-chip-name"), net.element.locator(".tdl-plot").first
    script = "p => [...p.querySelectorAll('.scatterlayer .trace')].map((t) => t.classList.contains('tdl-back'))"

    def back() -> list[bool]:
        return loss.evaluate(script)

    wait_until(lambda: back() == [False] * 3, "three lines are drawn")
    chips.nth(1).hover()
    wait_until(lambda: back() == [True, False, True], "the others stand back")
    net.element.locator(".tdl-heading").hover()
    wait_until(lambda: back() == [False] * 3, "all are as before")
    chips.nth(0).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    wait_until(lambda: back() == [True, False, True], "the chosen lane is lit while it has the focus")
    assert chips.nth(1).evaluate("c => c.matches(':focus')"), "it has it after it was chosen, too"
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    wait_until(lambda: back() == [False] * 3, "the focus has gone on")


def test_going_back_and_forking(page, voila):
    page.goto(voila + LESSON)
    bowl = LabOnPage(page, BOWL)
    bowl.press("Play")
    wait_until(lambda: len(bowl.points(2, 0)[0]) == 101, "it is drawn")
    losses = bowl.points(2, 0)[1]
    unfold(bowl)
    bowl.element.locator(".tdl-share input[type=text]").first.fill("30")
    bowl.press("Go to step")
    wait_until(lambda: bowl.step_number() == 30 and len(bowl.points(2, 0)[0]) == 31, "it went back")
    assert bowl.points(2, 0)[1] == losses[:31]
    bowl.press("Fork here")
    wait_until(lambda: bowl.element.locator(".tdl-chip").count() == 2 and bowl.step_number() == 30, "it forked")
    bowl.type_value("learning_rate", "1.0")
    bowl.press("Play")
    bowl.until_finished()
    wait_until(lambda: len(bowl.points(2, 1)[0]) == 101, "both are drawn to the end")
    assert bowl.points(2, 1)[1][:31] == pytest.approx(losses[:31])
    assert bowl.points(2, 0)[1] == pytest.approx(losses)
    assert bowl.points(2, 1)[1][60] != pytest.approx(losses[60])


def test_files_are_downloaded_and_the_page_opens_without_a_server(page, voila, tmp_path, browser):
    page.goto(voila + LESSON)
    bowl = LabOnPage(page, BOWL)
    bowl.press("Play")
    wait_until(lambda: len(bowl.points(2, 0)[0]) == 101, "it is drawn")
    unfold(bowl)
    texts = {}
    for button in ("CSV", "Web page", "PyTorch script"):
        with page.expect_download() as download:
            bowl.press(button)
        path = tmp_path / download.value.suggested_filename
        download.value.save_as(path)
        texts[path.suffix] = path.read_text()
    assert texts[".csv"].count("\n") > 101
    assert "import torch" in texts[".py"]
    alone = new_context(browser, offline=True).new_page()
    alone.goto(f"file://{tmp_path}/bowl.html")
    alone.locator(".main-svg").first.wait_for()
    drawn = alone.evaluate("Array.from(document.querySelectorAll('.js-plotly-plot')[2].data[0].y)")
    assert drawn == bowl.points(2, 0)[1]
    alone.context.close()


def test_the_code_is_in_view_and_the_way_home_is_there(page, voila):
    page.goto(voila + LESSON)
    LabOnPage(page, 0)
    fold = page.locator(".tdl-code").first
    assert not fold.locator("pre").first.is_visible()
    fold.locator("summary").click()
    assert "gradient = curvature * now.x" in fold.inner_text()
    assert "Efficient BackProp" in fold.inner_text()  # the work that it follows
    page.locator(".tdl-way a", has_text="All lessons").click()
    page.locator(".tdl-card").first.wait_for()


def place_of(lab: LabOnPage) -> tuple[float, float]:
    return lab.value("start_x"), lab.value("start_y")


def test_the_start_is_placed_by_click_drag_and_keys(page, voila):
    page.goto(voila + LESSON)
    bowl = LabOnPage(page, BOWL)
    bowl.press("Play")
    wait_until(lambda: len(bowl.points(2, 0)[0]) == 101, "it is drawn")
    plot = bowl.element.locator(".tdl-plot").first
    area = area_of(plot)
    middle = area["x"] + area["width"] / 2, area["y"] + area["height"] / 2
    page.mouse.click(middle[0] + area["width"] / 4, middle[1])
    x, y = wait_until(lambda: place_of(bowl) != (-2.2, 1.4) and place_of(bowl), "the start is where the click was")
    assert (x, y) == pytest.approx((1.6, 0.0), abs=0.05)
    trace = 8
    wait_until(lambda: bowl.points(0, trace)[0][:1] == [x], "the path starts there")
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0], middle[1] - area["height"] / 4, steps=6)
    page.mouse.up()
    wait_until(lambda: place_of(bowl) == pytest.approx((0.0, 1.6), abs=0.05), "the start follows the drag")
    wait_until(lambda: bowl.points(0, trace)[1][:1] == [place_of(bowl)[1]], "the path follows")
    before = place_of(bowl)
    plot.press("ArrowRight")
    wait_until(lambda: place_of(bowl)[0] > before[0] + 0.05, "an arrow key moves it")


def test_a_rule_of_ones_own_is_a_lane_beside_the_others(page, voila):
    page.goto(voila + LESSON)
    own = LabOnPage(page, BOWL_OWN)
    own.press("Play")
    wait_until(lambda: len(own.points(2, 1)[0]) == 101, "both lanes are drawn")
    assert own.element.locator(".tdl-chip").all_inner_texts()[1].startswith("yours")
    floor = own.points(2, 1)[1][-20:]
    assert max(floor) < 0.1
    assert "your own" in own.control("optimizer").inner_text()
    plain = LabOnPage(page, BOWL)
    assert "your own" not in plain.control("optimizer").inner_text()


def test_a_lab_and_its_presets_show_no_outcome_before_somebody_plays(page, voila):
    page.goto(voila + LESSON)
    bowl = LabOnPage(page, BOWL)
    for _ in range(2):
        wait_until(lambda: bowl.is_covered(1) and bowl.step_number() == 0, "the outcome asks for a guess")
        assert len(bowl.points(2, 0)[0]) <= 1
        bowl.press("Play")
        wait_until(lambda: not bowl.is_covered(1) and len(bowl.points(2, 0)[0]) > 20, "it is shown")
        bowl.choose("past the limit")
        wait_until(lambda: bowl.step_number() == 0, "another preset is there")
    bowl.type_value("learning_rate", "1.5")
    wait_until(lambda: len(bowl.points(2, 0)[0]) == 101, "who moves a setting wants to see what it does")


def question(page, number: int):
    """One of the lesson's questions."""
    box = page.locator(".tdl-check").nth(number)
    box.locator(".tdl-button").first.wait_for()
    box.scroll_into_view_if_needed()
    return box


def decided(box) -> str:
    box.get_by_role("button", name="Commit and run").click()
    box.locator("[data-state=checked]").wait_for()
    return box.locator(".tdl-question-said").inner_text()


def test_predictions_and_mistakes_are_decided_by_a_run_and_listed_at_the_end(page, voila):
    page.goto(voila + LESSON)
    LabOnPage(page, NET)
    number, mistake, sketch = (question(page, at) for at in (0, 1, 6))
    assert number.locator("input[type=text]").input_value() == "", "where a slider happens to stand is no answer"
    number.locator("input[type=text]").fill("0.8")
    assert "Right" in decided(number)
    wait_until(lambda: number.locator(".tdl-plot .js-line").count(), "its run is drawn")
    assert mistake.locator("blockquote").inner_text()
    mistake.get_by_role("button", name="Commit and run").click()
    wait_until(lambda: "Choose one" in mistake.inner_text(), "an answer is asked for")
    mistake.get_by_label("It holds as written", exact=True).check()
    assert "Not yet" in decided(mistake)
    assert "the run contradicts the statement" in mistake.inner_text()
    area = area_of(sketch.locator(".tdl-plot"))
    page.mouse.move(area["x"] + 1, area["y"] + area["height"] / 2)
    page.mouse.down()
    for share in range(1, 11):
        page.mouse.move(area["x"] + area["width"] * share / 10 - 1, area["y"] + area["height"] / 2)
    page.mouse.up()
    assert re.search(r"Farthest apart at step [\d.]+: you drew", decided(sketch))
    wait_until(lambda: page.locator(".tdl-scoreboard tbody tr").count() == 10, "the scoreboard is there")
    assert "2 of 10 right" in page.locator(".tdl-scoreboard").inner_text()
    mistake.get_by_role("button", name="Answer again").click()
    mistake.get_by_label("It does not hold as written", exact=True).check()
    assert "the first one counts" in decided(mistake).lower()
    assert "2 of 10 right" in page.locator(".tdl-scoreboard").inner_text()
