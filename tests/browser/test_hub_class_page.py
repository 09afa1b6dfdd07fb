"""A class of a hub in Chromium: its teacher asks from a lesson on the own server, a learner answers on a phone."""

import pytest

from tests.browser.class_scene import PHONE, answered, under
from tests.browser.conftest import Watched
from tests.browser.hub import a_hub
from tests.browser.lesson_page import new_context, wait_until

pytestmark = [pytest.mark.browser, pytest.mark.slow]
PASSWORD = "another-for-teachers"
LESSON = "voila/render/03_divergence.ipynb"


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    choices = {"LESSONS_HUB_TEACHERS": "grace", "LESSONS_HUB_TEACHER_PASSWORD": PASSWORD}
    with a_hub(tmp_path_factory.mktemp("hub"), **choices) as running:
        yield running


@pytest.fixture
def window(browser):
    """A function that opens a page in a browser of its own, as another person has."""
    contexts = []

    def opened(**options):
        contexts.append(new_context(browser, **options))
        return contexts[-1].new_page()

    yield opened
    for context in contexts:
        context.close()


def test_a_teacher_and_a_learner_of_a_hub_vote_in_one_class(hub, window):
    teacher, learner, trouble = window(), window(**PHONE), Watched()
    teacher.goto(f"{hub.address}/services/class/")
    hub.log_in(teacher, "grace", PASSWORD)
    teacher.wait_for_url("**/services/class/class/")
    trouble.watch(teacher)
    code = wait_until(lambda: teacher.locator(".tdl-class-code").first.inner_text().strip(), "the code is there")
    assert teacher.get_by_role("link", name="Open the lessons").get_attribute("href") == (
        "/hub/user-redirect/voila/render/index.ipynb"
    )

    learner.goto(f"{hub.address}/services/class/r/{code}")
    hub.log_in(learner, "ada")
    learner.wait_for_url(f"**/services/class/r/{code}")  # not the learner's server: a vote needs no seat
    learner.get_by_role("button", name="Join").click()
    learner.locator(".tdl-class-card").wait_for()

    teacher.goto(f"{hub.address}/hub/user-redirect/{LESSON}")
    teacher.wait_for_url(f"**/user/grace/{LESSON}", timeout=120_000)
    under(teacher, 0).get_by_role("button", name="Ask the class").click()
    learner.get_by_label("Your answer", exact=True).fill("0.8")
    learner.get_by_role("button", name="Send my answer").click()
    answered(teacher, 1, 1)
    answered(learner, 1, 1)
    assert [process for process in hub.processes() if "ada" in process.environ().get("JUPYTERHUB_USER", "")] == []
    assert trouble == []
