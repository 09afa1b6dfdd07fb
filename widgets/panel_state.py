"""What the control panel shows: the description of a lab, its lanes, and how far its run is."""

from __future__ import annotations

import time
from typing import Any

import torch

from widgets.controls import MOST_LANES, controls
from widgets.lane_list import LaneList
from widgets.run_loop import FASTEST, RunLoop, State
from widgets.trial import Trial
from widgets.view import LabView


def panel_state(view: LabView) -> dict[str, Any]:
    """Describe a lab: what does not change while it is open."""
    return {
        "title": view.title,
        "fields": [_offered(view, each) for each in controls(view.settings_type, view.shown, view.more)],
        "presets": [{"name": preset.name, "sentence": preset.sentence} for preset in view.presets],
        "options": {
            "name": view.name,
            "compare": view.compare,
            "most_lanes": MOST_LANES,
            "seed": "seed" in view.controls,
            "devices": ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"],
        },
    }


class PresetRow:
    """Says which preset is on: whose lanes those of the lab are.

    Args:
        view: The lab's view.
    """

    def __init__(self, view: LabView):
        check = view.settings_type.checked
        rows = [(index, preset) for index, preset in enumerate(view.presets)] + [(0, view.opening)]
        self._lanes = [(index, [check(dict(changes)) for changes in preset.lanes]) for index, preset in rows]
        self.loaded = 0

    def on(self, lanes: LaneList) -> int:
        """Return the preset that is on, of several with these lanes the one loaded last; -1 if none is."""
        found = [index for index, settings in self._lanes if settings == lanes.settings]
        return self.loaded if self.loaded in found else found[0] if found else -1


def _offered(view: LabView, control: dict[str, Any]) -> dict[str, Any]:
    hidden = view.hidden_choices(control["name"])
    return {**control, "choices": [choice for choice in control["choices"] if choice not in hidden]}


def lane_rows(view: LabView, lanes: LaneList, trial: Trial) -> list[dict[str, Any]]:
    """Describe the lanes.

    Args:
        view: The lab's view.
        lanes: The lanes that a person compares.
        trial: Their run; what became of its lanes is left out if it has others.
    """
    fates = [_fate(trial, lane) for lane in range(len(trial.ends))]
    if len(fates) != len(lanes):  # lanes were just added or removed, or the run is a sweep's
        fates = [""] * len(lanes)
    return [
        {
            "name": lane.name,
            "colour": lane.colour,
            "values": lane.settings.model_dump(),
            "status": fate,
            "idle": list(view.idle(lane.settings)),
        }
        for lane, fate in zip(lanes.lanes, fates, strict=True)
    ]


def _fate(trial: Trial, lane: int) -> str:
    end = trial.ends[lane]
    return "" if end is None else f"{'stopped' if lane in trial.failures else 'diverged'} at step {end}"


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
