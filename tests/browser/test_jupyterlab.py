"""The lessons in JupyterLab: run, drag, and open again with the kernel still there."""

import pytest

from tests.browser.lesson_page import LabOnPage, wait_until
from tests.browser.test_first_move import STANDING, TOGETHER

pytestmark = pytest.mark.browser


PARABOLA, NET = "Gradient descent on a parabola", "A net on the digits"


def open_lesson(page, address):
    page.goto(f"{address}?reset")
    page.locator(".jp-NotebookPanel-toolbar").wait_for(timeout=90_000)


def run_all(page):
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator("li[data-command='runmenu:run-all']").click()


def test_run_drag_pause_reset_and_reload_in_jupyterlab(page, lesson_in_jupyterlab):
    open_lesson(page, lesson_in_jupyterlab)
    run_all(page)
    parabola = LabOnPage(page, title=PARABOLA)
    parabola.press("Play")
    wait_until(lambda: len(parabola.points(0, 1)[0]) == 41, "41 points are drawn")
    parabola.drag("ratio", 0.3)
    wait_until(lambda: 0.6 < parabola.value("ratio") < 0.9, "the number follows")
    wait_until(
        lambda: parabola.points(0, 1)[0][1] == pytest.approx(-2 * (1 - parabola.value("ratio"))), "the curve follows"
    )
    net = LabOnPage(page, title=NET)
    net.type_value("steps", "20000")  # so that no machine is done before it is paused
    net.press("Reset")
    wait_until(lambda: net.step_number() == 0, "it waits at the start")
    net.press("Play")
    wait_until(lambda: len(net.points(0, 0)[0]) > 30, "the net trains")
    net.press("Pause")
    wait_until(lambda: "paused" in net.status(), "it pauses")
    wait_until(lambda: net.points(0, 0)[0][-1] == net.step_number(), "the curve is drawn to the last step")
    step, losses = net.step_number(), net.points(0, 0)[1]
    page.keyboard.press("Control+s")
    page.wait_for_timeout(2000)
    page.reload()
    page.locator(".jp-NotebookPanel-toolbar").wait_for(timeout=90_000)
    again = LabOnPage(page, title=NET)
    wait_until(lambda: again.step_number() == step, "the lab is back where it was")
    # What was much at once had been thinned: it may have more points now, and lacks none.
    wait_until(lambda: set(losses) <= set(again.points(0, 0)[1]), "the whole curve is back")
    again.press("Reset")
    wait_until(lambda: again.points(0, 0)[1] == losses[:1], "reset goes back to the same weights")


def test_controls_stay_beside_the_figure_in_a_narrower_output(page, lesson_in_jupyterlab):
    open_lesson(page, lesson_in_jupyterlab)
    run_all(page)
    lab = LabOnPage(page, title=NET)
    seen = lab.element.evaluate(TOGETHER)
    assert all(top >= 0 and bottom <= 800 for top, bottom in (seen["controls"], seen["figure"])), seen
    assert lab.element.evaluate("lab => lab.scrollWidth <= lab.clientWidth + 1")
    play, figure = lab.element.locator(".tdl-play").bounding_box(), lab.element.locator(".tdl-figure").first
    assert play["x"] + play["width"] <= figure.bounding_box()["x"], "two columns"
    assert lab.element.evaluate(STANDING), "the controls stay while the figures scroll"


def test_on_a_phone_figures_keep_the_width_of_the_notebook(page, lesson_in_jupyterlab):
    page.set_viewport_size({"width": 390, "height": 844})
    open_lesson(page, lesson_in_jupyterlab)
    page.keyboard.press("Control+b")
    run_all(page)
    for title in (PARABOLA, NET):
        lab = LabOnPage(page, title=title)
        lab.press("Play")
        wait_until(lambda lab=lab: len(lab.points(0, 1)[0]) > 5, "it draws")
        widths = lab.element.evaluate("e => [e, ...e.querySelectorAll('.tdl-plot')].map((part) => part.clientWidth)")
        assert 200 < min(widths) <= max(widths) < 390
