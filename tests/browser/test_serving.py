"""A served room from outside: what it refuses, what it hides, how it ends."""

import contextlib
import http.client
import json
import os
import random
import re
import signal
import time

import psutil
import pytest
from playwright.sync_api import Page, Response

from tests.browser.hostile_client import HostileClient
from tests.browser.lesson_page import LabOnPage, new_context, wait_until
from tests.browser.served import lesson_server, write_notebook
from tests.deploy.visitor import answer, server_of

pytestmark = pytest.mark.browser
LESSON = "/voila/render/03_divergence.ipynb"
NET = 4
NOBODY = "00000000-0000-0000-0000-000000000000"
SECRETS = ("import", "RunLoop", "root:", '"cells"')


@pytest.fixture
def visit(browser):
    """A function that opens a page whose console may complain."""
    with contextlib.ExitStack() as stack:

        def opened(address: str) -> tuple[Page, Response]:
            context = stack.enter_context(new_context(browser))
            page = context.new_page()
            return page, page.goto(address)

        yield opened


def kernel_of(page) -> str:
    return json.loads(page.locator("#jupyter-config-data").text_content())["kernelId"]


def test_what_a_page_is_told_keeps_foreign_scripts_out(visit, voila):
    page, response = visit(voila + LESSON)
    assert "'unsafe-inline'" not in response.headers["content-security-policy"].split("style-src")[0]
    assert response.headers["x-content-type-options"] == "nosniff"
    LabOnPage(page, 0)
    page.evaluate(
        """() => {
          document.body.insertAdjacentHTML("beforeend", `<img src="nothing" onerror="window.got = 'attribute'">`);
          const script = document.createElement("script");
          script.textContent = "window.got = 'script'";
          document.body.append(script);
        }"""
    )
    page.wait_for_timeout(500)
    assert page.evaluate("window.got ?? null") is None


@pytest.mark.parametrize(
    "query", ['theme="><script>window.got=1</script>', "theme=../../x", "theme=", "theme=JupyterLab%20Dark"]
)
def test_a_theme_that_is_none_is_refused(voila, query):
    status, text = answer(f"{voila}{LESSON}?{query.replace(' ', '%20').replace('<', '%3C').replace('>', '%3E')}")
    assert status == 400
    assert "<script>window" not in text


def test_a_link_cannot_bring_a_script_or_a_template(visit, voila):
    attack = "%22%3E%3Cimg%20src=x%20onerror=window.got=1%3E%3Cscript%3Ewindow.got=1%3C/script%3E"
    page, _ = visit(f"{voila}{LESSON}?template=../../../etc&parabola={attack}&{attack}={attack}#{attack}")
    LabOnPage(page, 0)
    page.wait_for_timeout(500)
    assert page.evaluate("window.got ?? null") is None
    assert page.locator(".tdl-lab").count() > 5


@pytest.mark.parametrize(
    "path",
    [
        *("/voila/files/03_divergence.ipynb", "/voila/files/../deploy/serve.py", "/voila/files/%2e%2e/README.md"),
        *("/voila/api/contents/", "/voila/api/contents/03_divergence.ipynb?content=1", "/voila/tree", "/voila/tree/.."),
        *("/voila/render/../deploy/serve.py", "/voila/render/%2e%2e%2fdeploy%2fserve.py", "/voila/render/.git/config"),
        *("/voila/static/..%2f..%2f..%2f..%2fetc%2fpasswd", "/voila/templates/lab/static/..%2f..%2fconf.json"),
        *("/voila/labextensions/..%2f..%2f..%2fpyvenv.cfg", "/voila/api/themes/..%2f..%2f..%2fpyvenv.cfg"),
        *("/api/kernels", "/api/contents", "/api/sessions", "/api/kernelspecs", "/api/terminals", "/metrics"),
        *(f"/api/kernels/{NOBODY}", f"/api/kernels/{NOBODY}/channels"),
    ],
)
def test_no_file_no_source_no_list_and_no_other_kernel_is_to_be_had(voila, path):
    status, text = answer(voila + path)
    assert status >= 400, text[:300]
    assert not any(secret in text for secret in SECRETS)


def test_a_kernel_ends_by_the_beacon_of_its_page_alone(page, voila):
    page.goto(voila + LESSON)
    LabOnPage(page, 0)
    kernel = kernel_of(page)
    assert answer(f"{voila}/api/kernels/{kernel}", "DELETE")[0] in (403, 405)
    assert answer(f"{voila}/voila/api/shutdown/{kernel}", "POST")[0] == 403
    assert answer(f"{voila}/api/kernels/{kernel}")[0] == 200


