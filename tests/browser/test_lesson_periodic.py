"""Lesson 6 as Voilà serves it: every lab is driven, and the norm is held and let go while it trains."""

import pytest

from tests.browser.lesson_page import LabOnPage, wait_until

pytestmark = pytest.mark.browser
LESSON = "/voila/render/06_periodic.ipynb"
STRETCH, PERIODS, CIRCLE, SETTLING, FORECAST, JUMPS, MAP, VARIANTS, MINIMA, CONV = range(10)
# What makes a run short, and a control that changes what is drawn.
SHORT = {
    PERIODS: {"steps": "300", "train_size": "64"},
    CIRCLE: {"steps": "300", "train_size": "64"},
    SETTLING: {"steps": "300", "train_size": "64"},
    FORECAST: {"steps": "300", "train_size": "64"},
    JUMPS: {"nets": "2", "steps": "300"},
    MAP: {"rows": "2", "columns": "2", "steps": "300"},
    VARIANTS: {"steps": "200", "train_size": "64"},
    MINIMA: {"nets": "2", "steps": "300"},
    CONV: {"steps": "100", "train_size": "200"},
}
CONTROLS = {
    STRETCH: ("smallest", "0.01"),
    PERIODS: ("weight_decay", "0.02"),
    CIRCLE: ("initial_norm", "8"),
    SETTLING: ("initial_norm", "20"),
    FORECAST: ("delta", "0.001"),
    JUMPS: ("noise", "0.5"),
    MAP: ("learning_rate", "2"),
    VARIANTS: ("learning_rate", "2"),
    MINIMA: ("weight_decay", "0.02"),
    CONV: ("weight_decay", "0.02"),
}


def test_a_control_of_every_lab_changes_what_it_draws(page, voila):
    page.goto(voila + LESSON)
    for number, (field, text) in CONTROLS.items():
        lab = LabOnPage(page, number)
        for name, value in SHORT.get(number, {}).items():
            lab.type_value(name, value)  # which lets it run
        if number not in SHORT:
            lab.press("Play")
        steps = SHORT.get(number, {}).get("steps", "40")
        wait_until(lambda lab=lab, steps=steps: f"of {steps}" in lab.status(), f"lab {number} takes its settings")
        lab.until_finished()
        assert max(map(len, lab.drawn())) > 300
        lab.draws_otherwise_with(field, text)


def test_the_norm_is_held_and_let_go_while_it_trains(page, voila):
    page.goto(voila + LESSON)
    lab = LabOnPage(page, PERIODS)
    lab.preset("hold it yourself")
    wait_until(lambda: lab.step_number() > 60, "it trains")
    hold = lab.control("fixed_norm").locator("input[type=checkbox]")
    hold.click()
    clicked_at = lab.step_number()
    wait_until(lambda: lab.step_number() > clicked_at + 200, "it trains on")
    steps, norms = lab.points(2, 0)
    held = [norm for step, norm in zip(steps, norms, strict=True) if step > steps[-1] - 80]
    assert len(held) > 5
    assert max(held) < 1.001 * min(held)
    hold.click()
    wait_until(lambda: lab.points(2, 0)[1][-1] < 0.95 * held[-1], "the norm falls again")
    annotations = "p => (p.layout.annotations ?? []).map(a => a.text)"
    assert len(lab.element.locator(".tdl-plot").first.evaluate(annotations)) == 2


def test_phases_are_shaded_and_counted(page, voila):
    page.goto(voila + LESSON)
    lab = LabOnPage(page, PERIODS)
    lab.preset("faster periods")
    lab.until_finished()
    plot = lab.element.locator(".tdl-plot").first
    fills = "p => p.data.slice(0, 3).map(t => Array.from(t.x).length)"
    wait_until(lambda: all(count >= 5 * 4 for count in plot.evaluate(fills)), "each phase has come several times")
    wait_until(lambda: "T·η·λ" in lab.element.locator(".tdl-readings").inner_text(), "periods are in the table")
    shaded = "p => p.querySelectorAll('.fills path.js-fill').length"
    wait_until(lambda: plot.evaluate(shaded) >= 3, "phases are shaded")


def test_where_there_is_no_long_run_a_sentence_says_how_to_make_one(page, voila):
    page.goto(voila + LESSON)
    page.get_by_text("There is no table").wait_for()
    assert page.get_by_text("python -m lessons.periodic --out periodic_run").is_visible()
