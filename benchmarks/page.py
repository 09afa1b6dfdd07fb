"""What a person feels: bytes a page costs, redraws a second, the time from slider to picture while training."""

from __future__ import annotations

import json
import statistics
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.served import launch, lesson_server, write_notebook

LIVE = """
import asyncio, json, os, time
from widgets.labs import divergence
lab = divergence.net(steps=20000)
reached = []
handle = lab.handle
def noted(content):
    reached.append((content.get("value"), time.time()))
    handle(content)
lab.panel._on_command = noted
async def report():
    while True:
        await asyncio.sleep(0.5)
        state = {"now": time.time(), "cpu": time.process_time(), "training": lab.loop.training_seconds,
                 "frames": lab.stage.figure.frames_sent, "step": lab.run.step, "reached": reached}
        with open("KERNEL.tmp", "w") as file:
            json.dump(state, file)
        os.replace("KERNEL.tmp", "KERNEL.json")
task = asyncio.get_running_loop().create_task(report())
lab
"""
FIGURES = """
from widgets.figure.live_figure import LiveFigure
from widgets.figure.plots import line, plot
import ipywidgets as ipw
figures = [LiveFigure(plot("figure", "A figure", "x", "y", [line("a", "#2f7ed8")])) for _ in range({count})]
for figure in figures:
    figure.extend("figure", 0, range(50), range(50))
ipw.VBox(figures)
"""
# Move the slider, then look at each animation frame whether the line 2/eta shows the new value.
DRAG = """async (position) => {
  const panel = document.querySelector('[data-field=learning_rate]');
  const slider = panel.querySelector('input[type=range]');
  const plot = document.querySelectorAll('.tdl-plot')[1];
  slider.value = position;
  const start = Date.now();
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  const shown = Number(panel.querySelector('.tdl-number').value);
  const selected = 0, lanes = plot.data.length / 2;
  while (Date.now() - start < 5000) {
    await new Promise(requestAnimationFrame);
    const limit = plot.data[lanes + selected].y.at(-1);
    if (Math.abs(limit - 2 / shown) < 1e-6 * limit) return { value: shown, start, drawn: Date.now() };
  }
  return { value: shown, start, drawn: null };
}"""


def measure() -> dict[str, Any]:
    """Serve three notebooks, open each in Chromium, and return the numbers."""
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        notebooks = Path(folder)
        write_notebook(notebooks / "live.ipynb", LIVE)
        for count in (1, 6):
            write_notebook(notebooks / f"figures{count}.ipynb", FIGURES.format(count=count))
        with lesson_server(notebooks) as address:
            browser = launch(playwright)
            results = {f"megabytes, {n} figure(s)": _megabytes(browser, address, n) for n in (1, 6)}
            results.update(_live(browser, address, notebooks))
            browser.close()
    return results


def _open(browser: Browser, address: str, name: str) -> tuple[Page, list[int]]:
    page = browser.new_page(viewport={"width": 1280, "height": 800})
    sizes: list[int] = []
    page.on("websocket", lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))))
    page.goto(f"{address}/voila/render/{name}.ipynb")
    page.wait_for_selector(".tdl-plot .main-svg", timeout=60_000)
    return page, sizes


def _megabytes(browser: Browser, address: str, count: int) -> float:
    page, sizes = _open(browser, address, f"figures{count}")
    page.wait_for_function(f"document.querySelectorAll('.tdl-plot .main-svg').length >= {count}")
    time.sleep(2)
    page.close()
    return round(sum(sizes) / 1e6, 3)


def _live(browser: Browser, address: str, notebooks: Path) -> dict[str, Any]:
    page, sizes = _open(browser, address, "live")
    page.click(".tdl-play")
    time.sleep(4)
    before, drawn_before, at, received = _kernel(notebooks), _drawn(page), time.monotonic(), len(sizes)
    time.sleep(10)
    after, drawn, seconds = _kernel(notebooks), _drawn(page), time.monotonic() - at
    frame_bytes = sizes[received:]
    drags = []
    for turn in range(60):
        drags.append(page.evaluate(DRAG, 400 + 5 * turn))
        time.sleep(0.12)
    time.sleep(1)
    page.wait_for_timeout(500)
    reached = {value: when for value, when in _kernel(notebooks)["reached"] if isinstance(value, float)}
    to_kernel = [1000 * reached[d["value"]] - d["start"] for d in drags if d["value"] in reached]
    to_screen = [d["drawn"] - d["start"] for d in drags if d["drawn"]]
    page.close()
    return {
        "redraws a second, three traces": round((drawn - drawn_before) / seconds, 1),
        "steps a second": round((after["step"] - before["step"]) / (after["now"] - before["now"]), 1),
        "share of kernel CPU in the experiment": round(
            (after["training"] - before["training"]) / (after["cpu"] - before["cpu"]), 3
        ),
        "kernel CPU a second": round((after["cpu"] - before["cpu"]) / (after["now"] - before["now"]), 3),
        "bytes a second to the browser": round(sum(frame_bytes) / seconds),
        "slider to kernel, ms, p50 and p95": _quantiles(to_kernel),
        "slider to redraw, ms, p50 and p95": _quantiles(to_screen),
        "drags drawn": f"{len(to_screen)} of {len(drags)}",
    }


def _quantiles(values: list[float]) -> list[float]:
    cuts = statistics.quantiles(values, n=20)
    return [round(statistics.median(values)), round(cuts[18])]


def _drawn(page: Page) -> int:
    return int(page.get_attribute(".tdl-figures", "data-frames"))


def _kernel(notebooks: Path) -> dict[str, Any]:
    return json.loads((notebooks / "KERNEL.json").read_text())
