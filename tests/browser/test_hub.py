"""JupyterHub with the lessons: one learner works in JupyterLab, one in a served page, and neither reaches the other."""

import json

import pytest
import websocket

from tests.browser.conftest import Watched
from tests.browser.hub import a_hub
from tests.browser.lesson_page import LabOnPage, new_context, wait_until
from tests.browser.test_jupyterlab import PARABOLA, open_lesson, run_all

pytestmark = pytest.mark.browser
LESSON = "voila/render/03_divergence.ipynb"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    with a_hub(tmp_path_factory.mktemp("hub"), LESSONS_HUB_SEATS="2") as running:
        yield running


@pytest.fixture(scope="module")
def learner(browser):
    """A function that opens a page in a browser of its own, as another person has."""
    contexts = []

    def arrive():
        context = new_context(browser)
        contexts.append(context)
        return context.new_page()

    yield arrive
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def ada(hub, learner):
    page = learner()
    page.goto(hub.address)
    hub.log_in(page, "ada")
    page.wait_for_url("**/user/ada/lab/tree/index.ipynb*")
    return page


@pytest.fixture(scope="module")
def bob(hub, learner):
    page = learner()
    page.goto(f"{hub.address}/hub/user-redirect/{LESSON}")
    hub.log_in(page, "bob")
    page.wait_for_url(f"**/user/bob/{LESSON}")
    return page


def moved(lab):
    """Drag the slider of the parabola; whether the curve follows."""
    lab.press("Play")
    wait_until(lambda: len(lab.points(0, 1)[0]) == 41, "41 points are drawn")
    before = lab.points(0, 1)[1]
    lab.drag("ratio", 0.2)
    wait_until(lambda: lab.value("ratio") != 1.6, "the number follows")
    wait_until(
        lambda: lab.points(0, 1)[0][1:2] == pytest.approx([-2 * (1 - lab.value("ratio"))]),
        "the first step is by the new rate",
    )
    return lab.points(0, 1)[1] != before


def kernels(hub, page, name):
    answer = page.request.get(f"{hub.address}/user/{name}/api/kernels")
    assert answer.status == 200
    return [kernel["id"] for kernel in answer.json()]


def test_a_wrong_password_lets_nobody_in(hub, learner):
    page = learner()
    page.goto(hub.address)
    hub.log_in(page, "ada", "another-password")
    page.get_by_text("Invalid username or password").wait_for()
    assert page.request.get(f"{hub.address}/hub/api/user").status == 403


def test_a_name_that_is_no_folder_is_refused(hub, learner):
    page = learner()
    page.goto(hub.address)
    hub.log_in(page, "..")
    page.get_by_text("Invalid username or password").wait_for()
    assert not (hub.folder / "state" / "notebooks").exists()


def test_a_learner_runs_a_lab_in_jupyterlab_on_a_copy_of_the_notebooks(hub, ada):
    trouble = Watched()
    trouble.watch(ada)
    open_lesson(ada, f"{hub.address}/user/ada/lab/tree/03_divergence.ipynb")
    run_all(ada)
    assert moved(LabOnPage(ada, title=PARABOLA))
    assert (hub.folder / "state" / "homes" / "ada" / "notebooks" / "03_divergence.ipynb").is_file()
    assert trouble == []


def test_another_opens_the_served_page_which_asks_nothing_from_elsewhere(hub, bob):
    trouble, asked = Watched(), []
    trouble.watch(bob)
    bob.on("request", lambda request: asked.append(request.url))
    LabOnPage(bob, 0)  # a page that is left before it is complete cannot end its kernel
    bob.reload()
    assert moved(LabOnPage(bob, 0))
    wait_until(lambda: bob.locator("mjx-container").count() > 10, "formulas are drawn")
    allowed = (hub.address, hub.address.replace("http", "ws"), "blob:", "data:")
    assert asked
    assert [url for url in asked if not url.startswith(allowed)] == []
    assert trouble == []


def test_an_address_writes_nothing_of_its_own_into_the_page(hub, bob):
    page = f"{hub.address}/user/bob/{LESSON}"
    assert bob.request.get(f"{page}?theme=%22%3E%3Cscript%3Ealert(1)%3C/script%3E").status == 400
    assert bob.request.get(f"{hub.address}/user/bob/voila/files/index.ipynb").status == 403


def test_lessons_lead_to_each_other_and_a_kernel_ends_when_its_page_is_left(hub, bob):
    kernel = json.loads(bob.locator("#jupyter-config-data").text_content())["kernelId"]
    assert kernel in kernels(hub, bob, "bob")
    bob.get_by_role("link", name="All lessons").first.click()
    bob.locator(".tdl-card").first.wait_for()
    assert "/user/bob/voila/render/index.ipynb" in bob.url
    wait_until(lambda: kernel not in kernels(hub, bob, "bob"), "the lesson's kernel has ended")
    bob.locator(".tdl-card", has_text="Divergence").click()
    bob.wait_for_url(f"**/user/bob/{LESSON}")
    assert LabOnPage(bob, 0).points(0, 1)[0]


def test_nobody_reaches_the_server_of_another(hub, ada, bob):
    (kernel, *_) = kernels(hub, ada, "ada")
    there = f"{hub.address}/user/ada"
    for path in ("api/kernels", f"api/kernels/{kernel}", "api/contents", "files/index.ipynb", LESSON, "lab"):
        assert bob.request.get(f"{there}/{path}").status in (403, 404), path
    assert bob.request.delete(f"{there}/api/kernels/{kernel}").status in (403, 404)
    assert bob.request.get(f"{hub.address}/hub/api/users/ada").status in (403, 404)
    cookies = "; ".join(f"{cookie['name']}={cookie['value']}" for cookie in bob.context.cookies())
    channels = f"{there}/api/kernels/{kernel}/channels".replace("http", "ws")
    with pytest.raises(websocket.WebSocketBadStatusException, match=r"40[34]"):
        websocket.create_connection(channels, cookie=cookies, subprotocols=["v1.kernel.websocket.jupyter.org"])
    assert kernel in kernels(hub, ada, "ada")


def test_the_third_of_two_seats_is_told_so(hub, ada, bob, learner):
    page = learner()
    page.goto(hub.address)
    hub.log_in(page, "carl")
    page.get_by_text("limit").first.wait_for()
    assert not (hub.folder / "state" / "homes" / "carl").exists()


def test_the_hub_ends_and_leaves_no_process(hub, ada, bob):
    running = hub.processes()
    lines = [" ".join(process.cmdline()) for process in running]
    for part in ("configurable-http-proxy", "jupyterhub.singleuser", "ipykernel_launcher", "jupyterhub_idle_culler"):
        assert any(part in line for line in lines), part
    hub.stop()
    assert hub.left_of(running, seconds=20) == []
