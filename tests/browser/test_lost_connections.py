"""Lines that swallow what is sent, kernels that stop, restart or end, labs taken off a page: told, and made up for."""

import contextlib
import os
import signal

import nbformat
import pytest

from tests.browser.half_open import half_open_proxy
from tests.browser.lesson_page import LabOnPage, new_context, wait_until
from tests.browser.served import jupyterlab, lesson_server
from tests.browser.test_jupyterlab import run_all

pytestmark = pytest.mark.browser
# A run that outlasts every test here; each lab that the first cell has made is kept, and the second tells of all.
CELLS = (
    "import os\n"
    "from widgets.labs import divergence\n"
    "labs = globals().get('labs', [])\n"
    "labs.append(divergence.net(steps=20000))\n"
    "labs[-1]",
    "print('labs:', *(lab.state.value for lab in labs), 'in', os.getpid())",
)
SLEEP_SECONDS = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A notebook of two cells for each test: a kernel in JupyterLab belongs to a file."""
    folder = tmp_path_factory.mktemp("notebooks")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in CELLS])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    for name in ("lost", "restarted", "stopped", "clear", "delete", "again"):
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def room(folder):
    with lesson_server(folder) as address:
        yield address


@pytest.fixture(scope="module")
def learners_own(folder, tmp_path_factory):
    home = tmp_path_factory.mktemp("jupyterlab")
    with jupyterlab(folder, home, log=home / "log.txt") as address:
        yield address


@pytest.fixture
def visitor(browser):
    """A page whose console may complain of lost connections."""
    context = new_context(browser)
    yield context.new_page()
    context.close()


def in_room(page, address: str) -> LabOnPage:
    page.goto(f"{address}/voila/render/lost.ipynb")
    return LabOnPage(page)


def in_jupyterlab(page, address: str, name: str) -> LabOnPage:
    page.goto(f"{address}/lab/tree/{name}.ipynb?reset")
    page.locator(".jp-NotebookPanel-toolbar").wait_for()
    run_all(page)
    return LabOnPage(page)


def playing(net: LabOnPage) -> LabOnPage:
    net.press("Play")
    wait_until(lambda: len(net.points(0, 0)[0]) > 20, "it trains and draws")
    return net


def goes_on(net: LabOnPage) -> None:
    """The figure follows the run, and each button does what it says."""
    step = net.step_number()
    wait_until(lambda: net.step_number() > step + 20, "the status line goes on")
    wait_until(lambda: net.points(0, 0)[0][-1] > step, "the figure draws on")
    net.press("Pause")
    wait_until(lambda: "paused" in net.status(), "it pauses")
    wait_until(lambda: net.points(0, 0)[0][-1] == net.step_number(), "the curve is drawn to the last step")
    assert net.points(0, 0)[0][0] == 0, "and from the first one"
    net.press("Reset")
    wait_until(lambda: net.points(0, 0)[0] == [0], "it is back at the start")
    net.press("Play")
    wait_until(lambda: len(net.points(0, 0)[0]) > 20, "it draws again")


def test_a_figure_draws_on_after_a_line_that_swallowed_everything(visitor, room):
    with half_open_proxy(room) as proxy:
        net = playing(in_room(visitor, proxy.address))
        proxy.lose(SLEEP_SECONDS)
        goes_on(net)


def test_two_views_in_jupyterlab_draw_on_after_a_line_that_swallowed_everything(visitor, learners_own):
    with half_open_proxy(learners_own) as proxy:
        net = playing(in_jupyterlab(visitor, proxy.address, "lost"))
        net.element.click(button="right", position={"x": 300, "y": 3})
        visitor.get_by_role("menuitem", name="Create New View for Cell Output").click()
        wait_until(lambda: visitor.locator(".tdl-lab").count() == 2, "there are two views")
        proxy.lose(SLEEP_SECONDS)
        goes_on(LabOnPage(visitor, 0))
        views = [LabOnPage(visitor, number) for number in (0, 1)]
        views[0].press("Pause")
        wait_until(lambda: all("paused" in view.status() for view in views), "both views say that it waits")
        wait_until(lambda: views[0].points(0, 0) == views[1].points(0, 0), "both show the same")


def test_what_is_pressed_on_a_dead_line_is_said_to_be_unheard(visitor, room):
    with half_open_proxy(room) as proxy:
        net = in_room(visitor, proxy.address)
        proxy.swallow()
        net.press("Play")
        wait_until(lambda: "no word from the kernel" in net.status(), "the lab says that nobody answers")
        proxy.reset_clients()
        wait_until(lambda: "no word" not in net.status(), "the line is back")
        playing(net)


def test_a_lab_whose_kernel_is_restarted_says_so_and_offers_nothing(visitor, learners_own):
    uncaught = []
    visitor.on("pageerror", lambda error: uncaught.append(str(error)))
    net = playing(in_jupyterlab(visitor, learners_own, "restarted"))
    visitor.get_by_role("menuitem", name="Kernel", exact=True).click()
    visitor.locator("li[data-command='kernelmenu:restart']").click()
    visitor.get_by_role("button", name="Confirm Kernel Restart").click()
    wait_until(lambda: "was restarted or has ended" in net.status(), "the lab says that its kernel is gone")
    assert "running" not in net.status()
    assert net.element.get_by_role("button", name="Reset", exact=True).is_disabled()
    assert net.element.locator(".tdl-panel :is(button, input, select):enabled").count() == 0
    visitor.wait_for_timeout(6000)  # a beat later
    assert not uncaught


def test_a_stopped_kernel_is_said_to_be_silent_heard_again_and_gone_when_it_is_killed(visitor, learners_own):
    net = playing(in_jupyterlab(visitor, learners_own, "stopped"))
    kernel = int(visitor.locator(".jp-CodeCell").nth(1).locator(".jp-OutputArea-output").inner_text().split()[-1])
    with contextlib.ExitStack() as stack:
        os.kill(kernel, signal.SIGSTOP)
        stack.callback(os.kill, kernel, signal.SIGCONT)
        wait_until(lambda: "no word from the kernel" in net.status(), "the lab says that it hears nothing")
        assert "running" not in net.status()
    wait_until(lambda: "running" in net.status(), "it is heard again")
    os.kill(kernel, signal.SIGKILL)
    wait_until(lambda: "was restarted or has ended" in net.status(), "the lab says that its kernel is gone")


@pytest.mark.parametrize("way", ["clear", "delete", "again"])
def test_a_lab_that_is_taken_off_the_page_trains_no_more(visitor, learners_own, way):
    net = playing(in_jupyterlab(visitor, learners_own, way))
    cell, telling = (visitor.locator(".jp-CodeCell").nth(number) for number in (0, 1))
    cell.locator(".jp-InputArea-prompt").click()
    if way == "again":
        visitor.keyboard.press("Control+Enter")
        wait_until(lambda: "idle" in net.status(), "another lab stands in its place")
    else:
        visitor.get_by_role("menuitem", name="Edit", exact=True).click()
        command = {"clear": "editmenu:clear-current", "delete": "notebook:delete-cell"}[way]
        visitor.locator(f".lm-Menu li[data-command='{command}']").click()
        wait_until(lambda: visitor.locator(".tdl-lab").count() == 0, "it is gone from the page")
        telling = visitor.locator(".jp-CodeCell").nth(0 if way == "delete" else 1)

    def told() -> str:
        telling.locator(".jp-InputArea-prompt").click()
        visitor.keyboard.press("Control+Enter")
        visitor.wait_for_timeout(1000)
        return telling.locator(".jp-OutputArea-output").inner_text()

    wait_until(lambda: "labs: paused" in told(), "the lab that nobody sees waits")


def test_a_page_without_a_line_to_its_kernel_says_what_is_in_the_way(visitor, room):
    """As behind a proxy or a school's filter that lets pages through, but no WebSocket."""
    visitor.route_web_socket("**/channels**", lambda socket: socket.close())
    visitor.goto(f"{room}/voila/render/lost.ipynb")
    visitor.get_by_role("alert").filter(has_text="may not let WebSockets through").wait_for()


def test_a_page_whose_server_is_away_keeps_what_it_shows_and_goes_on_when_it_is_back(visitor, room):
    in_room(visitor, room)
    visitor.context.set_offline(True)
    visitor.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    offline = visitor.get_by_role("alert").filter(has_text="The server does not answer")
    offline.wait_for()
    assert "goes on by itself" in offline.inner_text()
    visitor.context.set_offline(False)
    visitor.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    offline.wait_for(state="hidden")
