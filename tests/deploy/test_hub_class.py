"""The class of a hub, over HTTP: a teacher opens it by logging in, a learner joins by the code, and nobody else."""

import json
import re
import secrets
import subprocess
import sys
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest

from deploy.classroom.server import Server
from deploy.hub.class_address import class_base, lesson_address
from deploy.hub.class_service import public_address
from tests.browser.hub import PASSWORD, a_hub
from tests.browser.lesson_page import wait_until
from tests.deploy.class_questions import ASKED, WORTH

pytestmark = pytest.mark.slow
TEACHERS_PASSWORD = "another-for-teachers"
BASE = "/services/class/"


class Person:
    """Somebody's browser, without a page."""

    def __init__(self, hub):
        self.hub, self.cookies = hub.address, CookieJar()
        self._opener = build_opener(HTTPCookieProcessor(self.cookies))

    def ask(self, path, content=None, **headers):
        """Ask for an address; returns status, final address and text."""
        data = content if isinstance(content, bytes | None) else json.dumps(content).encode()
        method = headers.pop("method", None)
        try:
            answer = self._opener.open(Request(self.hub + path, data, headers, method=method), timeout=60)
        except HTTPError as refused:
            answer = refused
        with answer:
            return answer.status, urlsplit(answer.url).path, answer.read().decode(errors="replace")

    def log_in(self, name, password=PASSWORD):
        """Fill in the form of the hub."""
        self.ask("/hub/login")
        (xsrf,) = [each.value for each in self.cookies if each.name == "_xsrf" and each.path == "/hub/"]
        form = urlencode({"username": name, "password": password, "_xsrf": xsrf}).encode()
        # The hub starts a server for whoever comes in; what is asked for here is the page after that, not the server.
        return self.ask(f"/hub/login?next={BASE}", form)

    def post(self, path, **content):
        """Post to the class; returns status and JSON."""
        status, _, text = self.ask(f"{BASE}class/{path}", content)
        return status, json.loads(text)

    def state(self):
        status, _, text = self.ask(f"{BASE}class/state")
        return json.loads(text) if status == 200 else status


@pytest.fixture(scope="module")
def hub(tmp_path_factory):
    choices = {"LESSONS_HUB_TEACHERS": "Grace, emmy", "LESSONS_HUB_TEACHER_PASSWORD": TEACHERS_PASSWORD}
    with a_hub(tmp_path_factory.mktemp("hub"), **choices) as running:
        yield running
        started = running.processes()
    assert running.left_of(started, 20) == []


@pytest.fixture(scope="module")
def teacher(hub):
    person = Person(hub)
    status, path, text = person.log_in("grace", TEACHERS_PASSWORD)
    assert (status, path) == (200, f"{BASE}class/"), text
    return person


@pytest.fixture
def learner(hub):
    """Another one each time."""
    person = Person(hub)
    status, path, text = person.log_in(f"ada-{secrets.token_hex(3)}")
    assert (status, path) == (200, f"{BASE}r"), text
    return person


def test_a_teacher_teaches_by_logging_in_and_a_learner_joins_by_the_code(hub, teacher, learner):
    code = teacher.state()["class"]["code"]
    assert learner.state() == 401
    status, _, page = learner.ask(f"{BASE}r/{code}")
    assert status == 200
    assert learner.post("join", code=code) == (200, {"joined": True})
    assert teacher.post("teach", do="ask", lesson="divergence", asked=ASKED["number"]) == (200, {"code": code})
    vote = learner.state()["class"]["vote"]["id"]
    status, mine = learner.post("member", do="answer", vote=vote, round=1, value=9.5)
    assert (status, mine["answers"]) == (200, {"1": 9.5})
    assert teacher.state()["teacher"]["rounds"] == [{"answered": 1, "values": [9.5]}]
    assert "rounds" not in learner.state()["class"]["vote"]
    teacher.post("teach", do="reveal", vote=vote, worth={"sentence": "So it is.", **WORTH["number"]})
    assert learner.state()["class"]["vote"]["worth"]["sentence"]
    (file,) = re.findall(rf'src="({BASE}class/files/[\w.-]+)"', page)
    assert learner.ask(file)[0] == 200


def test_the_keys_go_to_no_learners_server(teacher, learner):
    learner.post("join", code=teacher.state()["class"]["code"])
    paths = {each.name: each.path for person in (teacher, learner) for each in person.cookies}
    assert paths["tdl-teacher"] == paths["tdl-member"] == BASE
    assert learner.post("member", do="leave")[0] == 200
    assert "tdl-member" not in {each.name for each in learner.cookies}


def test_another_teacher_teaches_the_same_class(hub, teacher):
    other = Person(hub)
    other.log_in("emmy", TEACHERS_PASSWORD)
    assert other.state()["class"]["code"] == teacher.state()["class"]["code"]
    assert "teacher" in other.state()


