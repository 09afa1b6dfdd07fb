"""The first curve of a page, as who opens it sees it."""

from __future__ import annotations

from playwright.async_api import Page

_CURVE = ".tdl-plot .main-svg path.js-line, .tdl-plot .main-svg .point"


async def see_first_curve(page: Page) -> None:
    """Look at the first lab of a page until something is drawn in it: figures are drawn where somebody looks, and a
    page begins with text and a drawing of its own.

    Raises:
        playwright.async_api.Error: If nothing is drawn in the page's time.
    """
    await page.locator(".tdl-lab").first.evaluate("lab => lab.scrollIntoView()")
    await page.wait_for_selector(_CURVE, state="attached")
