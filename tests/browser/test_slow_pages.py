"""Pages on slow devices, and several at once: every output comes alive."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.loads import GIVEN_UP, dead_outputs, load_pages
from tests.browser.lesson_page import LabOnPage, new_context, wait_until
from tests.browser.served import jupyterlab, write_notebook
from tests.browser.test_jupyterlab import open_lesson, run_all

pytestmark = pytest.mark.browser
LESSON = "/voila/render/03_divergence.ipynb"
# A page that comes back late from each wait of `get_model`, when all models have been restored: what a slow device does
# now and then, for certain.
LATE = """
  const real = window.setTimeout;
  let isWaitedFor = false;
  window.setTimeout = (then, wait, ...rest) => {
    if (wait !== 100) return real(then, wait, ...rest);
    isWaitedFor = true;
    const start = Date.now();
    // Voilà tells when the models are there; JupyterLab does not, and has them within 20 s.
    const isLate = () => {
      const manager = window.jupyterapp?.widgetManager;
      return Date.now() - start > (manager ? 2200 : 20000) && (manager?.restoredStatus ?? true);
    };
    const look = () => (isLate() ? then(...rest) : real(look, 50));
    return real(look, wait);
  };
  // A page may be slower than its kernel: what the kernel says of its models is held until an output waits for it.
  const waited = async (event) => {
    const bytes = event.data instanceof ArrayBuffer ? new Uint8Array(event.data) : null;
    if (!bytes || !new TextDecoder().decode(bytes.slice(0, 4000)).includes("update_states")) return;
    while (!isWaitedFor) await new Promise((resolve) => real(resolve, 20));
  };
  const own = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
  Object.defineProperty(WebSocket.prototype, "onmessage", {
    ...own,
    set(take) {
      let chain = Promise.resolve();
      const held = (event) => (chain = chain.then(() => waited(event)).then(() => take.call(this, event)));
      own.set.call(this, take && held);
    },
  });
"""
# anywidget's two seconds for a module are over at once, as on a device that takes longer.
DEAF = """
  const timeout = AbortSignal.timeout.bind(AbortSignal);
  AbortSignal.timeout = (wait) => timeout(wait === 2000 ? 0 : wait);
"""


@pytest.fixture
def opened(browser):
    contexts = []

    def open_with(script):
        context = new_context(browser)
        context.add_init_script(script)
        contexts.append(context)
        return context.new_page()

    yield open_with
    for context in contexts:
        context.close()


@pytest.fixture
def slow_page(opened):
    return opened(LATE)


def watch(page):
    """A function that returns how many outputs of a page have been given up so far."""
    said = []
    page.on("console", lambda message: GIVEN_UP in message.text and said.append(1))

    def given_up():
        page.wait_for_timeout(50)  # what a page says is heard while one waits for the page
        return len(said)

    return given_up


def test_outputs_that_were_given_up_are_shown_once_their_models_are_there(slow_page, voila):
    given_up = watch(slow_page)
    slow_page.goto(voila + LESSON)
    wait_until(lambda: given_up() > 9, "many outputs are given up")
    wait_until(lambda: dead_outputs(slow_page) == 0, "all are shown all the same")
    parabola = LabOnPage(slow_page, 0)
    parabola.type_value("ratio", "0.5")
    wait_until(lambda: parabola.points(0, 1)[0][1] == -1.0, "the lab answers")


def test_a_notebook_that_is_opened_again_shows_its_lab_however_late(slow_page, tmp_path):
    given_up = watch(slow_page)
    (tmp_path / "notebooks").mkdir()
    write_notebook(tmp_path / "notebooks" / "net.ipynb", "from widgets.labs import divergence\ndivergence.net()")
    with jupyterlab(tmp_path / "notebooks", tmp_path) as address:
        slow_page.goto(f"{address}/lab/tree/net.ipynb?reset")
        slow_page.locator(".jp-NotebookPanel-toolbar").wait_for()
        run_all(slow_page)
        LabOnPage(slow_page)
        slow_page.keyboard.press("Control+s")
        slow_page.wait_for_timeout(2000)
        slow_page.reload()
        wait_until(given_up, "its output is given up")
        again = LabOnPage(slow_page)
        again.press("Step")
        wait_until(lambda: again.step_number() == 1, "the lab answers")


def answers_though_deaf(page, go):
    """A lab draws, and says what its kernel tells it, though anywidget has given its modules up."""
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    go()
    parabola = LabOnPage(page, title="Gradient descent on a parabola")
    parabola.type_value("ratio", "0.5")
    parabola.press("Play")
    wait_until(lambda: parabola.points(0, 1)[0][1] == -1.0, "the figure answers")
    wait_until(lambda: "finished" in parabola.status(), "the panel answers")
    wait_until(lambda: page.wait_for_timeout(50) or errors, "modules have been given up")
    assert all("Failed to initialize model" in error for error in errors)


def test_modules_that_come_late_hear_their_kernel_in_voila(opened, voila):
    page = opened(DEAF)
    answers_though_deaf(page, lambda: page.goto(voila + LESSON))


def test_modules_that_come_late_hear_their_kernel_in_jupyterlab(opened, lesson_in_jupyterlab):
    page = opened(DEAF)

    def go():
        open_lesson(page, lesson_in_jupyterlab)
        run_all(page)

    answers_though_deaf(page, go)


def test_six_pages_at_once_come_alive_on_slow_devices(voila):
    """Six, as a table of students; two of them with a processor that is four times as slow, as a phone's is."""
    lessons = ["01_optimizers.ipynb", "03_divergence.ipynb"]
    opened = [(lesson, rate) for rate in (1, 4, 1) for lesson in lessons]
    # A thread of its own: the browser of the other tests has an event loop in this one.
    with ThreadPoolExecutor(1) as other:
        loads = other.submit(load_pages, voila, opened, 6).result()
    assert [load.dead for load in loads] == [0] * 6
    assert all(load.labs > 3 and load.curve is not None for load in loads)
