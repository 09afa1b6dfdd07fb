"""What a served room answers to monitors, previews, odd addresses and foreign pages, and what its log says of them."""

import re
import time

import pytest
import websocket

from deploy.connection import PROTOCOL
from tests.browser.hostile_client import HostileClient
from tests.browser.served import lesson_server
from tests.deploy.visitor import answer, await_that, health, kernel_of_page

LESSON = "/voila/render/01_optimizers.ipynb"
GALLERY = "/voila/render/index.ipynb"
NOBODY = "00000000-0000-0000-0000-000000000000"
JOIN_SECONDS = 3


@pytest.fixture(scope="module")
def room(tmp_path_factory):
    log = tmp_path_factory.mktemp("room") / "log.txt"
    options = ["--seats=2", f"--LessonKernels.join_timeout={JOIN_SECONDS}", "--host=lessons.example"]
    with lesson_server(log=log, options=options) as address:
        await_that(lambda: health(address)["status"] == "ok", "the server is warm")
        yield address, log


def lines_of(log, action):
    """What the log says of an action, line by line."""
    time.sleep(0.3)  # a request is noted a moment after its answer has come; so is one that was made before
    before = len(log.read_text())
    action()
    time.sleep(0.3)
    return log.read_text()[before:].splitlines()


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 200), ("/health", 200), (LESSON, 200), (GALLERY, 200), ("/voila/render/nothing.ipynb", 404), ("/no", 404)],
)
def test_a_monitor_that_asks_for_the_head_alone_starts_no_kernel(room, path, status):
    address, log = room
    lines = lines_of(log, lambda: answer(address + path, "HEAD"))
    assert answer(address + path, "HEAD") == (status, "")
    assert not any("Kernel started" in line for line in lines)


ODD = [
    *("/logout", "/login", "/nothing", "/%ff", "/voila/render/", "/voila/render/%00", "/voila/render/%ff"),
    *("/voila/render/x.txt", "/voila/render/a%0ab.ipynb", "/voila/files/", "/voila/static/", "/voila/api/themes/"),
    *(
        "/voila/templates/",
        "/voila/templates/x/y/z",
        "/voila/templates/no/static/x",
        "/voila/templates/x/static/../x",
    ),
    *("/voila/api/shutdown/x", f"/api/kernels/{NOBODY}", f"/api/kernels/{NOBODY}/channels", LESSON + "?theme=x"),
]


@pytest.mark.parametrize("path", ODD)
def test_an_odd_address_is_one_line_in_the_log_and_no_fault_of_the_server(room, path):
    address, log = room
    said = []
    lines = lines_of(log, lambda: said.append(answer(address + path)))
    (status, text), *_ = said
    assert status < 500
    assert "Traceback" not in text
    assert len(lines) <= 1, lines


@pytest.mark.parametrize("path", ["/nothing", "/voila/render/nothing.ipynb", "/voila/render/x.txt"])
def test_who_is_lost_gets_a_page_of_ours_with_the_way_back(room, path):
    address, _ = room
    status, text = answer(address + path)
    assert status == 404
    assert "There is no such page" in text
    assert 'href="/"' in text


@pytest.mark.parametrize(
    ("path", "origin"),
    [("/", "http://evil.example"), (f"/voila/api/shutdown/{NOBODY}", "http://evil.example"), (LESSON, None)],
)
def test_what_a_foreign_page_posts_is_refused_in_two_lines_at_most(room, path, origin):
    """One says from where it came, where that is known; one is the request."""
    address, log = room
    said = []
    headers = {"Origin": origin} if origin else {}
    lines = lines_of(log, lambda: said.append(answer(address + path, "POST", headers)[0]))
    assert 400 <= said[0] < 500
    assert len(lines) <= (2 if origin else 1), lines


def test_a_server_answers_to_its_own_names_alone(room):
    address, log = room
    for host in ("lessons.example", "192.168.1.20:8866", "teacher-pc.local"):
        assert answer(address + "/health", headers={"Host": host})[0] == 200
    for path in ("/", "/health", LESSON, "/voila/static/voila.js", f"/api/kernels/{NOBODY}"):
        status, text = answer(address + path, headers={"Host": "evil.example"})
        assert status == 421
        assert "--host=" in text
    asked = lines_of(log, lambda: answer(address + LESSON, headers={"Host": "evil.example"}))
    assert len(asked) == 1, asked


def test_a_lesson_that_no_browser_opens_gives_its_seat_back_soon(room):
    address, log = room
    assert health(address)["taken"] == 0
    kernel_of_page(address + LESSON)
    assert health(address)["taken"] == 1
    await_that(lambda: health(address)["taken"] == 0, "the seat is free")
    assert "No browser has connected" in log.read_text()


def test_each_page_that_is_opened_is_some_lines_and_none_about_trust(room):
    address, log = room
    lines = lines_of(log, lambda: kernel_of_page(address + LESSON))
    assert not any("trusted" in line for line in lines)
    assert len(lines) <= 3, lines  # its kernel, itself, and once that unused kernels are looked for
    await_that(lambda: health(address)["taken"] == 0, "the seat is free")


def test_open_galleries_take_no_seat(room):
    address, _ = room
    kernel_of_page(address + "/")
    kernel_of_page(address + GALLERY)
    assert health(address)["taken"] == 0
    status, text = answer(address + "/")
    assert status == 503  # there are as many as seats, and no more
    assert "seats are taken" in text
    kernel_of_page(address + LESSON)
    assert health(address)["taken"] == 1


def connect(address, kernel, origin, **headers):
    url = f"{address.replace('http', 'ws')}/api/kernels/{kernel}/channels?session_id=one"
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return websocket.create_connection(url, timeout=30, subprotocols=[PROTOCOL], origin=origin, header=more)


def test_a_page_behind_a_proxy_that_replaces_its_name_connects_if_the_proxy_says_so(room):
    """What a page of another site cannot: it has no say in what it sends along with a websocket."""
    address, log = room
    await_that(lambda: health(address)["taken"] == 0, "the seat is free")
    kernel = kernel_of_page(address + LESSON)
    with pytest.raises(websocket.WebSocketBadStatusException, match="403"):
        connect(address, kernel, "https://lessons.example")
    lines = lines_of(log, lambda: None)
    assert len(lines) <= 2
    connect(address, kernel, "https://lessons.example", X_Forwarded_Host="lessons.example").close()
    connect(address, kernel, address).close()


def test_a_connection_that_is_refused_is_two_lines_at_most_and_no_traceback(room):
    """A page whose proxy replaces its name tries again every few seconds."""
    address, log = room

    def refused():
        with pytest.raises(websocket.WebSocketBadStatusException):
            connect(address, kernel_of_page(address + LESSON), "https://other.example")

    lines = [line for line in lines_of(log, refused) if "channels" in line or "Origin" in line or "  " in line]
    assert len(lines) <= 2, lines
    with pytest.raises(websocket.WebSocketBadStatusException, match="404"):
        HostileClient(address, NOBODY)
    assert not re.search("Traceback|static_path", log.read_text())
