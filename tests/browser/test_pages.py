"""The lessons as plain files: no kernel, no server of ours, and the labs play."""

import gzip
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from tests.browser.lesson_page import LabOnPage, wait_until
from tests.browser.plain_site import build_site, on_a_web_server
from tests.browser.test_accessibility import faults

pytestmark = pytest.mark.browser
CELLS = (
    *("# Divergence", "from ", "## One dimension", "show_code(Parabola)", "divergence.parabola()"),
    *(f'divergence.ask("{name}")' for name in ("step_factor", "diverges_at_the_limit", "sharpness_sketch")),
    "divergence.answers()",
)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A lesson with one lab, its questions, code and answers, as a folder."""
    return build_site(tmp_path_factory.mktemp("site"), "03_divergence", CELLS)


@pytest.fixture(scope="module")
def plain_server(site: Path) -> Iterator[str]:
    """Any web server."""
    with on_a_web_server(site) as address:
        yield address


@pytest.fixture(params=["server", "folder"])
def small(request: pytest.FixtureRequest, page: Page, site: Path) -> LabOnPage:
    """The lab on a page that a web server or a folder gives; nothing else is asked for anything."""
    address = request.getfixturevalue("plain_server") if request.param == "server" else site.as_uri()
    asked: list[str] = []
    page.on("request", lambda asked_for: asked.append(asked_for.url))
    page.goto(f"{address}/03_divergence.html")
    lab = LabOnPage(page, 0)
    assert all(url.startswith((address, "data:", "blob:")) for url in asked)
    return lab


def test_a_recorded_run_plays_pauses_steps_and_goes_back_and_says_what_it_is(small):
    assert "recorded run" in small.status()
    assert small.is_covered(1)
    small.press("Step")
    wait_until(lambda: small.step_number() == 1, "one step is made")
    wait_until(lambda: not small.is_covered(1), "what happens is shown", 10)
    small.press("Play")
    wait_until(lambda: small.step_number() > 3, "it plays")
    small.press("Pause")
    assert small.status().startswith("paused")
    seen = small.step_number()
    small.element.get_by_text("Rewind, share and save").click()
    box = small.element.locator(".tdl-share input[type=text]").first
    box.fill("2")
    box.press("Enter")
    wait_until(lambda: small.step_number() == 2 < seen, "it goes back")
    assert len(small.points(1, 0)[0]) == 3
    small.element.get_by_text("Speed and stopping").click()
    small.element.locator(".tdl-run input[type=range]").first.press("End")
    small.press("Play")
    wait_until(lambda: small.status().startswith("finished"), "it comes to its end")
    assert small.points(1, 0)[0][-1] == 40


def test_presets_are_there_and_what_needs_a_kernel_is_said_and_changes_nothing(small):
    small.choose("side by side")
    wait_until(lambda: small.element.locator(".tdl-chip").count() > 1, "the preset has several lanes")
    small.press("Play")
    wait_until(lambda: small.step_number() > 1, "it plays")
    before = small.value("ratio")
    small.type_value("ratio", "0.7")
    wait_until(lambda: "run the lessons with a kernel" in small.refusal(), "it says how to get a kernel")
    assert small.value("ratio") == before


def test_questions_are_decided_by_their_recorded_runs(small):
    questions = small.page.locator(".tdl-question")
    wait_until(lambda: questions.count() == 3, "all questions are there")
    number, choice, sketch = (questions.nth(index) for index in range(3))
    number.locator("input[type=text]").fill("7")
    number.get_by_role("button", name="Commit").click()
    wait_until(lambda: "a number from" in number.inner_text(), "an answer out of range is refused")
    number.locator("input[type=text]").fill("0.8")
    number.get_by_role("button", name="Commit").click()
    wait_until(lambda: "✓ Right" in number.inner_text(), "it is right")
    choice.locator("input[type=radio]").first.check()
    choice.get_by_role("button", name="Commit").click()
    wait_until(lambda: choice.get_attribute("data-state") == "checked", "it is decided")
    sketch.get_by_role("button", name="Commit").click()
    wait_until(lambda: "Draw the whole curve first" in sketch.inner_text(), "half a sketch is none")
    plot = small.page.locator("[data-kind=question]").last.locator(".nsewdrag")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    small.page.mouse.move(box["x"] + 2, box["y"] + box["height"] / 2)
    small.page.mouse.down()
    small.page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2, steps=40)
    small.page.mouse.up()
    sketch.get_by_role("button", name="Commit").click()
    wait_until(lambda: "Farthest apart" in sketch.inner_text(), "the curve is compared")
    rows = small.page.locator("[data-answers] tbody tr")
    assert "✓ right" in rows.nth(0).inner_text()
    assert "✗ not yet. No: the run contradicts the statement." in rows.nth(1).inner_text()
    assert "Farthest apart" in rows.nth(2).inner_text()


def test_words_and_formulas_are_there_at_once_without_faults_and_fit_a_phone(small):
    assert small.page.locator("main math").count() > 5
    assert "$" not in small.page.locator(".tdl-words").first.inner_text()
    on_a_server = small.page.url.startswith("http")  # axe reads style sheets anew, which a folder does not allow
    assert not on_a_server or faults(small.page) == []
    small.page.set_viewport_size({"width": 390, "height": 844})
    wait_until(lambda: small.page.evaluate("document.documentElement.scrollWidth") <= 390, "it fits a phone")
    assert not on_a_server or faults(small.page, "target-size") == []


def test_a_page_asks_for_less_than_700_kilobytes_before_its_first_curve(site):
    """As a server that compresses sends it."""
    text = (site / "03_divergence.html").read_text(encoding="utf-8")
    names = set(re.findall(r"files/[\w.-]+", text)) - {
        name for name in re.findall(r"data-record='(files/[\w.-]+)'", text) if "parabola" not in name
    }
    assert re.findall(r'rel="preload" as="script" href="files/(\w+)\.', text) == ["plotly", "parabola"]
    sizes = [len(gzip.compress((site / name).read_bytes(), 6)) for name in names]
    assert len(gzip.compress(text.encode(), 6)) + sum(sizes) < 700_000
