"""A film strip of a page from the click on, with an empty cache: `python -m benchmarks.film ADDRESS FOLDER`."""

from __future__ import annotations

import argparse
import base64
import time
from pathlib import Path

from playwright.sync_api import CDPSession, sync_playwright

from tests.browser.served import launch

SECONDS = (0.5, 1.0, 1.5, 3.0)
Frame = tuple[float, bytes]  # seconds after the click, and the picture


def main() -> None:
    """Write a picture for each time into the folder."""
    parser = argparse.ArgumentParser("python -m benchmarks.film", description=__doc__)
    parser.add_argument("address", help="of a page of a running server")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--slowness", type=float, default=1, help="of the processor, in times (default: %(default)s)")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    frames = film(options.address, options.slowness)
    for seconds in SECONDS:
        seen = [picture for at, picture in frames if at <= seconds]
        if seen:
            (options.folder / f"{seconds:.1f}s.png").write_bytes(seen[-1])
        print(f"{seconds:.1f} s: {len(seen)} pictures so far" + ("" if seen else ", nothing is drawn yet"))


def film(address: str, slowness: float) -> list[Frame]:
    """Open a page and return each picture that the browser painted."""
    with sync_playwright() as playwright:
        browser = launch(playwright)
        page = browser.new_page(viewport={"width": 1280, "height": 800})
        wire = page.context.new_cdp_session(page)
        wire.send("Emulation.setCPUThrottlingRate", {"rate": slowness})
        frames: list[Frame] = []
        start = time.time()
        wire.on("Page.screencastFrame", lambda told: _keep(wire, told, frames, start))
        wire.send("Page.startScreencast", {"format": "png"})
        page.goto(address, wait_until="commit")
        page.wait_for_timeout(1000 * SECONDS[-1])
        browser.close()
    return frames


def _keep(wire: CDPSession, told: dict, frames: list[Frame], start: float) -> None:
    frames.append((told["metadata"]["timestamp"] - start, base64.b64decode(told["data"])))
    wire.send("Page.screencastFrameAck", {"sessionId": told["sessionId"]})


if __name__ == "__main__":
    main()
