"""For how long each lab keeps the kernel's event loop busy at a time: whoever moves a slider waits as long."""

from __future__ import annotations

import asyncio
import pkgutil
import time
from asyncio import events
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any

import ipywidgets as ipw

import widgets.labs
from widgets.lab.lab import Lab
from widgets.lab.opens import opens
from widgets.run.run_loop import State

STEPS, SECONDS = 150, 5.0
DRAWN_AFTER = 0.03  # seconds that a browser takes for a frame


def measure() -> dict[str, float]:
    """Open each lab, play it and change its seed; return its longest callback, in ms of processor time."""
    return {name: round(1000 * asyncio.run(_longest(open_lab))) for name, open_lab in sorted(_labs())}


def _labs() -> Iterator[tuple[str, Callable[[], Lab]]]:
    for module in pkgutil.iter_modules(widgets.labs.__path__):
        for name, value in vars(import_module(f"{widgets.labs.__name__}.{module.name}")).items():
            if callable(value) and value is not opens and value.__module__ == opens.__module__:
                yield name, value


async def _longest(open_lab: Callable[[], Lab]) -> float:
    lab, longest = open_lab(), [0.0]
    with _timed(longest):
        await asyncio.sleep(0)  # what comes from here on is timed
        await _told(_look_at, lab)
        await _played(lab)
        if "seed" in lab.view.controls:
            await _told(lab.change, "seed", lab.lanes.settings[0].seed + 1)
            await asyncio.sleep(DRAWN_AFTER)
            await _played(lab)
        await _told(lab.handle, {"do": "reset"})
        await _until(lambda: not lab.session.player.prepares)
    lab.loop.cancel()
    ipw.Widget.close_all()
    return longest[0]


@contextmanager
def _timed(longest: list[float]) -> Iterator[None]:
    """Note the longest callback of the event loop."""
    run = events.Handle._run  # type: ignore[attr-defined] # asyncio says for how long in its debug mode only

    def timed(handle: asyncio.Handle) -> None:
        start = time.thread_time()
        run(handle)
        longest[0] = max(longest[0], time.thread_time() - start)

    events.Handle._run = timed  # type: ignore[attr-defined]
    try:
        yield
    finally:
        events.Handle._run = run  # type: ignore[attr-defined]


async def _told(do: Callable[..., Any], *arguments: Any) -> None:
    """Do something in a callback of its own, as a message of a page does."""
    asyncio.get_running_loop().call_soon(do, *arguments)
    await asyncio.sleep(0)
    await asyncio.sleep(0)


def _look_at(lab: Lab) -> None:
    """Be a browser that draws each frame."""
    figure, loop = lab.stage.figure, asyncio.get_running_loop()

    def arrive(content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        if "n" in content:
            loop.call_later(DRAWN_AFTER, figure._receive, figure, {"type": "ack", "n": content["n"]}, [])

    figure.send = arrive
    figure._receive(figure, {"type": "hello"}, [])


async def _played(lab: Lab) -> None:
    await _told(lab.handle, {"do": "speed", "value": "fastest"})
    await _told(lab.handle, {"do": "play"})
    await _until(lambda: lab.session.run.step >= STEPS or lab.state is not State.RUNNING)
    await _told(lab.handle, {"do": "pause"})


async def _until(condition: Callable[[], bool]) -> None:
    deadline = time.perf_counter() + SECONDS
    while not condition() and time.perf_counter() < deadline:
        await asyncio.sleep(0.005)
