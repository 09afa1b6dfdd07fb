"""The state of the control panel: the description of a lab, its lanes, and how far its run is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from widgets.lab.lane_list import LaneList
from widgets.run.player import Player
from widgets.run.run_loop import FASTEST
from widgets.view.controls import MOST_LANES, controls, devices
from widgets.view.view import LabView


def panel_state(view: LabView) -> dict[str, Any]:
    """Describe a lab: what does not change while it is open."""
    return {
        "title": view.title,
        "fields": [_offered(view, each) for each in controls(view.settings_type, view.shown, view.more)],
        "presets": [{"name": preset.name, "sentence": preset.sentence} for preset in view.presets],
        "goals": [{"name": goal.name, "text": goal.text, "why": goal.why} for goal in view.goals],
        "options": {
            "name": view.name,
            "compare": view.compare,
            "most_lanes": MOST_LANES,
            "seed": "seed" in view.controls,
            "opens": view.opens and not (view.covered or view.waits),
            "devices": devices(),
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

    def on(self, lanes: LaneList, loaded: int) -> int:
        """Return the preset that is on, of several with these lanes the one loaded last; -1 if none is."""
        found = [index for index, settings in self._lanes if settings == lanes.settings]
        return loaded if loaded in found else found[0] if found else -1


def _offered(view: LabView, control: dict[str, Any]) -> dict[str, Any]:
    hidden = view.hidden_choices(control["name"])
    return {**control, "choices": [choice for choice in control["choices"] if choice not in hidden]}


def lane_rows(view: LabView, lanes: LaneList, fates: Sequence[str]) -> list[dict[str, Any]]:
    """Describe the lanes.

    Args:
        view: The lab's view.
        lanes: The lanes that a person compares.
        fates: What became of each of them.
    """
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


def transport(player: Player) -> dict[str, Any]:
    """Describe how far a run is."""
    step, steps, rate = max(player.trial.run.step, 0), player.trial.steps, player.rate
    until = steps if player.loop.stop_at is None else player.loop.stop_at
    return {
        "state": str(player.state),
        "step": step,
        "steps": steps,
        "rate": round(rate, 1),
        "left": round((until - step) / rate, 1) if rate > 0 else 0.0,
        "speed": "fastest" if player.speed == FASTEST else player.speed,
    }
