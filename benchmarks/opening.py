"""How soon a lesson is there after the click, with an empty cache: as plain page, and with a kernel from the start."""

from __future__ import annotations

import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.plain_site import build_site
from tests.browser.served import launch, lesson_server
from tests.deploy.visitor import await_that, health

NAME = "03_divergence"
CELLS = (
    "# Divergence",
    "from ",
    "## One dimension",
    "show_code(Parabola)",
    "divergence.parabola()",
    "divergence.bowl()",
)
SLOWNESS = {"": 1, ", processor slowed fourfold": 4}
TIMES = 3
LAB = ".tdl-lab:has(.tdl-panel)"
MOVING = f"() => Number(document.querySelector('{LAB} .tdl-status [role=status]').dataset.step) > 0"
PATIENCE = 120_000


def measure() -> dict[str, Any]:
    """Build the page of a lesson's first labs, serve it, and return seconds and kilobytes."""
    with TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        pages = build_site(folder, NAME, CELLS)
        with lesson_server(folder, options=[f"--pages={pages}"]) as address:
            await_that(lambda: health(address)["status"] == "ok", "the server is warm")
            browser = launch(playwright)
            results = _openings(browser, address)
            results["live after the first touch, s"] = _touch(browser, address)
            browser.close()
    return results


def _openings(browser: Browser, address: str) -> dict[str, Any]:
    kinds = {"plain page": f"{address}/pages/{NAME}.html", "with a kernel": f"{address}/voila/render/{NAME}.ipynb"}
    results: dict[str, Any] = {}
    for slowly, rate in SLOWNESS.items():
        # In turn, so that what else the machine does is everybody's.
        seen = [{kind: _open(browser, url, rate) for kind, url in kinds.items()} for _ in range(TIMES)]
        for kind in kinds:
            for what in seen[0][kind]:
                results[f"{kind}: {what}{slowly}"] = round(statistics.median(each[kind][what] for each in seen), 2)
    return results


def _open(browser: Browser, address: str, rate: int) -> dict[str, float]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    wire = context.new_cdp_session(page)
    wire.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    wire.send("Network.enable")
    sizes: list[float] = []
    wire.on("Network.loadingFinished", lambda told: sizes.append(told["encodedDataLength"]))
    wire.on("Network.webSocketFrameReceived", lambda told: sizes.append(len(told["response"]["payloadData"])))
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector("h1", timeout=PATIENCE)
    words = time.perf_counter() - start
    page.wait_for_selector(f"{LAB} .tdl-plot .main-svg", state="attached", timeout=PATIENCE)
    curve, kilobytes = time.perf_counter() - start, sum(sizes) / 1000
    page.locator(LAB).first.get_by_role("button", name="Play").first.evaluate("button => button.click()")
    page.wait_for_function(MOVING, timeout=PATIENCE)
    moving = time.perf_counter() - start
    _leave(page)
    return {"words, s": words, "first curve, s": curve, "moving, s": moving, "before the first curve, kB": kilobytes}


def _touch(browser: Browser, address: str) -> float:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    page.goto(f"{address}/pages/{NAME}.html")
    lab = page.locator(LAB).first
    lab.locator(".tdl-plot .main-svg").first.wait_for()
    box = lab.locator("[data-field=ratio] input[type=text]")
    start = time.perf_counter()
    box.fill("0.7")
    box.press("Enter")
    lab.locator(".tdl-status", has_text="cpu").wait_for(timeout=PATIENCE)
    seconds = time.perf_counter() - start
    _leave(page)
    return round(seconds, 2)


def _leave(page: Page) -> None:
    page.goto("about:blank")  # its kernel ends
    time.sleep(1)
    page.context.close()
