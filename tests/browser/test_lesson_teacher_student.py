"""Lesson 7 as Voilà serves it: every lab is driven, a matrix grows, nodes are shaken in flight."""

import pytest

from tests.browser.lesson_page import FIRST, LabOnPage, wait_until

pytestmark = pytest.mark.browser
LESSON = "/voila/render/07_teacher_student.ipynb"
TITLES = {
    "Lines that slide onto a teacher's": ("overparameterization", "2", {"steps": "200"}),
    "Students of a teacher": ("overparameterization", "2", {"steps": "400"}),
    "What moves a hidden node?": ("overparameterization", "2", {"steps": "200"}),
    "How wide must a student be?": ("learning_rate", "0.02", {"steps": "400", "students": "2"}),
    "Lucky nodes": ("init_scale", "0.5", {"steps": "100"}),
    "Independent weights?": ("init_scale", "0.5", {"steps": "100"}),
    "Shake a node": ("top_scale", "0.1", {"steps": "400"}),
    "One start, two teachers": ("init_scale", "0.5", {"steps": "100"}),
    "The lottery of nodes": ("keep", "12", {"steps": "201", "prune_at": "100", "students": "2"}),
    "Random labels": ("random_share", "0.3", {"steps": "100"}),
    "Structure, or noise?": ("train_size", "100", {"steps": "100", "students": "1"}),
    "The fewest nodes?": ("teacher_width", "4", {"steps": "100", "students": "1"}),
    "Same net, other first weights": ("train_size", "100", {"steps": "100", "students": "2"}),
    "Test error against width": ("ridge", "0.01", {}),
    "How often do two nodes fire together?": ("dimension", "5", {}),
    "Biases of batch normalization": ("weight_decay", "0.01", {"steps": "50"}),
    "From above, or layer by layer?": ("init_scale", "0.3", {"steps": "200"}),
    "Nodes that are chosen beforehand": ("dimension", "7", {"steps": "30"}),
}


def test_a_control_of_every_lab_changes_what_it_draws(page, voila):
    page.goto(voila + LESSON)
    for title, (field, text, quick) in TITLES.items():
        lab = LabOnPage(page, title=title)
        for name, value in quick.items():
            lab.type_value(name, value)  # which lets it run
        if not quick:
            lab.press("Play")
        lab.until_finished()
        lab.draws_otherwise_with(field, text, FIRST)


def test_the_matrix_is_live_and_follows_the_chosen_lane(page, voila):
    page.goto(voila + LESSON)
    lab = LabOnPage(page, title="Students of a teacher")
    matrix = lab.element.locator(".tdl-plot").first
    rows, top = "p => p.data[0].z.length", "p => Math.max(...p.data[0].z.flat())"
    lab.preset("1×, 2×, 5×, 10×")
    lab.type_value("steps", "500")
    lab.until_finished()
    wait_until(lambda: matrix.evaluate(rows) == 10, "the 1× student has ten rows")
    lab.element.locator(".tdl-chip-name", has_text="5×").click()  # its name says its width, which has not changed
    wait_until(lambda: matrix.evaluate(rows) == 50, "the 5× student has fifty")
    assert matrix.evaluate(top) > 0.95
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth + 1")


def test_a_winner_is_shaken_in_flight_and_the_loss_jumps(page, voila):
    page.goto(voila + LESSON)
    lab = LabOnPage(page, title="Shake a node")
    lab.element.scroll_into_view_if_needed()
    lab.type_value("steps", "20000")  # so that no machine is done before it is paused
    wait_until(lambda: lab.step_number() > 500, "it has trained for a while")
    lab.press("Pause")
    wait_until(lambda: "paused" in lab.status(), "it rests")
    at = lab.step_number()
    lab.control("shake").locator("select").select_option("a winner")
    lab.press("Step")
    lab.press("Step")
    wait_until(lambda: lab.step_number() == at + 2, "two more steps are made")
    plot = lab.element.locator(".tdl-plot").first
    wait_until(lambda: "winner" in plot.evaluate("p => JSON.stringify(p.layout.annotations ?? [])"), "it is marked")
    _, loss = lab.points(0, 0)
    assert loss[-1] > 20 * sorted(loss[-30:])[10]
