"""Records the runs of a lab's presets, so that a page can play them again without a kernel.

A record is what a browser that watches the lab gets: the lab itself opens, is played, and draws. Nothing in it is
computed in another way than on a live page.
"""

from __future__ import annotations

import asyncio
from typing import Any

from widgets.lab.lab import Lab
from widgets.record.moments import Moments, as_difference
from widgets.record.viewer import POLL_SECONDS, Viewer, stops, until
from widgets.run.run_loop import State

# A run is recorded step by step at first, for who presses Step, and then in as many equal parts.
FIRST_STEPS = 12
PARTS = 150


async def lab_record(lab: Lab) -> dict[str, Any]:
    """Return the record of a lab as JSON: what its panel shows, and for each preset its run.

    Where the figures show the lane that is chosen, a preset has a run for each lane that may be: the first as it is, of
    the others what is different.

    Raises:
        RuntimeError: If a run fails.
    """
    viewer = Viewer(lab.stage.figure)
    runs = []
    for preset in range(len(lab.view.presets)):
        first = await _preset(lab, viewer, preset, 0)
        views = [first]
        if await _shows_the_chosen_lane(lab, viewer):
            others = [await _preset(lab, viewer, preset, lane) for lane in range(1, len(lab.panel.lanes))]
            views += [as_difference(other, first) for other in others]
        runs.append(views)
    panel = {name: getattr(lab.panel, name) for name in ("title", "fields", "presets", "goals", "options")}
    return {"name": lab.view.name, "panel": panel, "label": lab.stage.figure.label, "runs": runs}


async def _preset(lab: Lab, viewer: Viewer, preset: int, lane: int) -> dict[str, Any]:
    """Record a preset with one of its lanes chosen."""
    lab.handle({"do": "preset", "index": preset})
    await until(lambda: _waits_at_its_start(lab))
    lab.handle({"do": "select", "lane": lane})
    return await run_record(lab, viewer)


def _waits_at_its_start(lab: Lab) -> bool:
    return lab.state is State.IDLE and lab.run.step == 0 and not lab.session.player.prepares


async def run_record(lab: Lab, viewer: Viewer) -> dict[str, Any]:
    """Play a lab that waits at its start to its end, and return what is seen of it.

    Raises:
        RuntimeError: If the run fails.
    """
    viewer.hello()
    moments = Moments()
    await _note(lab, viewer, moments)
    lab.handle({"do": "step"})  # what was covered is drawn from here on
    steps = lab.run.steps
    for step in stops(steps, FIRST_STEPS, PARTS):
        while lab.run.step < step and lab.state in (State.PAUSED, State.IDLE):
            lab.loop.forward(step)
            await asyncio.sleep(POLL_SECONDS if lab.run.step < step else 0)
        if lab.run.step >= step:
            await _note(lab, viewer, moments)
    lab.loop.forward(steps + 1)  # a run knows that it has ended when it is asked for one more step
    await until(lambda: lab.state in (State.FINISHED, State.FAILED))
    if lab.state is State.FAILED:
        raise RuntimeError(f"The run of {lab.view.name} failed: {lab.loop.failure}")
    await _note(lab, viewer, moments)
    return {"speed": lab.panel.transport["speed"], **moments.as_json()}


async def _note(lab: Lab, viewer: Viewer, moments: Moments) -> None:
    await until(lambda: not lab.session.player.prepares)
    lab.stage.draw()
    message = await viewer.taken()
    lab.report()
    shown = {
        "lanes": lab.panel.lanes,
        "preset": lab.panel.preset,
        "notice": lab.board.notice,
        "steps": lab.panel.transport["steps"],
        "readings": lab.readings.value,
    }
    moments.note(max(lab.run.step, 0), message, shown)


async def _shows_the_chosen_lane(lab: Lab, viewer: Viewer) -> bool:
    """True if the figures are others once another lane is chosen."""
    if len(lab.panel.lanes) < 2:
        return False
    lab.handle({"do": "select", "lane": 1})
    return bool((await viewer.taken())["ops"])
