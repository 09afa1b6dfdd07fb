"""The drawings at the heads of the lessons: mouse, finger and keyboard drag them, and words and numbers follow."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.browser.conftest import Watched
from tests.browser.lesson_page import as_python_reads, new_context
from tests.browser.plain_site import build_site, on_a_web_server
from tests.browser.served import served_page
from tests.browser.test_accessibility import faults
from widgets.page.drawings import DRAWINGS

pytestmark = pytest.mark.browser
ALL = """
from IPython.display import display
from widgets.page.drawings import DRAWINGS, drawing
for name in DRAWINGS:
    display(drawing(name))
"""
FINGER = 44  # pixels that a finger needs
NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")


@pytest.fixture(scope="module")
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with served_page(tmp_path_factory.mktemp("drawings"), ALL) as address:
        yield address


def numbers(words: str) -> list[float]:
    return [float(number) for number in NUMBER.findall(as_python_reads(words).replace("−", "-"))]


def rounded_alike(said: float, exact: float) -> bool:
    """Whether a number is another with two or three digits, of settings that are written with as many themselves."""
    return said == pytest.approx(exact, rel=0.06, abs=0.006)


def momentum(words: str) -> bool:
    e, beta, left, *_ = numbers(words)
    roots = abs(complex(1 + beta - e) + complex((1 + beta - e) ** 2 - 4 * beta) ** 0.5) / 2
    other = abs(complex(1 + beta - e) - complex((1 + beta - e) ** 2 - 4 * beta) ** 0.5) / 2
    return rounded_alike(left, max(roots, other))


def scale(words: str) -> bool:
    c, gradient, effective, turn, _, before = numbers(words)
    turns = [math.degrees(math.atan(0.5 * math.sin(math.radians(55)) / norm**2)) for norm in (c, 1)]
    found = zip((gradient, effective, turn, before), (1 / c, 1 / c**2, *turns), strict=True)
    return all(rounded_alike(said, exact) for said, exact in found)


def limit(words: str) -> bool:
    rate, factor, start, end, steps = numbers(words)
    return rounded_alike(factor, 1 - rate) and end == pytest.approx(factor**steps * start, rel=0.15, abs=0.01)


def norm(words: str) -> bool:
    rho, step, decay, after, effective = numbers(words)
    found = zip((step, decay, effective), (0.6 / rho, 0.2 * rho, 0.5 / rho**2), strict=True)
    return all(rounded_alike(*each) for each in [*found, (after, math.hypot(0.8 * rho, 0.6 / rho))])


def nodes(words: str) -> bool:
    """Which nodes go where is for the tests in node; here, that the flow goes down."""
    loss, *_, end = numbers(words)
    return 0 <= end < loss and "Gradient flow takes" in words


def schedule(words: str) -> bool:
    steps, loss, way, noise = numbers(words)
    return steps == 200 and loss == pytest.approx(way + noise, abs=1e-9)  # to the last digit that is written


def circle(words: str) -> bool:
    """The numbers are held in node: here, that each of the three nets has one."""
    depth, angle, *nets = numbers(words)
    return len(nets) == 6 and nets[1::2] == [0.8, 1.4, 2.5] and (depth > 0 or set(nets[::2]) == {angle})


SAYS: dict[str, Callable[[str], bool]] = {
    "momentum": momentum,
    "scale": scale,
    "limit": limit,
    "norm": norm,
    "nodes": nodes,
    "schedule": schedule,
    "circle": circle,
}


def drawn(page: Page) -> list[Locator]:
    found = page.locator(".tdl-drawing")
    found.nth(len(DRAWINGS) - 1).locator(".tdl-grip").first.wait_for()
    return found.all()


def drag(page: Page, grip: Locator, across: float, down: float) -> None:
    grip.scroll_into_view_if_needed()
    box = grip.locator(".tdl-knob").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + across, y + down, steps=4)
    page.mouse.up()


def test_each_handle_is_dragged_and_moved_by_keys_and_the_sentence_follows(page: Page, drawings: str) -> None:
    page.goto(drawings)
    for name, drawing in zip(DRAWINGS, drawn(page), strict=True):
        said = drawing.locator(".tdl-sentence")
        assert SAYS[name](said.inner_text()), said.inner_text()
        for grip in drawing.locator(".tdl-grip").all():
            for move in (lambda grip=grip: drag(page, grip, -40, 11), lambda grip=grip: grip.press("ArrowUp")):
                before = said.inner_text(), grip.get_attribute("aria-valuetext"), grip.get_attribute("transform")
                move()
                after = said.inner_text(), grip.get_attribute("aria-valuetext"), grip.get_attribute("transform")
                assert all(one != other for one, other in zip(before, after, strict=True)), (name, before, after)
                assert SAYS[name](after[0]), after[0]
            assert page.evaluate("document.activeElement.getAttribute('aria-label')") == grip.get_attribute(
                "aria-label"
            )
    assert faults(page) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280, 1920])
def test_drawings_fit_every_window_and_a_finger(browser: Browser, drawings: str, width: int, theme: str) -> None:
    context = new_context(browser, viewport={"width": width, "height": 900}, has_touch=True)
    trouble = Watched()
    page = trouble.watch(context.new_page())
    page.goto(f"{drawings}?theme={theme}")
    for drawing in drawn(page):
        assert drawing.evaluate("d => d.scrollWidth - d.clientWidth") == 0
        for grip in drawing.locator(".tdl-grip").all():
            assert min(grip.bounding_box()[side] for side in ("width", "height")) >= FINGER
            assert grip.evaluate("g => getComputedStyle(g).touchAction") == "none"
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
    assert faults(page) == []
    context.close()
    assert trouble == []


def test_a_plain_page_has_the_drawing_of_its_lesson_and_no_other(page: Page, tmp_path: pytest.TempPathFactory) -> None:
    site = build_site(tmp_path, "01_optimizers", ("from lessons", "drawing("))
    assert len(list(site.glob("files/drawing_*.js"))) == 1
    with on_a_web_server(site) as address:
        page.goto(f"{address}/01_optimizers.html")
        before = page.locator(".tdl-sentence").inner_text()
        page.locator(".tdl-grip").first.press("ArrowRight")
        assert page.locator(".tdl-sentence").inner_text() != before
