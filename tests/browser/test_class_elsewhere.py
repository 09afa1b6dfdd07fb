"""A class on plain pages, whose recorded runs decide; and one whose server is killed in the middle of a vote."""

import re
import subprocess
import sys

import pytest

from tests.browser.class_scene import PHONE, STEM, answered, scene, under, write_lesson
from tests.browser.lesson_page import new_context, wait_until
from tests.browser.served import ROOT, await_answer, end, free_port

pytestmark = pytest.mark.browser


def test_on_plain_pages_a_recorded_run_decides_without_a_kernel(browser, tmp_path):
    write_lesson(tmp_path)
    pages = tmp_path / "pages"
    command = [sys.executable, "-m", "deploy.command", "pages", str(pages), str(tmp_path / f"{STEM}.ipynb")]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    with scene(browser, tmp_path, [f"--pages={pages}"]) as held:
        _, window = held.teacher()
        wall, phone = window.new_page(), held.learner(**PHONE)
        asked = []
        wall.on("request", lambda request: asked.append(request.url))
        wall.goto(f"{held.address}/pages/{STEM}.html")
        wall.locator(".tdl-class-under").first.wait_for()
        under(wall, 0).get_by_role("button", name="Ask the class").click()
        phone.locator(".tdl-class-number input[type=text]").fill("0.8")
        phone.get_by_role("button", name="Send my answer").click()
        answered(wall, 1, 1)
        under(wall, 0).get_by_role("button", name="Let the run decide").click()
        phone.locator(".tdl-class-news").get_by_text("✓ Right").wait_for()
        under(wall, 0).locator("figure").wait_for()
        link = phone.get_by_role("link", name="The lesson, to try it yourself")
        assert link.get_attribute("href") == f"/pages/{STEM}.html"
        assert not [url for url in asked if "/voila/" in url]


def test_a_server_that_is_killed_in_the_middle_of_a_vote_loses_nothing_and_pages_go_on(browser, tmp_path):
    write_lesson(tmp_path)
    port, file = free_port(), tmp_path / "kept" / "class.sqlite3"
    address = f"http://127.0.0.1:{port}"

    def start(log):
        options = ("--class", "--Voila.ip=127.0.0.1", f"--class-file={file}", "--pages=", f"--port={port}")
        command = [sys.executable, "-m", "deploy", "--no-browser", f"--Voila.root_dir={tmp_path}", *options]
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        await_answer(process, f"{address}/health")
        return process

    text = tmp_path / "log.txt"
    with text.open("w") as log:
        server = start(log)
        try:
            said = wait_until(lambda: re.search(r"code is (\w+).*(/class/#\S+)", text.read_text(), re.S), "the code")
            teacher = new_context(browser).new_page()
            teacher.goto(f"{address}{said[2]}")
            phone = new_context(browser, **PHONE).new_page()
            phone.goto(f"{address}/r/{said[1]}")
            phone.get_by_role("button", name="Join").click()
            alias = phone.locator(".tdl-class-who strong").inner_text()
            question = {"name": "q", "prompt": "How many?", "statement": "", "kind": "number", "low": 0, "high": 9}
            teacher.evaluate(
                "async (asked) => (await fetch('/class/teach', {method: 'POST', body: JSON.stringify("
                "{do: 'ask', lesson: 'class_lesson', asked})})).json()",
                {**question, "step": 1, "tolerance": 1, "unit": ""},
            )
            phone.locator(".tdl-class-number input[type=text]").fill("4")
            phone.get_by_role("button", name="Send my answer").click()
            phone.get_by_text("Your answer is in: 4").wait_for()
            teacher.get_by_role("img", name=re.compile("median 4")).wait_for()
            server.kill()
            server.wait()
            phone.get_by_text("The connection to the class is lost").wait_for()
            phone.locator(".tdl-class-number input[type=text]").fill("7")
            phone.get_by_role("button", name="Change my answer").click()
            phone.get_by_text("your answer is kept").wait_for()
            server = start(log)
            phone.get_by_text("Your answer is in: 7").wait_for()
            phone.get_by_text("The connection to the class is lost").wait_for(state="hidden")
            assert phone.locator(".tdl-class-who strong").inner_text() == alias
            teacher.get_by_text("1 of 1 have answered").wait_for()
            teacher.get_by_role("img", name=re.compile("median 7")).wait_for()
            teacher.context.close()
            phone.context.close()
        finally:
            end(server, 10)
