"""A class: it joins by a code, votes in rounds on phones and laptops, and the teacher's run decides on every screen."""

import re

import pytest

from tests.browser.class_scene import PHONE, STEM, Scene, answered, scene, under
from tests.browser.lesson_page import LabOnPage, wait_until
from tests.browser.test_accessibility import faults

pytestmark = pytest.mark.browser
PROJECTOR = {"viewport": {"width": 1920, "height": 1080}}
NUMBER, CHOICE, SKETCH = 0, 1, 2  # questions of the lesson


@pytest.fixture(scope="module")
def held(browser, tmp_path_factory):
    with scene(browser, tmp_path_factory.mktemp("class")) as opened:
        yield opened


@pytest.fixture(scope="module")
def teachers(held):
    """The teacher's own page, which is private, and the wall: the lesson that is projected."""
    own, window = held.teacher(**PROJECTOR)
    return own, held.lesson(window)


@pytest.fixture(scope="module")
def learners(held, teachers):
    """One on a phone; one on a laptop who reads the lesson."""
    phone = held.learner(**PHONE)
    joined = held.learner()
    return phone, held.lesson(joined.context)


def ask(wall, number):
    under(wall, number).get_by_role("button", name="Ask the class").click()


def decide(wall, number):
    under(wall, number).get_by_role("button", name="Let the run decide").click()


def give(page, number):
    page.locator(".tdl-class-number input[type=text]").fill(number)
    page.get_by_role("button", name=re.compile("my answer")).click()


def figures_of(page):
    return page.locator(".tdl-class-card .tdl-class-figures")


def test_one_joins_on_a_phone_by_one_touch_within_five_seconds_and_150_kb(held):
    page = held.window(**PHONE).new_page()
    sizes = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto(f"{held.address}/r/{held.code.lower()}")
    assert faults(page) == []
    # From the touch on, as the server's first page in a test waits for much else.
    took = page.evaluate(
        """async () => {
            const began = performance.now();
            document.querySelector('.tdl-class-join button').click();
            while (!document.querySelector('.tdl-class-card')) await new Promise(requestAnimationFrame);
            return performance.now() - began;
        }"""
    )
    assert took < 5000
    assert 0 < sum(sizes) < 150_000
    page.get_by_text("Nothing is asked right now").wait_for()
    page.reload()
    page.locator(".tdl-class-card").wait_for()  # the same, without joining again
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Leave the class").click()
    page.get_by_text("You have left the class").wait_for()


def test_a_wrong_code_and_a_page_of_the_teachers_without_its_key_are_sentences(held):
    page = held.window().new_page()
    page.goto(f"{held.address}/r/")
    page.get_by_label("The code on the wall").fill("ZZZZZZ")
    page.get_by_role("button", name="Join").click()
    page.get_by_role("alert").get_by_text("No class has this code").wait_for()
    page.goto(f"{held.address}/class/")
    page.get_by_role("alert").get_by_text("This page is the teacher's").wait_for()


def test_address_and_code_fill_half_the_wall_and_escape_folds_them(held, teachers):
    _, wall = teachers
    wall.get_by_role("button", name="Show it large").click()
    code = wall.locator(".tdl-class-sheet .tdl-class-code")
    assert code.bounding_box()["height"] > 80
    picture = wall.locator(".tdl-class-sheet .tdl-class-picture")
    assert picture.evaluate("image => image.complete && image.naturalWidth > 0")
    assert picture.bounding_box()["width"] > 350
    assert wall.locator(".tdl-class-large").get_by_text(f"/r/{held.code}").count() == 1
    wall.keyboard.press("Escape")
    code.wait_for(state="hidden")


def test_a_number_is_voted_on_twice_and_the_run_decides_on_every_screen(held, teachers, learners):
    (own, wall), (phone, laptop) = teachers, learners
    ask(wall, NUMBER)
    phone.locator(".tdl-class-prompt").wait_for()
    laptop.locator(".tdl-class-sheet .tdl-class-prompt").wait_for()
    laptop.get_by_text("The class votes on this question").wait_for()  # where it stands in the lesson
    assert laptop.locator(".tdl-question-form").first.evaluate("form => form.inert")
    assert faults(phone) == []
    assert faults(own) == []
    give(phone, "3")
    phone.get_by_text("The answer is a number from 0 to 2.").wait_for()
    give(phone, "0,5")
    phone.get_by_text("Your answer is in: 0.5").wait_for()
    answered(wall, 1, 2)
    closing = own.get_by_role("button", name="Close the vote")
    closing.focus()
    give(laptop, "1.2")
    answered(phone, 2, 2)
    own.get_by_role("img", name=re.compile("2 answers")).wait_for()
    assert closing.evaluate("button => button === document.activeElement")  # answers that come in take nothing away
    # The shape is the teacher's alone: nothing of it is on the wall or in what a learner was sent.
    own.get_by_role("img", name=re.compile("from 0.5 to 1.2")).wait_for()
    assert wall.locator(".tdl-class-plot").count() == 0
    state = phone.evaluate("async () => (await fetch('/class/state')).text()")
    assert "0.5" in state
    assert "1.2" not in state
    assert "rounds" not in state

    under(wall, NUMBER).get_by_role("button", name="Close the vote").click()
    phone.get_by_text("Talk to your neighbour").wait_for()
    under(wall, NUMBER).get_by_role("button", name="Vote again").click()
    phone.get_by_text("The second vote is open").wait_for()
    give(phone, "0.8")
    answered(wall, 1, 2)
    decide(wall, NUMBER)
    for page, words in ((phone, "✓ Right"), (laptop, "✗ Not yet")):
        figures_of(page).wait_for()
        page.locator(".tdl-class-news").get_by_text(words).wait_for()
        assert page.get_by_role("img", name=re.compile("the run measured 0.8")).count() == 2
    assert under(wall, NUMBER).locator("figure").count() == 2
    laptop.get_by_text("The class votes on this question").wait_for(state="hidden")
    own.get_by_text("1 of 1 right").wait_for()
    own.get_by_text("0 of 2 right").wait_for()