def test_a_learner_does_not_teach(teacher, learner):
    status, _, said = learner.ask(f"{BASE}class/")
    assert (status, said.count("\n")) == (403, 1)
    assert "This page is for teachers" in said
    assert "tdl-teacher" not in {each.name for each in learner.cookies}
    for path, content in (("teach", {"do": "collected"}), ("key", {"key": "a-guess"})):
        status, said = learner.post(path, **content)
        assert (status, list(said)) == ({"teach": 401, "key": 404}[path], ["refusal"])
    for path in ("class/answers.csv", "class/join.svg", "class/state"):
        assert learner.ask(BASE + path)[0] == 401


def test_nobody_gets_under_a_teachers_name_with_the_learners_password(hub):
    person = Person(hub)
    for name in ("grace", "Grace", " grace "):
        assert person.log_in(name)[0] == 403
    assert person.log_in("ada", TEACHERS_PASSWORD)[0] == 403
    assert person.ask("/hub/api/user")[0] == 403


def test_a_stranger_is_led_to_the_login_and_joins_nothing(hub, teacher):
    stranger, code = Person(hub), teacher.state()["class"]["code"]
    for path in ("", "class/", "r", f"r/{code}"):
        assert stranger.ask(BASE + path)[1] == "/hub/login", path
    status, said = stranger.post("join", code=code)
    assert (status, said["refusal"].startswith("Log in to the hub")) == (401, True)
    assert stranger.ask(f"{BASE}class/join", {"code": code}, method="PUT")[0] == 401
    assert stranger.state() == 401


def test_a_made_up_login_lets_nobody_in(hub, learner):
    callback = f"{BASE}oauth_callback"
    stranger = Person(hub)
    for query in ("", "?code=y", "?state=x&code=y", "?error=no"):
        assert stranger.ask(callback + query)[0] in (400, 403), query
    assert stranger.ask(f"{BASE}r")[1] == "/hub/login"
    assert learner.ask(f"{callback}?state=x&code=y")[:2] == (200, f"{BASE}r")  # stays who it was


def test_bad_input_is_a_sentence(teacher, learner):
    assert learner.post("join", code="AAAAAA")[0] == 404
    for content in (b"", b"[", b"null", b"{" * 5000, b"\xff", b"x" * 200_000):
        status, _, said = learner.ask(f"{BASE}class/join", content)
        assert status in (400, 413)
        assert json.loads(said)["refusal"].endswith(".")
    code = teacher.state()["class"]["code"]
    assert learner.ask(f"{BASE}class/join", {"code": code}, Origin="http://elsewhere.example")[0] == 403
    for path in ("class/nothing", "nothing", "../class/state"):
        assert learner.ask(BASE + path)[0] in (401, 404), path
    assert teacher.state()["class"]["code"] == code


def test_a_class_that_was_killed_comes_back_as_it_was(hub, teacher, learner):
    code = teacher.state()["class"]["code"]
    learner.post("join", code=code)
    alias = learner.state()["you"]["alias"]
    (service,) = [each for each in hub.processes() if "deploy.hub.class_service" in each.cmdline()]
    service.kill()
    wait_until(lambda: isinstance(learner.state(), dict), "the class is there again", 60)
    assert learner.state()["you"]["alias"] == alias
    assert teacher.state()["class"]["code"] == code
    assert Person(hub).post("join", code=code)[0] == 401
    assert learner.ask(f"{BASE}r/{code}")[:2] == (200, f"{BASE}r/{code}")  # by way of the hub, which knows who it is
    assert learner.post("join", code=code) == (200, {"joined": True})


def test_without_a_hub_it_says_who_starts_it():
    ended = subprocess.run([sys.executable, "-m", "deploy.hub.class_service"], capture_output=True, text=True)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.startswith("The class of a hub is started by the hub")
    assert ended.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("hub", "joined_at"),
    [
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000/services/class/"),
        ("https://lessons.example", "https://lessons.example/services/class/"),
        ("http://0.0.0.0:8000", ":8000/services/class/"),  # at an address of this machine
    ],
)
def test_the_wall_shows_the_hubs_address(hub, joined_at, tmp_path):
    displayed, port = public_address({"LESSONS_CLASS_HUB": hub}, BASE)
    server = Server(tmp_path / "class.sqlite3", BASE, [lesson_address(BASE)], displayed)
    server.port = port
    assert server.join()[0].endswith(joined_at)
    server.classes.store.close()


def test_a_lesson_on_a_learners_server_loads_the_bar_of_the_class():
    from deploy.hub.lesson_pages import _page_config

    head = _page_config(BASE)({"theme": "light"})["classHead"]
    assert f'src="{BASE}class/files/bar-' in head
    assert "/hub/user-redirect/voila/render/{}.ipynb" in head
    assert _page_config("")({"theme": "light"})["classHead"] == ""


def test_a_hub_that_is_not_at_the_root_has_its_class_below_it():
    assert class_base("https://a.example/lessons/") == "/lessons/services/class/"
    assert lesson_address("/lessons/services/class/") == "/lessons/hub/user-redirect/voila/render/{}.ipynb"
    assert class_base("http://127.0.0.1:8000") == BASE
