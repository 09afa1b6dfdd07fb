"""Open lessons in Chromium on slow devices, again and again: outputs that stay dead, seconds to the first curve.

    python -m benchmarks.loads --loads 100 --at-once 2

Throttles the browser's processor (rates 1 to 8; 4 is reckoned to be a mid-range phone). Ends with status 1 if an output
was dead or a page never drew a curve. Serves the lessons itself, on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass

from playwright.async_api import Browser, Page, async_playwright
from playwright.async_api import Error as BrowserError

from benchmarks.first_curve import see_first_curve
from tests.browser.served import CHROMIUM_ARGUMENTS, browser_path, lesson_server

LESSONS = ("01_optimizers.ipynb", "03_divergence.ipynb")
RATES = (1, 2, 4, 6, 8)
MOST_AT_ONCE = 6
PATIENCE_SECONDS = 300
# What jupyter-widgets says in the console when it gives an output up.
GIVEN_UP = "widget model not found"
# Outputs of which nothing has come, or an error instead.
DEAD = """() => [...document.querySelectorAll(".jp-OutputArea-output")].filter((output) =>
  output.textContent === "Loading widget..." || output.textContent.startsWith("Error displaying widget")).length"""
WHOLE = f"""() => document.querySelectorAll(".jp-OutputArea-output").length > 0 && ({DEAD})() === 0"""


@dataclass(frozen=True)
class Load:
    """The outcome of one page.

    Attributes:
        lesson: File name.
        rate: How many times slower than this machine its processor was.
        outputs: Outputs on the page.
        dead: Those that never came alive.
        labs: Labs that did.
        given_up: Outputs that jupyter-widgets gave up, and that were shown again or are dead.
        curve: Seconds until its first curve was drawn; None if it never was.
    """

    lesson: str
    rate: float
    outputs: int
    dead: int
    labs: int
    given_up: int
    curve: float | None


def dead_outputs(page: object) -> int:
    """Count the outputs of an open page (of playwright's synchronous kind) that are not alive."""
    return page.evaluate(DEAD)


def load_pages(address: str, pages: Sequence[tuple[str, float]], at_once: int) -> list[Load]:
    """Open lessons at a server of this machine.

    Args:
        address: Of the server.
        pages: (lesson, rate) of each page.
        at_once: How many are open at a time.

    Prints each as it comes.
    """
    return asyncio.run(_load_pages(address, pages, at_once))


async def _load_pages(address: str, pages: Sequence[tuple[str, float]], at_once: int) -> list[Load]:
    turns = asyncio.Semaphore(at_once)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=browser_path(), args=list(CHROMIUM_ARGUMENTS))

        async def one(lesson: str, rate: float) -> Load:
            async with turns:
                return await _load(browser, address, lesson, rate)

        loads = await asyncio.gather(*(one(lesson, rate) for lesson, rate in pages))
        await browser.close()
    return list(loads)


async def _load(browser: Browser, address: str, lesson: str, rate: float) -> Load:
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    context.set_default_timeout(PATIENCE_SECONDS * 1000)
    page = await context.new_page()
    given_up: list[str] = []
    page.on("console", lambda line: GIVEN_UP in line.text and given_up.append(line.text))
    devices = await context.new_cdp_session(page)
    await devices.send("Emulation.setCPUThrottlingRate", {"rate": rate})
    started, curve = time.monotonic(), None
    await page.goto(f"{address}/voila/render/{lesson}", wait_until="domcontentloaded")
    try:
        await see_first_curve(page)
        curve = time.monotonic() - started
        await page.wait_for_function(WHOLE)
    except BrowserError:
        pass  # what is missing is counted below
    load = await _count(page, lesson, rate, len(given_up), curve)
    print(load, flush=True)
    await page.goto("about:blank")
    await context.close()
    return load


async def _count(page: Page, lesson: str, rate: float, given_up: int, curve: float | None) -> Load:
    outputs = await page.locator(".jp-OutputArea-output").count()
    labs = await page.locator(".tdl-lab .tdl-panel").count()
    return Load(lesson, rate, outputs, await page.evaluate(DEAD), labs, given_up, curve)


def main(arguments: list[str]) -> int:
    """Open pages, print a line for each; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.loads", description=__doc__.split("\n")[0])
    parser.add_argument("--loads", type=int, default=20, help="pages to open")
    parser.add_argument("--at-once", type=int, default=1, choices=range(1, MOST_AT_ONCE + 1), help="open at a time")
    asked = parser.parse_args(arguments)
    kinds = itertools.cycle(itertools.product(RATES, LESSONS))
    pages = [(lesson, rate) for rate, lesson in itertools.islice(kinds, asked.loads)]
    with lesson_server(options=["--seats=100"]) as address:
        loads = load_pages(address, pages, asked.at_once)
    dead, given_up = sum(load.dead for load in loads), sum(load.given_up for load in loads)
    curves = [load.curve for load in loads if load.curve is not None]
    print(f"{len(loads)} pages, {given_up} outputs given up, {dead} dead; {len(curves)} first curves", end="")
    print(f" after {min(curves):.1f} to {max(curves):.1f} s" if curves else "")
    return 1 if dead or len(curves) < len(loads) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
