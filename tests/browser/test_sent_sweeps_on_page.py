"""A lab whose cells are computed by other processes, on a page."""

import pytest

from tests.browser.lesson_page import LabOnPage, wait_until

pytestmark = pytest.mark.browser
SMALL = "width=8, depth=1, train_size=50, steps=150, rows=2, columns=3, learning_rate=2.0"
PAGE = f"""
from lessons.core.sweeps.executors import Workers
from widgets.labs import periodic
periodic.period_map(Workers(2), lanes_per_task=2, {SMALL})
"""


def known(lab: LabOnPage) -> int:
    """How many cells of the first map have a number."""
    plot = lab.element.locator(".tdl-plot").first
    return plot.evaluate("p => Array.from(p.data[0].z ?? []).flat().filter((z) => z !== null).length")


def test_cells_computed_by_workers_fill_the_map(serve_folder, page):
    page.goto(serve_folder(PAGE))
    lab = LabOnPage(page)
    assert known(lab) == 0
    lab.press("Play")
    wait_until(lambda: known(lab) > 0, "a cell is on the map")
    lab.until_finished()
    assert lab.step_number() == 6
    lab.press("Reset")
    wait_until(lambda: lab.step_number() == 0 and known(lab) == 0, "the map is empty")
    lab.press("Play")
    lab.until_finished()