def test_a_choice_is_decided_by_the_run(teachers, learners):
    (own, wall), (phone, laptop) = teachers, learners
    ask(wall, CHOICE)
    for page, option in ((phone, "stays the same"), (laptop, "grows")):
        page.locator(".tdl-class-card fieldset").get_by_text(option).click()
        page.get_by_role("button", name="Send my answer").click()
    answered(wall, 2, 2)
    decide(wall, CHOICE)
    right = phone.locator(".tdl-class-right")
    right.get_by_text("what the run says").wait_for()
    assert right.get_by_text("your answer").count() == 1
    assert "stays the same" in right.inner_text()
    laptop.locator(".tdl-class-news").get_by_text("✗ Not yet").wait_for()
    own.get_by_text("grows (1)").wait_for()  # the most frequent wrong answer


def test_sketches_are_overlaid_with_the_measured_curve(teachers, learners):
    (_, wall), (phone, laptop) = teachers, learners
    ask(wall, SKETCH)
    place = phone.locator(".tdl-class-sketch svg")
    place.wait_for()
    place.scroll_into_view_if_needed()
    box = place.bounding_box()
    phone.mouse.move(box["x"] + 20, box["y"] + 150)
    phone.mouse.down()
    phone.mouse.move(box["x"] + box["width"] - 4, box["y"] + 70, steps=12)
    phone.mouse.up()
    phone.get_by_role("button", name="Send my answer").click()
    answered(wall, 1, 2)
    keyed = laptop.locator(".tdl-class-sketch")
    keyed.focus()
    for _ in range(40):  # all columns, by keys alone
        laptop.keyboard.press("ArrowRight")
    laptop.get_by_role("button", name="Send my answer").click()
    answered(wall, 2, 2)
    decide(wall, SKETCH)
    figures_of(phone).wait_for()
    assert phone.locator(".tdl-class-plot path.tdl-class-thin").count() == 2
    for name in ("median", "mine", "truth"):
        assert phone.locator(f".tdl-class-plot path.tdl-class-{name}").count() == 1
    assert "Farthest apart" in phone.locator(".tdl-class-news").inner_text()
    saved = csv_of(wall)
    assert saved.count("\n") == 1 + 3 + 2 + 2


def csv_of(page) -> str:
    return page.evaluate("async () => (await fetch('/class/answers.csv')).text()")


def test_a_run_is_sent_to_the_class_and_ones_own_is_one_step_back(teachers, learners):
    (_, wall), (_, laptop) = teachers, learners
    led, mine = LabOnPage(wall), LabOnPage(laptop)
    led.type_value("ratio", "1.5")
    wall.get_by_role("button", name="Send this run to the class").click()
    laptop.get_by_role("button", name="Open your teacher's run").click()
    wait_until(lambda: mine.value("ratio") == 1.5, "the teacher's run")
    laptop.get_by_role("button", name="Back to mine").click()
    wait_until(lambda: mine.value("ratio") == 1.6, "the learner's own")
    assert laptop.get_by_text("Goals 0 of").count() >= 1  # another's run is nobody's achievement


def test_runs_are_handed_in_and_trained_as_lanes_of_one_run(teachers, learners):
    (_, wall), (_, laptop) = teachers, learners
    LabOnPage(laptop).type_value("ratio", "0.7")
    wall.get_by_role("button", name="Collect the class's runs").click()
    laptop.get_by_role("button", name=re.compile("Hand in your run")).click()
    laptop.get_by_text(re.compile("Your run .* is handed in")).wait_for()
    wall.get_by_role("button", name="Train them side by side").click()
    wall.get_by_text("The lab trains what one learner has handed in").wait_for()
    wait_until(lambda: LabOnPage(wall).value("ratio") == 0.7, "the learner's setting on the wall")
    laptop.get_by_role("button", name="Do not show mine to others").click()
    wall.get_by_role("button", name="Stop collecting (0 handed in)").click()


