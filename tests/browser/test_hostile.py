"""Trouble: an experiment that raises, and a websocket client that ignores the page's bounds."""

import json
import re

import pytest
import websocket

from tests.browser.hostile_client import HostileClient
from tests.browser.lesson_page import LabOnPage, wait_until

pytestmark = pytest.mark.browser

FAILING = """
from lessons.divergence.parabola import Parabola
from widgets.lab.lab import Lab
from widgets.labs.divergence.parabola import ParabolaView

class Broken(Parabola):
    def run(self, lanes, device="cpu"):
        for measurement in super().run(lanes, device):
            if measurement.step == 3 and lanes.shared.steps == 40:
                raise ArithmeticError("the third step is cursed")
            yield measurement

class BrokenView(ParabolaView):
    experiment = Broken()

Lab(BrokenView())
"""


def test_an_exception_in_an_experiment_is_a_sentence_with_a_fold_and_reset_works(serve_folder, page):
    page.goto(serve_folder(FAILING))
    lab = LabOnPage(page)
    lab.press("Play")
    wait_until(lambda: "the third step is cursed" in lab.notice(), "the error is told")
    assert "Traceback" not in lab.notice()
    lab.element.locator(".tdl-board summary").click()
    assert "Traceback" in lab.notice()
    lab.press("Reset")
    wait_until(lambda: lab.step_number() == 0 and "idle" in lab.status(), "reset works")
    lab.type_value("steps", "10") if lab.control("steps").is_visible() else None
    wait_until(lambda: "finished" in lab.status(), "another run works")
    assert lab.notice() == ""


def test_a_client_that_moves_the_bounds_reaches_no_training(page, voila):
    comms = set()

    def note(payload):
        payload = payload if isinstance(payload, bytes) else payload.encode()
        found = re.search(rb'"comm_id":\s*"(\w+)"', payload)
        if found and b'"do"' in payload:
            comms.add(found[1].decode())

    page.on("websocket", lambda socket: socket.on("framesent", note))
    page.goto(f"{voila}/voila/render/03_divergence.ipynb")
    parabola = LabOnPage(page, 0)
    parabola.type_value("ratio", "0.5")
    wait_until(lambda: comms and parabola.points(0, 1)[0][1] == -1.0, "a change was sent and drawn")
    before = parabola.points(0, 1)
    kernel = json.loads(page.locator("#jupyter-config-data").text_content())["kernelId"]
    client = HostileClient(voila, kernel)
    (comm,) = comms
    fields = [{"name": "ratio", "high": 1e9, "slider_high": 1e9}]
    client.send(
        "comm_msg", {"comm_id": comm, "data": {"method": "update", "state": {"fields": fields}, "buffer_paths": []}}
    )
    attacks = [
        {"do": "set", "lane": 0, "field": "ratio", "value": value}
        for value in (1e9, -1, "one", None, True, [1], {"a": 1}, 10**400, "x" * 100_000)
    ]
    attacks += [{"do": "set", "lane": lane, "field": "ratio", "value": 1.0} for lane in (-1, 7, "0", 10**30)]
    attacks += [{"do": name} for name in ("explode", "", 7, None, "__init__")]
    attacks += [{"do": "speed", "value": 1e12}, {"do": "preset", "index": 99}, [], "play", 7, None]
    for content in attacks:
        client.send("comm_msg", {"comm_id": comm, "data": {"method": "custom", "content": content}})
    client.send("execute_request", {"code": "import os; os._exit(1)", "silent": False})
    wait_until(lambda: parabola.refusal(), "the lab refuses")
    page.wait_for_timeout(500)
    assert parabola.points(0, 1) == before
    parabola.type_value("ratio", "0.25")
    wait_until(lambda: parabola.points(0, 1)[0][1] == -1.5, "the lab lives on")
    client.close()


def test_a_client_of_another_protocol_is_turned_away_and_the_page_lives_on(page, voila):
    page.goto(f"{voila}/voila/render/03_divergence.ipynb")
    parabola = LabOnPage(page, 0)
    kernel = json.loads(page.locator("#jupyter-config-data").text_content())["kernelId"]
    with pytest.raises(websocket.WebSocketBadStatusException, match="400"):
        HostileClient(voila, kernel, protocol=None)
    parabola.type_value("ratio", "0.25")
    wait_until(lambda: parabola.points(0, 1)[0][1] == -1.5, "the lab lives on")