def test_a_client_that_asks_a_kernel_for_more_than_messages_gets_nothing(page, voila, tmp_path):
    page.goto(voila + LESSON)
    parabola = LabOnPage(page, 0)
    client = HostileClient(voila, kernel_of(page))
    client.answers()
    trace = tmp_path / "executed"
    code = f"open({str(trace)!r}, 'w').close()"
    for channel in ("shell", "control", "stdin", "iopub", "", "hb"):
        client.send("execute_request", {"code": code, "silent": False, "user_expressions": {"a": code}}, channel)
        for kind in ("inspect_request", "complete_request", "history_request", "is_complete_request", "debug_request"):
            client.send(kind, {"code": "lab", "cursor_pos": 3, "hist_access_type": "tail", "n": 9}, channel)
        client.send("input_reply", {"value": code}, channel)
        client.send("interrupt_request", {}, channel)
    got = set(client.answers(2))
    assert not got & {"execute_reply", "execute_result", "inspect_reply", "complete_reply", "history_reply"}
    assert not trace.exists()
    client.close()
    parabola.type_value("ratio", "0.25")
    wait_until(lambda: parabola.points(0, 1)[0][1] == -1.5, "the lab lives on")


NO_MESSAGES = {
    "nothing": b"",
    "a count of quintillions": b"\xff" * 64,
    "a head without a body": b"\x06" + bytes(7),
    "too few parts": (5).to_bytes(8, "little") * 6,
    "a count that would fill the memory": (2**40).to_bytes(8, "little") + bytes(99),
    "offsets beyond the end": (7).to_bytes(8, "little") + b"\xff" * 200,
    "text": "{}",
    "a message of the older protocol": '{"header": {"msg_type": "execute_request"}}',
}


@pytest.mark.parametrize("raw", NO_MESSAGES.values(), ids=list(NO_MESSAGES))
def test_what_is_no_message_ends_the_connection_and_nothing_else(page, voila, raw):
    page.goto(voila + LESSON)
    parabola = LabOnPage(page, 0)
    client = HostileClient(voila, kernel_of(page))
    client.send_bytes(raw)
    assert not client.is_connected()
    client.close()
    parabola.type_value("ratio", "0.25")
    wait_until(lambda: parabola.points(0, 1)[0][1] == -1.5, "the lab lives on", 30)


def test_a_flood_of_nonsense_leaves_the_page_alive(visit, voila):
    opened = set()
    page, _ = visit("about:blank")
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: opened.update(_comms(data))))
    page.goto(voila + LESSON)
    parabola = LabOnPage(page, 0)
    parabola.type_value("ratio", "0.5")
    wait_until(lambda: opened and parabola.points(0, 1)[0][1] == -1.0, "messages were sent")
    dice, client = random.Random(8), HostileClient(voila, kernel_of(page))
    for number in range(2000):
        comm = dice.choice([*sorted(opened), "nobody", ""])
        data = dice.choice(
            [None, [], {"method": "custom"}, {"method": "custom", "content": {"do": "set"}}, {"method": 7}]
        )
        kind = dice.choice(["comm_msg", "comm_msg", "comm_info_request", "comm_open"])
        content = {"comm_id": comm, "data": data, "target_name": dice.choice(["", "jupyter.widget", "os.system"])}
        client.send(kind, content)
        if number % 10 == 0:
            client.send("comm_msg", {"comm_id": "x" * 200_000})
    assert client.is_connected()
    client.close()
    parabola.type_value("ratio", "0.25")
    wait_until(lambda: parabola.points(0, 1)[0][1] == -1.5, "the lab lives on", 60)


def _comms(payload: bytes | str) -> list[str]:
    payload = payload if isinstance(payload, bytes) else payload.encode()
    return [found.decode() for found in re.findall(rb'"comm_id":\s*"(\w+)"', payload)]