def test_the_class_s_runs_are_a_wall_without_names_and_a_press_opens_the_same_run(teachers, learners):
    (_, wall), (_, laptop) = teachers, learners
    mine = LabOnPage(laptop)
    laptop.get_by_role("button", name="Show mine to others again").click()
    wall.get_by_role("button", name="Watch the class's runs").click()
    mine.type_value("ratio", "0.9")
    mine.press("▶ Play")
    run = wall.locator(".tdl-class-wall button")
    run.first.wait_for()
    assert run.count() == 1
    wait_until(lambda: "step 40 of 40" in run.first.get_attribute("aria-label"), "the learner's run at its end")
    assert run.first.locator("path").get_attribute("d").count("L") > 10
    run.first.click()
    wait_until(lambda: LabOnPage(wall).value("ratio") == 0.9, "the same run in the teacher's lab")
    laptop.get_by_role("button", name="Do not show mine to others").click()
    wait_until(lambda: run.count() == 0, "a learner who stays out")
    laptop.get_by_role("button", name="Show mine to others again").click()
    wall.get_by_role("button", name="Stop watching").click()
    wall.locator(".tdl-class-wall").wait_for(state="hidden")


def test_who_follows_waits_for_the_decision_and_a_frozen_page_rests(teachers, learners):
    (_, wall), (_, laptop) = teachers, learners
    wall.locator("h2").first.scroll_into_view_if_needed()
    pace = wall.get_by_label("Pace")
    pace.select_option("follow")
    wait_until(lambda: laptop.locator(".tdl-class-later").count() > 0, "what comes later is dimmed")
    assert laptop.locator(".tdl-class-later h1").count() == 0
    ask(wall, NUMBER)
    laptop.get_by_text("This lab waits until the class's question is decided.").wait_for()
    assert laptop.locator(".tdl-play").first.is_disabled()
    under(wall, NUMBER).get_by_role("button", name="Take it back").click()
    wait_until(lambda: not laptop.locator(".tdl-play").first.is_disabled(), "the lab goes on")
    pace.select_option("frozen")
    veil = laptop.locator(".tdl-class-veil")
    veil.get_by_text("look to the front").wait_for()
    assert laptop.evaluate("document.querySelector('#rendered_cells').closest('[inert]') !== null")
    pace.select_option("free")
    veil.wait_for(state="hidden")
    assert laptop.evaluate("document.querySelector('[inert]:not(form *)') === null")
    assert laptop.locator(".tdl-class-later").count() == 0


def test_an_answer_that_finds_no_line_is_kept_and_sent_when_there_is_one(teachers, learners):
    (_, wall), (phone, _) = teachers, learners
    ask(wall, NUMBER)
    phone.locator(".tdl-class-number").wait_for()
    phone.context.set_offline(True)
    give(phone, "0.9")
    phone.get_by_text("your answer is kept").wait_for()
    phone.context.set_offline(False)
    answered(wall, 1, 2, seconds=60)
    phone.get_by_text("Your answer is in: 0.9").wait_for()
    wall.once("dialog", lambda dialog: dialog.accept())  # there is an answer to lose
    under(wall, NUMBER).get_by_role("button", name="Take it back").click()
    phone.get_by_text("Nothing is asked right now").wait_for()


def test_a_browser_without_cookies_is_told_what_to_do(held):
    context = held.window()
    page = context.new_page()
    page.route("**/class/join", lambda route: route.fulfill(json={"joined": True}))  # as if the cookie were refused
    page.goto(f"{held.address}/r/{held.code}")
    page.get_by_role("button", name="Join").click()
    page.get_by_text("This browser keeps no cookies").wait_for()


def test_who_is_in_no_class_is_invited_and_a_lesson_without_a_class_loads_nothing_of_it(held, voila):
    page = held.window().new_page()
    page.goto(f"{held.address}/voila/render/{STEM}.ipynb")
    page.locator(".tdl-class-invite").get_by_role("link", name="Join it with its code").wait_for()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{voila}/voila/render/06_periodic.ipynb")
    page.locator(".tdl-question").first.wait_for()
    assert not [url for url in asked if "/class/" in url]
    assert page.evaluate("async () => (await fetch('/class/state')).status") == 404


def test_a_class_that_ends_is_over_on_every_page_and_another_is_open(held: Scene, teachers, learners):
    (own, wall), (phone, laptop) = teachers, learners
    before = held.code
    own.on("dialog", lambda dialog: dialog.accept())
    own.get_by_role("button", name="End the class").click()
    for page in (phone, laptop):
        page.get_by_text("Your teacher has ended the class").wait_for()
    wait_until(lambda: before not in own.inner_text("body"), "another code")
    assert own.get_by_text("0 joined").count() == 1
    wait_until(lambda: before not in wall.locator(".tdl-class-sheet").inner_text(), "another code on the wall")
