"""What the control panel shows: the description of a lab, its lanes, and how far its run is."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import torch

from widgets.controls import MOST_LANES, controls
from widgets.lane_list import LaneList
from widgets.run_loop import FASTEST, RunLoop, State
from widgets.view import LabView


def panel_state(view: LabView) -> dict[str, Any]:
    """Describe a lab: what does not change while it is open."""
    return {
        "title": view.title,
        "fields": controls(view.settings_type, view.shown, view.more),
        "presets": [{"name": preset.name, "sentence": preset.sentence} for preset in view.presets],
        "options": {
            "name": view.name,
            "compare": view.compare,
            "most_lanes": MOST_LANES,
            "seed": "seed" in view.controls,
            "devices": ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"],
        },
    }


def lane_rows(view: LabView, lanes: LaneList, ends: Sequence[int | None]) -> list[dict[str, Any]]:
    """Describe the lanes.

    Args:
        view: The lab's view.
        lanes: The lanes that a person compares.
        ends: Per lane of the run, the step at which it diverged; left out if the run has other lanes.
    """
    if len(ends) != len(lanes):  # lanes were just added or removed, or the run is a sweep's
        ends = [None] * len(lanes)
    return [
        {
            "name": lane.name,
            "colour": lane.colour,
            "values": lane.settings.model_dump(),
            "status": "" if end is None else f"diverged at step {end}",
            "idle": list(view.idle(lane.settings)),
        }
        for lane, end in zip(lanes.lanes, ends, strict=True)
    ]


class Pace:
    """Steps a second since the run began to play, and what is left."""

    def __init__(self) -> None:
        self._since, self._step = 0.0, 0

    def begin(self, step: int) -> None:
        """Count from this step on."""
        self._since, self._step = time.perf_counter(), step

    def describe(self, loop: RunLoop, step: int, steps: int) -> dict[str, Any]:
        """Describe how far a run is."""
        elapsed = time.perf_counter() - self._since
        rate = (step - self._step) / elapsed if loop.state is State.RUNNING and elapsed > 0.1 else 0.0
        return {
            "state": str(loop.state),
            "step": step,
            "steps": steps,
            "rate": round(rate, 1),
            "left": round((steps - step) / rate, 1) if rate > 0 else 0.0,
            "speed": "fastest" if loop.speed == FASTEST else loop.speed,
        }