def test_a_full_room_says_so_and_lets_in_whoever_comes_when_a_seat_is_free(visit, tmp_path):
    with lesson_server(log=tmp_path / "log.txt", options=["--seats=1", "--json-logs"]) as address:
        inside, _ = visit(address + LESSON)
        LabOnPage(inside, 0)
        assert json.loads(answer(f"{address}/health")[1])["status"] == "full"
        for _ in range(3):  # gives its seat back and takes it again, whichever the server hears first
            assert inside.reload().status == 200
            LabOnPage(inside, 0)
        outside, response = visit(address + LESSON)
        assert response.status == 503
        assert int(response.headers["retry-after"]) > 0
        assert outside.get_by_role("heading").inner_text() == "The room is full"
        inside.goto("about:blank")
        wait_until(lambda: json.loads(answer(f"{address}/health")[1])["status"] == "ok", "the seat is free")
        outside.get_by_role("link", name="Try again now").click()
        LabOnPage(outside, 0)
    lines = [json.loads(line) for line in (tmp_path / "log.txt").read_text().splitlines() if line.startswith("{")]
    assert {200, 503} <= {line.get("status") for line in lines}


def test_who_leaves_before_the_page_is_whole_leaves_no_kernel(voila):
    before = json.loads(answer(f"{voila}/health")[1])["taken"]
    connection = http.client.HTTPConnection(voila.split("//")[1], timeout=60)
    connection.request("GET", LESSON)
    response = connection.getresponse()
    response.read(100)  # the kernel has been started
    assert json.loads(answer(f"{voila}/health")[1])["taken"] == before + 1
    response.close()
    connection.close()
    wait_until(lambda: json.loads(answer(f"{voila}/health")[1])["taken"] == before, "its seat is free", 30)


def test_a_run_waits_after_its_time_and_a_page_says_when_its_kernel_is_gone(visit):
    with lesson_server(options=["--run-seconds=2"]) as address:
        page, _ = visit(address + LESSON)
        net = LabOnPage(page, NET)
        net.type_value("steps", "20000")  # which lets it run
        wait_until(lambda: "pauses after 2 seconds" in net.notice(), "the run waits")
        step = net.step_number()
        net.press("Play")
        wait_until(lambda: net.step_number() > step, "it goes on")
        for kernel in _kernels(server_of(address)):
            kernel.kill()
        wait_until(lambda: answer(f"{address}/api/kernels/{kernel_of(page)}")[0] == 404, "the server has noticed")
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
        page.get_by_role("alert").filter(has_text="given its seat back").wait_for()
        page.get_by_role("button", name="Load the page again").click()
        page.get_by_role("alert").filter(has_text="given its seat back").wait_for(state="hidden")
        assert LabOnPage(page, 0).points(0, 1)[0]


def _kernels(server: psutil.Process) -> list[psutil.Process]:
    """Processes that end in `multiprocessing.forkserver`'s children: the kernels of a server."""
    parents = [process for process in server.children() if "multiprocessing.forkserver" in " ".join(process.cmdline())]
    return [kernel for parent in parents for kernel in parent.children()]


def test_a_server_that_is_told_to_end_takes_its_kernels_with_it(visit):
    with lesson_server() as address:
        page, _ = visit(address + LESSON)
        LabOnPage(page, 0)
        server = server_of(address)
        family = server.children(recursive=True)
        assert _kernels(server)
        started = time.monotonic()
        os.kill(server.pid, signal.SIGTERM)
        _, left = psutil.wait_procs(family, timeout=15)
        assert not left
        assert time.monotonic() - started < 10


def test_ordinary_kernels_serve_the_same_pages(visit):
    ordinary = ["--KernelProvisionerFactory.default_provisioner_name=local-provisioner"]
    with lesson_server(options=ordinary) as address:
        page, _ = visit(address + LESSON)
        assert LabOnPage(page, 0).points(0, 1)[0]
        assert not _kernels(server_of(address))


def test_a_page_that_could_not_be_made_says_so(visit, tmp_path):
    """It turned for ever: Voilà had sent its beginning, and waited for a kernel that had ended."""
    kernel = tmp_path / "jupyter" / "kernels" / "python3"
    kernel.mkdir(parents=True)
    ends_at_once = {"argv": ["false", "{connection_file}"], "display_name": "Broken", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(ends_at_once))
    write_notebook(tmp_path / "page.ipynb", "1 + 1")
    with lesson_server(tmp_path, environment={"JUPYTER_PATH": str(tmp_path / "jupyter")}) as address:
        page, _ = visit(f"{address}/voila/render/page.ipynb")
        page.get_by_role("alert").filter(has_text="could not be made").wait_for()
        assert page.get_by_role("link", name="Try again").is_visible()


def test_health_is_open_to_all_and_tells_of_nobody(voila):
    wait_until(lambda: answer(f"{voila}/health")[0] == 200, "the server has made its imports")
    status, text = answer(f"{voila}/health")
    health = json.loads(text)
    assert status == 200
    assert set(health) == {"status", "seats", "taken", "connected", "seconds"}
