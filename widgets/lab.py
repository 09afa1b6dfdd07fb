"""One lab: what a person may ask of it."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from lessons.core.settings import SettingError
from widgets import commands as do
from widgets.lane_list import LaneList
from widgets.past import LabWithPast
from widgets.run_loop import FASTEST, State

# While a drag goes on that started the run again, each of its values does: the run in the end has one value only.
DRAG_SECONDS = 0.6


class Lab(LabWithPast):
    """A lab to put on the page: an experiment with controls, run loop and figures. Arguments as of `LabWithPast`."""

    # ---- from Python and from the browser ----

    def change(self, field: str, value: Any, lane: int | None = None) -> None:
        """Change a setting as a person would; what is not allowed is refused with a sentence in the lab.

        Raises:
            TypeError: If there is no setting of that name.
        """
        self.view.settings_type.check_names([field])
        lane = self._lanes.selected if lane is None else lane
        self.handle({"do": "set", "lane": lane, "field": field, "value": value})

    def handle(self, content: Any) -> None:
        """Carry out a command; a refused one leaves everything as it was and says why."""
        try:
            command = do.parse_command(content)
            if not isinstance(command, do.OpenLink):  # which each lab of a page is asked when it loads
                self._wake()
            self._carry_out(command)
            self._touched = True
        except (do.CommandError, SettingError) as refusal:
            self.panel.refusal = {"text": str(refusal), "field": self._box(content)}
            self.panel.refresh(self._box(content))
        else:
            self.panel.refusal = {}
            if isinstance(content.get("value"), str):  # what was typed gives way to the number that holds
                self.panel.refresh(self._box(content))

    def _box(self, content: Any) -> str:
        """Return the box that a command was typed into: a setting's, or one of its own; empty if there is none."""
        asked = content if isinstance(content, dict) else {}
        boxes = (*self.view.controls, *do.TYPED)
        return next((box for box in (asked.get("field"), asked.get("do")) if box in boxes), "")

    def _carry_out(self, command: do.Command) -> None:
        if not isinstance(command, do.OpenLink):  # each page sends one to each lab; few of them hold anything
            self._wake()
        match command:
            case do.Transport():
                self._press(command.do)
            case do.SetValue():
                self._set(command.lane, command.field, command.value)
            case do.LoadPreset():
                self._load_preset(command.index)
            case do.OnLane(do="select"):
                self._catch_up()
                self._take_lanes(self._lanes.select(command.lane))
                self.stage.refresh(self._lanes.selected)
            case do.OnLane():
                self._change_lanes(self._lanes.remove(command.lane))
            case do.RenameLane():
                self._rename(command.lane, command.name)
            case do.Place():
                self._place(command.figure, command.x, command.y)
            case do.Draw():
                self._draw(command.figure, command.x, command.y)
            case do.GoTo():
                self._go_to(command.step)
            case do.Fork():
                self._fork(command.lane, command.step)
            case do.OpenLink():
                self._open_link(command.search)
            case do.SaveFile():
                self._save(command.kind, command.lane)
            case do.SetDevice():
                self._set_device(command.value)
            case _:
                self._set_option(command)

    def _press(self, button: str) -> None:
        self._dragged = None
        {
            "play": self._play,
            "pause": self._pause,
            "step": self._step,
            "reset": self._reset,
            "new_seed": self._new_seed,
            "add_lane": self._add_lane,
            "rewind": self._rewind,
            "share": self._share,
        }[button]()

    def _set_option(self, command: do.Command) -> None:
        self._catch_up()
        match command:
            case do.SetSpeed():
                self.loop.speed = FASTEST if command.value == "fastest" else float(command.value)
                self._pace.begin(self.run.step)
            case do.SetStopBelow():
                self._stop_below = command.value
            case do.SetRestart():
                self._restart_on_change = command.value
        self._report()

    def _set_device(self, device: str) -> None:
        if device not in self.panel.options["devices"]:
            raise SettingError(["There is no CUDA device on this machine."])
        self._device = device
        self._restart_soon(self._played)

    # ---- settings and lanes ----

    def _set(self, lane: int, field: str, value: Any) -> None:
        declared = self.view.settings_type.fields().get(field)
        if declared is not None and isinstance(value, str):
            value = declared.read(value)
        lanes, before = self._lanes.with_value(lane, field, value), self._lanes
        if lanes.settings == before.settings:
            return
        self._take_lanes(lanes)
        if lanes.names != before.names:
            self._name_figures_soon()
        dragging = self._dragged == (lane, field) and time.perf_counter() - self._dragged_at < DRAG_SECONDS
        if self._changes_in_flight(field) and not dragging:
            self.run.change(lane, field, getattr(lanes.settings[lane], field))
            self._name_run()
            self._report()
            self.stage.refresh(lanes.selected)
        else:
            self._dragged, self._dragged_at = (lane, field), time.perf_counter()
            self._restart_soon()

    def _place(self, figure: str, x: float, y: float) -> None:
        """Set the settings that a place in a figure stands for, in all lanes; one outside is moved to the edge."""
        if figure not in self.view.places:
            raise SettingError(["In this figure nothing can be placed."])
        fields, values = self.view.settings_type.fields(), {}
        chosen = self._lanes.settings[self._lanes.selected]
        for name, value in self.view.pointed(figure, x, y, chosen).items():
            within = min(max(float(f"{value:.3g}"), fields[name].bounds[0]), fields[name].bounds[1])
            values[name] = round(within) if fields[name].kind == "integer" else within
        self._change_to(self._lanes.with_everywhere(values))

    def _draw(self, figure: str, x: list[float], y: list[float | None]) -> None:
        """Give the chosen lane the settings that a drawn curve stands for."""
        if figure not in self.view.draws or len(x) != len(y):
            raise SettingError(["In this figure nothing can be drawn."])
        lane = self._lanes.selected
        drawn = np.array([np.nan if value is None else value for value in y])
        lanes = self._lanes
        for name, value in self.view.drawing(figure, np.array(x), drawn, lanes.settings[lane]).items():
            lanes = lanes.with_value(lane, name, value)
        self._change_to(lanes)

    def _change_to(self, lanes: LaneList) -> None:
        if lanes.settings != self._lanes.settings:
            self._change_lanes(lanes)

    def _changes_in_flight(self, field: str) -> bool:
        running = self.state in (State.RUNNING, State.PAUSED) and self._restart_due is None
        known = field in self.run.lanes.fields and self.run.lanes.fields[field].hot
        return running and known and len(self.run.lanes) == len(self._lanes) and not self._restart_on_change

    def _add_lane(self) -> None:
        if not self.view.compare:
            raise SettingError(["This lab has one set of controls."])
        self._change_lanes(self._lanes.add())

    def _rename(self, lane: int, name: str) -> None:
        self._catch_up()
        self._take_lanes(self._lanes.rename(lane, name))
        self._show_names()

    def _show_names(self) -> None:
        self._name_run()
        self._name_figures()
        self._report()

    def _new_seed(self) -> None:
        field = "seed"
        if field not in self.view.controls:
            raise SettingError(["Nothing in this lab is random."])
        if all(field in self.view.idle(settings) for settings in self._lanes.settings):
            raise SettingError(["With these settings nothing is random."])
        seed = getattr(self._lanes.settings[self._lanes.selected], field) + self.view.seeds
        lanes = self._lanes
        for lane in range(len(lanes)):
            lanes = lanes.with_value(lane, field, seed)
        self._change_lanes(lanes)

    def _load_preset(self, index: int) -> None:
        if not 0 <= index < len(self.view.presets):
            raise SettingError(["This lab has no such preset."])
        preset = self.view.presets[index]
        self.loop.speed = self.view.speed if preset.speed is None else preset.speed
        self._held = False
        self._presets.loaded = index
        view = self.view
        self._change_lanes(LaneList.of(view.settings_type, preset, idle=view.idle, methods=view.methods), played=False)
