"""Lesson 5 as Voilà serves it: every lab is driven, a cell is chosen by click and by key."""

import pytest

from tests.browser.lesson_page import LabOnPage, area_of, wait_until

pytestmark = pytest.mark.browser
LESSON = "/voila/render/05_normalization.ipynb"
CONDITIONING, TENSOR, NETS, RATES, SHIFT, DRAWS, BATCHES, MAPS = range(8)
# A setting, what is typed for it, the preset to begin with, and steps enough to see it.
CONTROLS = {
    CONDITIONING: ("correlation", "0.5", None, None),
    TENSOR: ("factor", "4", "groups, from one to all", None),
    NETS: ("learning_rate", "0.3", None, "40"),
    RATES: ("highest", "10", None, "40"),
    SHIFT: ("learning_rate", "0.08", "one sample at a time", "40"),
    DRAWS: ("learning_rate", "0.3", None, "40"),
    BATCHES: ("learning_rate", "0.05", "sorted by class, larger batches", "60"),
    MAPS: ("learning_rate", "0.05", "one image a step", "60"),
}
LINES = """p => [...p.querySelectorAll(".scatterlayer .trace")].map(t => ({
  drawn: (t.querySelector("path.js-line")?.getAttribute("d") ?? "").split(/[ML]/).length > 20,
  faint: Number(getComputedStyle(t).opacity) < 0.5,
}))"""
LEGEND = "p => [...p.querySelectorAll('.legendtext, .tdl-ends > span')].map(each => each.textContent)"
LIT = "p => Array.from(p.data[1].z).flatMap(row => Array.from(row)).filter(v => v > 0).length"


def test_a_control_of_every_lab_changes_what_it_draws(page, voila):
    page.goto(voila + LESSON)
    for number, (field, text, preset, steps) in CONTROLS.items():
        lab = LabOnPage(page, number)
        if preset:
            lab.choose(preset)
        if steps:
            lab.type_value("steps", steps)  # which lets it run
            wait_until(lambda lab=lab, steps=steps: f"of {steps}" in lab.status(), f"lab {number} takes {steps} steps")
        else:
            lab.press("Play")
        lab.until_finished()
        lab.draws_otherwise_with(field, text)
        assert "nan" not in lab.element.locator(".tdl-readings").inner_text().lower()


def test_a_click_and_an_arrow_key_choose_the_cell_and_light_what_is_averaged(page, voila):
    page.goto(voila + LESSON)
    lab = LabOnPage(page, TENSOR)
    cells = lab.element.locator(".tdl-plot").first
    wait_until(lambda: cells.evaluate(LIT) == 36 + 36 + 9 + 18 + 36, "the cells of five normalizations are lit")
    box = area_of(cells)
    page.mouse.click(box["x"] + 0.6 * box["width"] / 5, box["y"] + 0.9 * box["height"])
    wait_until(lambda: (lab.value("cell_sample"), lab.value("cell_channel")) == (4, 3), "the cell that was clicked on")
    wait_until(lambda: lab.points(0, 3)[1][0] > 9, "the mark has moved")
    first = lab.points(0, 3)[0][0]
    page.keyboard.press("ArrowLeft")
    wait_until(lambda: lab.points(0, 3)[0][0] == first - 1, "one cell to the left")
    assert cells.evaluate(LIT) == 135


def test_four_other_seeds_are_drawn_faint_behind_each_lane_and_the_legend_names_the_lanes_alone(page, voila):
    page.goto(voila + LESSON)
    lab = LabOnPage(page, DRAWS)
    lab.element.scroll_into_view_if_needed()
    lab.type_value("steps", "40")
    wait_until(lambda: "of 40" in lab.status(), "it takes 40 steps")
    lab.until_finished()
    loss = lab.element.locator(".tdl-plot").first
    wait_until(lambda: all(line["drawn"] for line in loss.evaluate(LINES)), "all lines are drawn to their ends")
    assert [line["faint"] for line in loss.evaluate(LINES)] == [True] * 16 + [False] * 4
    assert loss.evaluate(LEGEND) == ["none", "batch", "layer", "deconvolution"]
    lab.type_value("other_seeds", "0")
    lab.until_finished()
    wait_until(lambda: sum(line["drawn"] for line in loss.evaluate(LINES)) == 4, "the four lanes are left")


def test_the_largest_stable_learning_rate_is_found_live(page, voila):
    page.goto(voila + LESSON)
    lab = LabOnPage(page, RATES)
    lab.element.scroll_into_view_if_needed()
    lab.press("Play")
    wait_until(lambda: "finished" in lab.status(), "64 nets are trained", 180)
    none, batch = (lab.points(1, kind)[1][0] for kind in range(2))  # pale bars, one a normalization
    assert batch > 3 * none
