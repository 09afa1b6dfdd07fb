"""Lesson 2 as Voilà serves it: every lab is driven, and a schedule is drawn by hand."""

import pytest

from tests.browser.lesson_page import LAST, LabOnPage, area_of, wait_until

pytestmark = pytest.mark.browser
LESSON = "/voila/render/02_schedules.ipynb"
NOISY, FLOOR, NET, SEEDS, LENGTH, RANGE = range(6)
CONTROLS = {
    NOISY: ("noise", "0.2"),
    FLOOR: ("noise", "0.1"),
    NET: ("learning_rate", "0.05"),
    SEEDS: ("learning_rate", "0.01"),
    LENGTH: ("learning_rate", "0.2"),
    RANGE: ("learning_rate", "1"),
}


def test_a_control_of_every_lab_changes_what_it_draws(page, voila):
    page.goto(voila + LESSON)
    for number, (field, text) in CONTROLS.items():
        lab = LabOnPage(page, number)
        lab.press("Play")
        wait_until(lambda lab=lab: lab.step_number() > 20, f"lab {number} runs")
        lab.draws_otherwise_with(field, text, LAST)


def test_a_schedule_is_drawn_by_hand_and_trained_with(page, voila):
    page.goto(voila + LESSON)
    lab = LabOnPage(page, NOISY)
    lab.preset("draw your own")
    lab.until_finished()
    lab.element.locator(".tdl-chip-name", has_text="drawn").click()
    before = lab.points(0, 3)[1]
    plot = lab.element.locator(".tdl-plot").first
    area = area_of(plot)
    left, top, width, height = area["x"], area["y"], area["width"], area["height"]
    page.mouse.move(left + 2, top + 0.2 * height)
    page.mouse.down()
    for share in (0.25, 0.5, 0.75, 1.0):
        page.mouse.move(left + share * width - 2, top + (0.2 + 0.6 * share) * height, steps=4)
    page.mouse.up()
    wait_until(lambda: lab.points(0, 3)[1][:1] not in ([], before[:1]), "the drawn schedule is used")
    lab.until_finished()
    rates = lab.points(0, 3)[1]
    assert rates[0] > 10 * rates[-1]
    points = [lab.value(f"point_{number}") for number in range(9)]
    assert points == sorted(points, reverse=True)
    assert lab.value("horizon") == 900


def test_the_axis_of_the_loss_stands_upright_also_where_floors_are_far_below_the_start(page, voila):
    page.goto(voila + LESSON)
    lab = LabOnPage(page, NOISY)
    lab.choose("batches of eight")
    for _ in range(3):
        lab.press("Step")
    wait_until(lambda: lab.step_number() == 3 and len(lab.points(1, 0)[0]) > 3, "it draws")
    low, high = lab.element.locator(".tdl-plot").nth(1).evaluate("p => p._fullLayout.yaxis.range")
    assert low < high
