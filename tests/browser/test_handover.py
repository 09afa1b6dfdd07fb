"""Served plain pages: a kernel takes over where somebody goes beyond what is recorded, and only then."""

import contextlib
from pathlib import Path

import pytest

from tests.browser.lesson_page import LabOnPage, new_context, wait_until
from tests.browser.plain_site import build_site
from tests.browser.served import lesson_server
from tests.deploy.visitor import await_that, health, server_of

pytestmark = pytest.mark.browser
NAME = "03_divergence"
CELLS = (
    "# Divergence",
    "from ",
    "## One dimension",
    "show_code(Parabola)",
    "divergence.parabola()",
    "divergence.bowl()",
)
PARABOLA, BOWL = range(2)
LIVE, RECORDED = "· cpu", "recorded run"
SECONDS = 60  # for a kernel, and for what it trains, on a busy machine


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with a notebook, and one with its page."""
    folder = tmp_path_factory.mktemp("site")
    build_site(folder, NAME, CELLS)
    return folder


@pytest.fixture(scope="module")
def room(site: Path):
    """A room of one seat that shows the recorded page first."""
    with lesson_server(site, options=[f"--pages={site / 'pages'}", "--seats=1"]) as address:
        await_that(lambda: health(address)["status"] == "ok", "the server is warm")
        yield address


@pytest.fixture
def visit(browser, room):
    """A function that opens the recorded page in a window of its own, which may complain of a kernel that is gone."""
    with contextlib.ExitStack() as stack:
        pages = []

        def opened(query: str = ""):
            context = new_context(browser)
            stack.callback(context.close)
            pages.append(context.new_page())
            pages[-1].goto(f"{room}/pages/{NAME}.html{query}")
            return pages[-1]

        yield opened
        for page in pages:
            page.goto("about:blank")
        await_that(lambda: health(room)["taken"] == 0, "who leaves gives the seat back")


def is_live(lab: LabOnPage) -> bool:
    return lab.status().endswith(LIVE)


def test_who_plays_what_is_recorded_takes_no_seat_and_who_is_about_to_change_something_does(visit, room):
    page = visit()
    lab = LabOnPage(page, PARABOLA)
    lab.press("Step")
    lab.press("Step")
    wait_until(lambda: lab.step_number() == 2, "two steps are made")
    assert RECORDED in lab.status()
    assert health(room)["taken"] == 0
    lab.control("ratio").hover()
    wait_until(lambda: health(room)["taken"] == 1, "a pointer rests on a setting: a kernel starts")
    assert RECORDED in lab.status()
    page.goto("about:blank")
    wait_until(lambda: health(room)["taken"] == 0, "who leaves gives the seat back")


def test_a_kernel_goes_on_where_the_record_was_and_does_what_was_asked(visit, room):
    page = visit()
    lab = LabOnPage(page, BOWL)
    lab.press("Step")
    lab.press("Step")
    wait_until(lambda: lab.step_number() == 2, "two steps are made")
    before = lab.drawn()
    lab.type_value("learning_rate", "0.2")  # may be changed in flight
    wait_until(lambda: "on its way" in lab.status() or is_live(lab), "it says that a kernel comes")
    wait_until(lambda: is_live(lab), "a kernel has taken over", SECONDS)
    assert lab.step_number() == 2
    assert lab.value("learning_rate") == 0.2
    assert [len(curve) for curve in before] == pytest.approx([len(curve) for curve in lab.drawn()], rel=0.2)
    lab.press("Step")
    wait_until(lambda: lab.step_number() == 3, "it trains")
    lab.press("+ compare")
    wait_until(lambda: lab.element.locator(".tdl-chip").count() == 2, "a lane is added")
    other = LabOnPage(page, PARABOLA)
    assert RECORDED in other.status()
    other.type_value("ratio", "1.9")
    wait_until(lambda: is_live(other) and other.value("ratio") == 1.9, "the same kernel takes this lab, too", SECONDS)
    assert health(room)["taken"] == 1


def test_a_run_that_plays_goes_on_playing(visit):
    lab = LabOnPage(visit(), BOWL)
    lab.press("Play")
    wait_until(lambda: lab.step_number() > 2, "it plays")
    lab.type_value("learning_rate", "0.2")
    wait_until(lambda: is_live(lab), "a kernel has taken over", SECONDS)
    lab.until_finished()
    assert lab.points(2, 0)[0][-1] == lab.step_number()


def test_a_change_after_the_end_of_a_recorded_run_begins_another(visit):
    lab = LabOnPage(visit(), BOWL)
    lab.press("Play")
    lab.until_finished()
    recorded = lab.drawn()
    lab.type_value("learning_rate", "0.2")
    wait_until(lambda: is_live(lab) and lab.value("learning_rate") == 0.2, "a kernel has taken over", SECONDS)
    lab.until_finished()
    wait_until(lambda: lab.drawn() != recorded, "it draws another run")


def test_when_its_kernel_has_ended_a_lab_plays_recorded_runs_again_and_the_next_change_takes_another(visit, room):
    lab = LabOnPage(visit(), PARABOLA)
    lab.type_value("ratio", "0.7")
    wait_until(lambda: is_live(lab) and lab.value("ratio") == 0.7, "a kernel has taken over", SECONDS)
    for parent in server_of(room).children():
        for kernel in parent.children():
            kernel.kill()
    wait_until(lambda: RECORDED in lab.status(), "the recorded run is there again", SECONDS)
    assert "has ended" in lab.notice()
    assert lab.value("ratio") != 0.7
    lab.press("Step")
    wait_until(lambda: lab.step_number() == 1, "it can be played")
    lab.type_value("ratio", "0.6")
    wait_until(lambda: is_live(lab) and lab.value("ratio") == 0.6, "another kernel has taken over", SECONDS)


def test_where_all_seats_are_taken_it_says_so_and_recorded_runs_play_on(visit, room):
    first, second = LabOnPage(visit(), PARABOLA), LabOnPage(visit(), PARABOLA)
    first.type_value("ratio", "0.7")
    wait_until(lambda: is_live(first), "a kernel has taken over", SECONDS)
    before = second.value("ratio")
    second.type_value("ratio", "0.7")
    wait_until(lambda: "all seats are taken" in second.refusal(), "it says so")
    assert second.value("ratio") == before
    second.press("Step")
    wait_until(lambda: second.step_number() == 1, "it plays what is recorded")
    assert RECORDED in second.status()
    first.page.goto("about:blank")
    wait_until(lambda: health(room)["taken"] == 0, "the seat is free")
    second.type_value("ratio", "0.8")
    wait_until(lambda: is_live(second) and second.value("ratio") == 0.8, "a kernel has taken over", SECONDS)


def test_a_link_to_somebodys_own_run_opens_the_lesson_with_a_kernel(visit, room):
    page = visit("?parabola=%7B%7D&theme=dark")
    wait_until(lambda: page.url.startswith(f"{room}/voila/render/{NAME}.ipynb?parabola="), "the lesson is opened")
    assert RECORDED not in LabOnPage(page, PARABOLA).status()
