"""Text that acts on labs: with a kernel, in JupyterLab, on plain pages with a kernel in reach and without."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page

from tests.browser.lesson_page import LabOnPage, new_context, wait_until
from tests.browser.served import ROOT, lesson_server

pytestmark = pytest.mark.browser
PARABOLA, BOWL = "Gradient descent on a parabola", "Gradient methods on a rotated bowl"
WORDS = """
# A lesson

It swings [for ever](#lab=parabola&preset=for+ever&play), arrives [at once](#lab=parabola&ratio=1) or takes
[too much](#lab=parabola&ratio=7). Drag the [learning rate](#lab=parabola&scrub=ratio&from=0.2&to=2.2). The
[dashed line](#lab=parabola&trace=closed+form) is computed. Of four cases
[1.9](#lab=parabola&preset=side+by+side&lane=1.9+%CE%B7%E2%82%92%E2%82%9A%E2%82%9C) jumps across; see it at
[step 10](#lab=parabola&go_to=10), or [turn the other](#lab=bowl&preset=turn+the+bowl&play).
[Nothing](#lab=parabola&preset=none) is here.
"""
SECONDS = 60  # for a kernel on a busy machine


def write_lesson(path: Path) -> None:
    """Write a lesson with words that act on a lab beside them, and on one far below, folded away."""
    words, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    further = {"tags": ["further"], "jp-MarkdownHeadingCollapsed": True}
    cells = [
        code("from widgets.labs import divergence"),
        words(WORDS.strip()),
        code("divergence.parabola()"),
        *(words("Many words. " * 300) for _ in range(4)),
        words("## Further", metadata=further),
        code("divergence.bowl()"),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the lesson, and its plain page."""
    folder = tmp_path_factory.mktemp("acting")
    write_lesson(folder / "mine.ipynb")
    command = [sys.executable, "-m", "deploy.command", "pages", str(folder / "pages"), str(folder / "mine.ipynb")]
    subprocess.run(command, check=True, capture_output=True, cwd=ROOT)
    return folder


@pytest.fixture(scope="module")
def room(folder: Path) -> Iterator[str]:
    """A room that shows the plain page first."""
    with lesson_server(folder, options=[f"--pages={folder / 'pages'}"]) as address:
        yield address


@pytest.fixture
def served(page: Page, room: str) -> Page:
    """The lesson with a kernel of its own."""
    page.goto(f"{room}/voila/render/mine.ipynb")
    LabOnPage(page, title=PARABOLA)
    phrase(page, "for ever").and_(page.locator("[role=button]")).wait_for()
    page.evaluate("scrollTo(0, 0)")
    return page


def phrase(page: Page, words: str) -> Locator:
    """The words that act."""
    return page.locator('a[href^="#lab="], a[data-act]').filter(has_text=words)


def said(page: Page) -> str:
    """What is said aloud of the last act."""
    return page.locator(".tdl-unseen").inner_text()


def beside(page: Page) -> str:
    """What stands beside the phrase; empty if nothing does."""
    bubble = page.locator(".tdl-bubble")
    return bubble.inner_text() if bubble.is_visible() else ""


def is_set(lab: LabOnPage, ratio: float) -> bool:
    """Whether the lab shows this ratio, and the figure follows."""
    x = lab.points(0, 1)[0]
    return lab.value("ratio") == ratio and x[1] == pytest.approx(-2 * (1 - ratio))


def test_a_phrase_chooses_and_plays_and_another_sets(served: Page):
    lab = LabOnPage(served, title=PARABOLA)
    phrase(served, "for ever").click()
    lab.until_finished()
    assert is_set(lab, 2)
    assert said(served) == f'"for ever" chosen, playing in "{PARABOLA}".'
    assert served.url.endswith("mine.ipynb")
    phrase(served, "at once").press("Enter")
    wait_until(lambda: is_set(lab, 1), "the figure follows")
    wait_until(lambda: phrase(served, "at once").get_attribute("aria-pressed") == "true", "the phrase holds")
    phrase(served, "for ever").press(" ")
    wait_until(lambda: is_set(lab, 2), "a key chooses")
    wait_until(lambda: phrase(served, "at once").get_attribute("aria-pressed") == "false", "it holds no more")


def test_what_is_refused_is_said_beside_the_phrase_and_in_the_lab(served: Page):
    lab = LabOnPage(served, title=PARABOLA)
    for _ in range(2):
        phrase(served, "too much").click()
        wait_until(lambda: ", not 7." in beside(served), "it is said")
        assert said(served) == beside(served) == lab.refusal()
        served.keyboard.press("Escape")
        assert beside(served) == ""
    phrase(served, "Nothing").click()
    wait_until(lambda: 'There is no preset "none" in this lab now.' in beside(served), "it is said")


def test_a_lane_is_chosen_once_its_preset_is_there_and_a_step_gone_to(served: Page):
    lab = LabOnPage(served, title=PARABOLA)
    phrase(served, "1.9").click()
    chosen = lab.element.locator(".tdl-selected")
    wait_until(lambda: chosen.count() == 1 and "1.9" in chosen.inner_text(), "the lane is chosen")
    assert lab.step_number() == 0
    phrase(served, "step 10").click()
    wait_until(lambda: lab.step_number() == 10, "it goes there")
    wait_until(lambda: said(served) == f'step 10 in "{PARABOLA}".', "it is said")


def test_a_number_is_dragged_by_mouse_and_by_keys(served: Page):
    lab, number = LabOnPage(served, title=PARABOLA), phrase(served, "learning rate")
    assert number.get_attribute("role") == "slider"
    assert [number.get_attribute(f"aria-value{end}") for end in ("min", "max", "now")] == ["0.2", "2.2", "1.6"]
    box = number.bounding_box()
    at = (box["x"] + 20, box["y"] + box["height"] / 2)
    served.mouse.move(*at)
    served.mouse.down()
    served.mouse.move(at[0] + 60, at[1], steps=6)
    assert beside(served) == "η / ηₒₚₜ = 2"
    served.mouse.up()
    wait_until(lambda: is_set(lab, 2), "the figure follows")
    number.press("Home")
    wait_until(lambda: is_set(lab, 0.2), "a key goes to the lowest")
    for _ in range(16):
        number.press("ArrowRight")
    wait_until(lambda: is_set(lab, 1), "16 steps on, through 1")
    assert number.get_attribute("aria-valuetext") == "η / ηₒₚₜ = 1"


def test_a_finger_drags_and_scrolls(browser: Browser, room: str):
    context = new_context(browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{room}/voila/render/mine.ipynb")
    lab = LabOnPage(page, title=PARABOLA)
    number = phrase(page, "learning rate")
    number.and_(page.locator("[role=slider]")).wait_for()
    number.scroll_into_view_if_needed()
    box = number.bounding_box()
    touch = context.new_cdp_session(page)

    def finger(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in places]
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    x, y = box["x"] + 10, box["y"] + 10
    finger("touchStart", (x, y))
    for across in range(0, 70, 10):
        finger("touchMove", (x + across, y))
    finger("touchEnd")
    wait_until(lambda: lab.value("ratio") > 1.8, "the finger drags")
    page.goto("about:blank")
    context.close()


def test_on_a_phone_the_row_of_figures_is_swiped_to_what_a_term_lights(browser: Browser, room: str):
    context = new_context(browser, viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page = context.new_page()
    page.goto(f"{room}/voila/render/mine.ipynb")
    lab = LabOnPage(page, title=PARABOLA)
    lab.preset("for ever")
    lab.until_finished()
    second = lab.element.locator(".tdl-figure").nth(1)
    assert second.bounding_box()["x"] > 300
    phrase(page, "dashed line").tap()
    wait_until(lambda: abs(second.bounding_box()["x"] - lab.element.bounding_box()["x"]) < 40, "it is in sight")
    page.goto("about:blank")
    context.close()


def test_a_term_lights_its_trace_and_a_trace_its_term(served: Page):
    lab, term = LabOnPage(served, title=PARABOLA), phrase(served, "dashed line")
    back = lab.element.locator(".tdl-plot").nth(1).locator(".trace.tdl-back")
    phrase(served, "for ever").click()
    lab.until_finished()
    served.mouse.move(0, 0)
    assert back.count() == 0
    term.hover()
    wait_until(lambda: back.count() == 1, "what is measured stands back")
    served.mouse.move(0, 0)
    wait_until(lambda: back.count() == 0, "and comes back")
    term.focus()
    wait_until(lambda: back.count() == 1, "the focus lights it, too")
    term.press("Enter")
    assert term.get_attribute("aria-pressed") == "true"
    phrase(served, "at once").focus()
    served.wait_for_timeout(600)
    assert back.count() == 1, "what was pressed stays lit, though figures are drawn anew"
    term.click()
    served.mouse.move(0, 0)
    wait_until(lambda: back.count() == 0, "pressed once more it does not")
    plot = lab.element.locator(".tdl-plot").nth(1)
    place = plot.evaluate(
        """p => {
          const { left, top } = p.getBoundingClientRect();
          const { xaxis, yaxis } = p._fullLayout;
          const trace = p._fullData.find(({ name }) => name.includes("closed form"));
          return [left + xaxis._offset + xaxis.d2p(trace.x[7]), top + yaxis._offset + yaxis.d2p(trace.y[7])];
        }"""
    )
    served.mouse.move(*place)
    wait_until(lambda: "tdl-lit" in (term.get_attribute("class") or ""), "a pointer on the line lights its term")
    served.mouse.move(place[0], place[1] + 60)
    wait_until(lambda: "tdl-lit" not in (term.get_attribute("class") or ""), "beside it does not")


def test_a_lab_that_cannot_be_seen_is_brought_into_sight_and_unfolded_and_one_that_can_stays(served: Page):
    scroller = "document.scrollingElement.scrollTop + document.body.scrollTop"
    before = served.evaluate(scroller)
    phrase(served, "for ever").click()
    wait_until(lambda: "playing in" in said(served), "it is done")
    served.wait_for_timeout(500)
    assert served.evaluate(scroller) == before
    back = served.get_by_role("button", name="Back to the text")
    assert not back.is_visible()
    phrase(served, "turn the other").click()
    figures = served.locator(f'.tdl-lab:has([aria-label="{BOWL}, controls"]) .tdl-figures')
    wait_until(lambda: figures.is_visible() and 0 <= figures.bounding_box()["y"] < 700, "the lab is in sight")
    lab = LabOnPage(served, title=BOWL)
    wait_until(lambda: (lab.step_number() or 0) > 0, "and plays")
    back.click()
    wait_until(lambda: 0 <= phrase(served, "turn the other").bounding_box()["y"] < 800, "there is a way back")
    wait_until(lambda: not back.is_visible(), "and then none")


def test_what_is_clicked_before_the_lab_is_there_is_done_when_it_is(page: Page, room: str):
    page.goto(f"{room}/voila/render/mine.ipynb#lab=parabola&preset=for+ever&play")
    lab = LabOnPage(page, title=PARABOLA)
    lab.until_finished()
    assert is_set(lab, 2)
    assert "#" not in page.url


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_has_nothing_to_say_of_text_that_acts(served: Page, theme: str):
    served.goto(f"{served.url}?theme={theme}")
    LabOnPage(served, title=PARABOLA)
    phrase(served, "learning rate").and_(served.locator("[role=slider]")).wait_for()
    phrase(served, "for ever").click()
    phrase(served, "too much").click()
    wait_until(lambda: beside(served) != "", "a bubble is there, too")
    found = Axe().run(served, context=".jp-RenderedMarkdown, .tdl-bubble, .tdl-unseen").response["violations"]
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []


def test_paper_has_plain_text(served: Page):
    served.emulate_media(media="print")
    looks = "a => { const s = getComputedStyle(a); return [s.textDecorationLine, s.color]; }"
    assert phrase(served, "for ever").evaluate(looks)[0] == "none"
    colour = "p => getComputedStyle(p).color"
    assert phrase(served, "for ever").evaluate(looks)[1] == served.locator("p", has_text="It swings").evaluate(colour)


def test_on_a_plain_page_what_is_recorded_plays_and_what_is_not_says_how(page: Page, folder: Path):
    page.goto((folder / "pages" / "mine.html").as_uri())
    phrase(page, "for ever").and_(page.locator("[role=button]")).wait_for()
    lab = LabOnPage(page, title=PARABOLA)
    phrase(page, "for ever").click()
    lab.until_finished()
    assert lab.points(0, 1)[0][1] == pytest.approx(2)
    for _ in range(2):
        phrase(page, "at once").click()
        wait_until(lambda: "training-dynamics-lab serve" in beside(page), "it says how to change a setting")
        page.keyboard.press("Escape")
    phrase(page, "learning rate").press("ArrowRight")
    wait_until(lambda: "training-dynamics-lab serve" in beside(page), "so it does of what is dragged")
    assert phrase(page, "learning rate").get_attribute("aria-valuenow") == "2"
    phrase(page, "turn the other").click()  # its lab has not been near yet
    other = LabOnPage(page, title=BOWL)
    wait_until(lambda: (other.step_number() or 0) > 0, "the lab comes, is chosen and plays")
    assert '"turn the bowl" chosen' in said(page)


def test_on_a_plain_page_a_kernel_does_what_is_not_recorded(page: Page, room: str):
    page.goto(f"{room}/pages/mine.html")
    lab = LabOnPage(page, title=PARABOLA)
    phrase(page, "at once").click()
    wait_until(lambda: "A kernel is on its way" in beside(page) or is_set(lab, 1), "it says that it waits")
    wait_until(lambda: is_set(lab, 1), "a kernel has done it", SECONDS)
    assert "set to 1" in said(page)


def test_in_jupyterlab(page: Page, lab_server: str, lab_home: Path, folder: Path):
    shutil.copy(folder / "mine.ipynb", lab_home / "notebooks" / "acting.ipynb")
    page.goto(f"{lab_server}/lab/tree/acting.ipynb?reset")
    page.locator(".jp-NotebookPanel-toolbar").wait_for(timeout=90_000)
    page.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    phrase(page, "for ever").click()  # before anything runs: it is done when its lab is there
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.locator("li[data-command='runmenu:run-all']").click()
    lab = LabOnPage(page, title=PARABOLA)
    lab.until_finished()
    assert is_set(lab, 2)
    phrase(page, "at once").click()
    wait_until(lambda: is_set(lab, 1), "a phrase sets")
    number, cell = phrase(page, "learning rate"), page.locator(".jp-Notebook-cell.jp-mod-active")
    number.focus()
    active = cell.inner_text()
    for key in ("ArrowRight", "ArrowDown"):
        number.press(key)
    number.press("ArrowUp")
    wait_until(lambda: is_set(lab, 1.05), "keys are the number's, not the notebook's")
    assert cell.inner_text() == active
    box = number.bounding_box()
    page.mouse.move(box["x"] + 9, box["y"] + 9)
    page.mouse.down()
    page.mouse.move(box["x"] + 84, box["y"] + 9, steps=5)
    page.mouse.up()
    wait_until(lambda: is_set(lab, 1.55), "the mouse drags it")
    phrase(page, "for ever").press("Enter")
    wait_until(lambda: is_set(lab, 2), "Enter chooses, and edits no cell")
    assert page.locator(".jp-mod-editMode").count() == 0
    phrase(page, "dashed line").hover()
    wait_until(lambda: lab.element.locator(".trace.tdl-back").count() == 1, "a term lights its trace")
