"""A lesson as a person sees it: labs with buttons, controls, curves and words."""

from __future__ import annotations

import contextlib
import re
import time
from collections.abc import Callable
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Locator, Page

PATIENCE = 120.0
FIRST, LAST = slice(1), slice(-1, None)  # of a lab's figures
UNFOLD = (
    "lab => { for (let at = lab.closest('details'); at; at = at.parentElement.closest('details')) at.open = true; }"
)
DRAWN = """
p => JSON.stringify((p.data ?? []).map((t) => [Array.from(t.y ?? []), Array.from(t.z ?? [], (row) => Array.from(row))]))
"""


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A patient visitor, with a window of 1280 x 800; no lab moves by itself unless the options ask for motion."""
    laptop: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
    context = browser.new_context(**{**laptop, **options})
    context.set_default_timeout(PATIENCE * 1000)
    return context


def as_python_reads(text: str) -> str:
    """A text with its powers of ten as Python reads them: "1.2·10⁻⁵" as "1.2e-5"."""
    raised = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
    return re.sub("·10([⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda power: "e" + power[1].translate(raised), text)


def wait_until(true: Callable[[], Any], what: str | Callable[[], str], seconds: float = PATIENCE) -> Any:
    """Wait until something holds, and return it; `what` it is may be said by a function, when the wait was in vain."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with contextlib.suppress(IndexError):  # a curve that is being drawn again has no points for a moment
            value = true()
            if value:
                return value
        time.sleep(0.05)
    raise AssertionError(f"Waited {seconds:g} s in vain until {what if isinstance(what, str) else what()}.")


def area_of(plot: Locator) -> dict[str, float]:
    """Bring a plot to the middle of the window and return where its axes are, in pixels."""
    plot.evaluate("p => p.scrollIntoView({ block: 'center' })")
    return plot.locator(".nsewdrag").bounding_box()


def see_everything(page: Page) -> None:
    """Unfold all sections and scroll by all labs: figures are drawn when they come near."""
    page.evaluate("document.querySelectorAll('details.tdl-further').forEach((section) => (section.open = true))")
    figures = page.locator(".tdl-figures:visible")
    for number in range(figures.count()):
        figures.nth(number).scroll_into_view_if_needed()
        figures.nth(number).locator(".tdl-plot .main-svg").first.wait_for(state="attached")


class LabOnPage:
    """One lab on an open page."""

    def __init__(self, page: Page, number: int = 0, title: str | None = None):
        self.page = page
        labs = page.locator(".tdl-lab")
        panel = page.locator(f'[aria-label="{title}, controls"]')
        self.element: Locator = labs.nth(number) if title is None else labs.filter(has=panel)
        self.element.evaluate(UNFOLD)
        self.element.locator(".tdl-figures").scroll_into_view_if_needed()  # figures are drawn when they come near
        self.element.locator(".tdl-plot .main-svg").first.wait_for()
        wait_until(lambda: self.step_number() is not None, "the lab shows its step")

    def press(self, label: str) -> None:
        """Press the button with this label."""
        self.element.locator(".tdl-console, .tdl-stage").get_by_role("button", name=label).first.click()

    def choose(self, name: str) -> None:
        """Choose a preset, which waits at its start."""
        button = self.element.locator(".tdl-presets button").filter(has_text=re.compile(f"^{re.escape(name)}$"))
        button.evaluate(UNFOLD)
        button.click()

    def preset(self, name: str) -> None:
        """Choose a preset and play it."""
        self.choose(name)
        self.press("Play")

    def is_covered(self, figure: int = 0) -> bool:
        """Whether a figure asks for a prediction instead of showing what happens."""
        return "Predict" in self.element.locator(".tdl-plot").nth(figure).inner_text()

    def control(self, field: str) -> Locator:
        """The control of a setting, unfolded if need be."""
        control = self.element.locator(f"[data-field={field}]")
        if not control.is_visible():
            self.element.locator(".tdl-more > summary").click()
        return control

    def type_value(self, field: str, text: str) -> None:
        """Type into the number box of a setting."""
        box = self.control(field).locator("input[type=text]")
        box.fill(text)
        box.press("Enter")

    def drag(self, field: str, share: float) -> None:
        """Drag the slider of a setting with the mouse, to this share of its way."""
        slider = self.control(field).locator("input[type=range]")
        slider.scroll_into_view_if_needed()
        box = slider.bounding_box()
        now = slider.evaluate("s => (s.value - s.min) / (s.max - s.min)")
        thumb, middle = 16, box["y"] + box["height"] / 2
        across = [box["x"] + thumb / 2 + place * (box["width"] - thumb) for place in (now, share)]
        self.page.mouse.move(across[0], middle)
        self.page.mouse.down()
        self.page.mouse.move(across[1], middle, steps=8)
        self.page.mouse.up()

    def value(self, field: str) -> float:
        """The number that the control of a setting shows, folded or not; nothing else is touched."""
        return float(self.element.locator(f"[data-field={field}]").locator("input[type=text]").input_value())

    def status(self) -> str:
        """State, step and rate, as written."""
        return self.element.locator(".tdl-status").inner_text()

    def step_number(self) -> int | None:
        """The step that the status line shows."""
        text = self.element.locator(".tdl-status [role=status]").get_attribute("data-step")
        return None if text is None else int(text)

    def frames(self) -> int:
        """How many frames its figures have drawn."""
        return int(self.element.locator(".tdl-figures").get_attribute("data-frames"))

    def points(self, figure: int, trace: int) -> tuple[list[float], list[float]]:
        """What plotly.js holds for a trace: x and y, empty while a new lane's trace is not there yet."""
        plot = self.element.locator(".tdl-plot").nth(figure)
        return tuple(plot.evaluate("(p, t) => ['x', 'y'].map((key) => Array.from(p.data?.[t]?.[key] ?? []))", trace))

    def drawn(self) -> list[str]:
        """What plotly.js holds for each figure: curves and matrices, as text."""
        return [plot.evaluate(DRAWN) for plot in self.element.locator(".tdl-plot").all()]

    def draws_otherwise_with(self, field: str, text: str, figures: slice = slice(None)) -> None:
        """Type a value and wait for the end of a run that draws something else than what stands in these figures."""
        before = self.drawn()[figures]
        self.type_value(field, text)
        assert self.refusal() == ""
        self.until_finished()
        said = f"{field} = {text} draws something else"
        # While a figure is drawn anew its curves have no points for a moment.
        wait_until(lambda: (now := self.drawn()[figures]) != before and max(map(len, now)) > 50, said)

    def refusal(self) -> str:
        """The sentence about a refused value; empty if there is none."""
        return self.element.locator(".tdl-refusal").text_content()

    def notice(self) -> str:
        """What the board under the figures says."""
        return self.element.locator(".tdl-board").inner_text()

    def until_finished(self) -> None:
        """Wait for the end of the run."""
        name = self.element.locator(".tdl-panel").get_attribute("aria-label")
        wait_until(lambda: "finished" in self.status(), lambda: f"{name}: the run is finished; {self.status()}")
        frames = -1
        while self.frames() != frames:  # the last of them may still be on their way
            frames = self.frames()
            self.page.wait_for_timeout(400)
