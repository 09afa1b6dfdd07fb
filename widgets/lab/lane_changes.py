"""Lanes as a person wants them who points, draws, adds one, asks for a new seed or chooses a preset.

Each function returns other lanes, or raises a `SettingError` with a sentence.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.core.settings import SettingError
from widgets.lab.lane_list import LaneList
from widgets.view.view import LabView


def opening(view: LabView, lanes: Any, changes: dict[str, Any]) -> LaneList:
    """Return the lanes that a lab is opened with in Python; arguments as of `widgets.lab.lab.Lab`."""
    view.settings_type.check_names(changes)
    preset = view.opening if lanes is None else view.opening.with_lanes(lanes)
    for own in preset.lanes:
        view.settings_type.check_names(own)
    return LaneList.of(view.settings_type, preset, changes, view.idle, view.methods)


def added(view: LabView, lanes: LaneList) -> LaneList:
    """Return the lanes and a copy of the selected one."""
    if not view.compare:
        raise SettingError(["This lab has one set of controls."])
    return lanes.add()


def of_preset(view: LabView, index: int) -> LaneList:
    """Return the lanes of a preset."""
    if not 0 <= index < len(view.presets):
        raise SettingError(["This lab has no such preset."])
    return LaneList.of(view.settings_type, view.presets[index], idle=view.idle, methods=view.methods)


def placed(view: LabView, lanes: LaneList, figure: str, x: float, y: float) -> LaneList:
    """Return the lanes with the settings that a place in a figure stands for; one outside is moved to the edge."""
    if figure not in view.places:
        raise SettingError(["In this figure nothing can be placed."])
    fields, values = view.settings_type.fields(), {}
    for name, value in view.pointed(figure, x, y, lanes.settings[lanes.selected]).items():
        within = min(max(float(f"{value:.3g}"), fields[name].bounds[0]), fields[name].bounds[1])
        values[name] = round(within) if fields[name].kind == "integer" else within
    return lanes.with_everywhere(values)


def drawn(view: LabView, lanes: LaneList, figure: str, x: list[float], y: list[float | None]) -> LaneList:
    """Return the lanes with the settings that a drawn curve, None where nothing is, stands for in the selected one."""
    if figure not in view.draws or len(x) != len(y):
        raise SettingError(["In this figure nothing can be drawn."])
    lane = lanes.selected
    heights = np.array([np.nan if value is None else value for value in y])
    for name, value in view.drawing(figure, np.array(x), heights, lanes.settings[lane]).items():
        lanes = lanes.with_value(lane, name, value)
    return lanes


def reseeded(view: LabView, lanes: LaneList) -> LaneList:
    """Return the lanes with the seed after those that they, and other seeds behind them, use."""
    field = "seed"
    if field not in view.controls:
        raise SettingError(["Nothing in this lab is random."])
    if all(field in view.idle(settings) for settings in lanes.settings):
        raise SettingError(["With these settings nothing is random."])
    chosen = lanes.settings[lanes.selected]
    seed = getattr(chosen, field) + view.seeds + getattr(chosen, "other_seeds", 0)
    for lane in range(len(lanes)):
        lanes = lanes.with_value(lane, field, seed)
    return lanes
