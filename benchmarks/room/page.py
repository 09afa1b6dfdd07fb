"""A student with eyes: a page in Chromium among the headless ones, driven and watched through what is drawn."""

from __future__ import annotations

import contextlib
import random
import time
from typing import Any

from playwright.async_api import Browser, Error, Page

from benchmarks.first_curve import see_first_curve
from benchmarks.room.bell import Bell
from benchmarks.room.lab import STEPS
from benchmarks.room.request import FULL
from benchmarks.room.seen import LostError, Move, Seen
from benchmarks.room.student import MOVE_PATIENCE, THINK_SECONDS

PATIENCE_MS = 300_000
# Voilà asks for what it does not ship; nothing of the lesson is missing.
KNOWN_NOISE = ("Unsatisfied version", "shared module", "favicon", "404 (Not Found)")
# The first lab that waits to be trained as fast as it goes; from then on each drawing and each status is kept.
FIND = """() => {
  const waits = (lab) => {
    const slider = lab.querySelector('[data-field=learning_rate] input[type=range]');
    const speed = lab.querySelector('.tdl-run output')?.textContent;
    return lab.querySelector('.tdl-panel')?.dataset.state === 'idle' && speed === 'as fast as it goes'
      && slider?.title.includes('while it runs') && lab.querySelector('[data-field=steps]');
  };
  const lab = [...document.querySelectorAll('.tdl-lab')].find(waits);
  if (!lab) return false;
  const [panel, status] = ['.tdl-panel', '.tdl-status [role=status]'].map((name) => lab.querySelector(name));
  const figures = lab.querySelector('.tdl-figures');
  const log = [];
  const note = (changes) => {
    const drawn = changes.some((change) => change.target === figures);
    log.push([Date.now() / 1000, drawn, panel.dataset.state, Number(status.dataset.step)]);
  };
  const watch = new MutationObserver(note);
  for (const [element, name] of [[figures, 'data-frames'], [status, 'data-step'], [panel, 'data-state']])
    watch.observe(element, { attributes: true, attributeFilter: [name] });
  lab.scrollIntoView();
  window.room = { lab, panel, log };
  return true;
}"""
PLAY = """(steps) => {
  const box = window.room.lab.querySelector('[data-field=steps] input[type=text]');
  box.value = String(steps);
  box.dispatchEvent(new Event('change', { bubbles: true }));
  window.room.lab.querySelector('.tdl-play').click();
}"""
RUNS = "() => window.room.panel.dataset.state === 'running'"
# Move the slider, then look at each animation frame whether the mark of the change is drawn.
SLIDE = """async ([share, patience]) => {
  const { lab, panel } = window.room;
  const control = lab.querySelector('[data-field=learning_rate]');
  const slider = control.querySelector('input[type=range]');
  const [low, high] = [slider.min, slider.max].map(Number);
  window.room.start ??= Number(slider.value);
  slider.value = low + (window.room.start - low) * share;
  const sent = Date.now();
  slider.dispatchEvent(new Event('input', { bubbles: true }));
  const value = control.querySelector('.tdl-number').value;
  const plots = [...lab.querySelectorAll('.tdl-plot')];
  while (Date.now() - sent < 1000 * patience) {
    await new Promise(requestAnimationFrame);
    const notes = plots.flatMap((plot) => plot.layout?.annotations ?? []);
    if (notes.some((note) => note.text.endsWith(` → ${value}`))) return [Number(value), sent / 1000, Date.now() / 1000];
    if (panel.dataset.state !== 'running') return null;
  }
  return [Number(value), sent / 1000, null];
}"""


class PageStudent:
    """One page.

    Args:
        browser: Where to open it.
        address: Of the server.
        seen: Its record.
        seed: Of its wishes.
    """

    def __init__(self, browser: Browser, address: str, seen: Seen, seed: int):
        self.seen = seen
        self._browser, self._address = browser, address
        self._chance = random.Random(seed)

    async def attend(self, bell: Bell) -> None:
        """Stay until the bell rings; whatever goes wrong is in the record."""
        context = await self._browser.new_context(viewport={"width": 1280, "height": 800})
        context.set_default_timeout(PATIENCE_MS)
        page = await context.new_page()
        self._listen(page)
        opened = False
        try:
            opened = await self._open(page)
        except (LostError, Error) as error:
            self.seen.troubles.append(f"While opening: {str(error)[:300]}")
        finally:
            bell.settled()
        try:
            if opened:
                await self._train(page, bell)
        except (LostError, Error) as error:
            self.seen.troubles.append(f"While training: {str(error)[:300]}")
        finally:
            with contextlib.suppress(Error):  # a page that has crashed goes nowhere
                await page.goto("about:blank")
            await context.close()

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.seen.troubles.append(f"In the page: {error}"))
        page.on("console", lambda line: line.type == "error" and self._note(line.text))
        page.on("response", lambda answer: answer.status >= 400 and self._refused(answer.status, answer.url))

    def _note(self, text: str) -> None:
        if not self.seen.refused and not any(noise in text for noise in KNOWN_NOISE):
            self.seen.troubles.append(f"In the console: {text[:300]}")

    def _refused(self, status: int, url: str) -> None:
        if status == FULL and url.endswith(self.seen.lesson):
            self.seen.refused = True
        elif status != 404:
            self.seen.troubles.append(f"HTTP {status} at {url[:80]}")

    async def _open(self, page: Page) -> bool:
        seen = self.seen
        seen.asked = time.time()
        answer = await page.goto(f"{self._address}/voila/render/{seen.lesson}", wait_until="commit")
        seen.status, seen.first_byte = answer.status, time.time() - seen.asked
        if seen.refused:
            return False
        await page.wait_for_load_state("domcontentloaded")
        seen.whole_page = time.time() - seen.asked
        await see_first_curve(page)
        seen.first_curve = time.time() - seen.asked
        await page.wait_for_function(FIND)
        await page.evaluate(PLAY, STEPS)
        await page.wait_for_function(RUNS)
        return True

    async def _train(self, page: Page, bell: Bell) -> None:
        while not bell.rung:
            await bell.rest(self._chance.uniform(*THINK_SECONDS))
            if bell.rung:
                break
            if not await page.evaluate(RUNS):
                await page.evaluate("() => window.room.lab.querySelector('.tdl-play').click()")
                await page.wait_for_function(RUNS)
            moved = await page.evaluate(SLIDE, [self._chance.uniform(0.7, 1), MOVE_PATIENCE])
            if moved is not None:
                self.seen.moves.append(Move(*moved))
        self._read(await page.evaluate("() => window.room.log"))

    def _read(self, log: list[list[Any]]) -> None:
        for at, drawn, state, step in log:
            self.seen.transport(at, state, step)
            if drawn:
                self.seen.frame(at)
        self.seen.rest(time.time())
