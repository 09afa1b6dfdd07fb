"""One lab: controls, run loop and figures bound to an experiment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import ipywidgets as ipw
import torch

from lessons.core.doctor import diagnose
from lessons.core.experiment import Measurement
from lessons.core.history import History
from lessons.core.run import Run
from lessons.core.settings import SettingError
from widgets import commands as do
from widgets.control_panel import ControlPanel
from widgets.controls import Notice, Preset
from widgets.lane_list import LaneList
from widgets.notice_board import NoticeBoard
from widgets.panel_state import Pace, lane_rows, panel_state
from widgets.readings import readings_table
from widgets.run_loop import FASTEST, RunLoop, State
from widgets.stage import Stage
from widgets.trial import Trial
from widgets.view import LabView

RESTART_AFTER_SECONDS = 0.02
REPORT_EVERY_SECONDS = 0.2
REWIND_STEPS = 20
# While a drag goes on that started the run again, each of its values does: the run in the end has one value only.
DRAG_SECONDS = 0.6


class Lab(ipw.Box):
    """A lab to put on the page.

    Args:
        view: The topic's view.
        changes: Settings that differ from the first preset's, for all of its lanes. What is not allowed is refused
            with a sentence in the lab, which then shows the preset.
    """

    def __init__(self, view: LabView, **changes: Any):
        torch.set_num_threads(1)
        self.view = view
        self.loop = RunLoop(self._take, self._report)
        self.loop.speed = view.speed
        self.panel = ControlPanel(self.handle, **panel_state(view))
        self.board = NoticeBoard(self.handle)
        self.readings = ipw.HTML()
        self._held = False
        self._restart_due: asyncio.TimerHandle | None = None
        self._reported = 0.0
        self._dragged: tuple[int, str] | None = None
        self._dragged_at = 0.0
        self._pace = Pace()
        self._stop_below: float | None = None
        self._restart_on_change = False
        self._device = "cpu"
        self._lanes = self._opening(changes)
        self.stage = Stage(view, self._lanes.names, self._lanes.colours)
        beside = ipw.VBox([self.stage.figure, self.board, self.readings])
        beside.add_class("tdl-stage")
        self.readings.add_class("tdl-readings")
        super().__init__([self.panel, beside])
        self.add_class("tdl-lab")
        self._restart(play=False)

    # ---- from Python and from the browser ----

    @property
    def state(self) -> State:
        """What the run is doing."""
        return self.loop.state

    @property
    def history(self) -> History:
        """The measurements of the run so far."""
        return self._trial.history

    @property
    def run(self) -> Run:
        """The run."""
        return self._trial.run

    def change(self, field: str, value: Any, lane: int | None = None) -> None:
        """Change a setting as a person would; what is not allowed is refused with a sentence in the lab."""
        lane = self._lanes.selected if lane is None else lane
        self.handle({"do": "set", "lane": lane, "field": field, "value": value})

    def handle(self, content: Any) -> None:
        """Carry out a command; a refused one leaves everything as it was and says why."""
        try:
            command = do.parse_command(content)
            self._carry_out(command)
        except (do.CommandError, SettingError) as refusal:
            field = content.get("field") if isinstance(content, dict) else None
            self.panel.refusal = {"text": str(refusal), "field": field if field in self.view.controls else ""}
            self.panel.refresh()
        else:
            self.panel.refusal = {}

    def _carry_out(self, command: do.Command) -> None:
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
            case do.SetDevice():
                self._set_device(command.value)
            case _:
                self._set_option(command)

    # ---- transport ----

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
        }[button]()

    def _play(self) -> None:
        self._held = False
        self._settle()
        if self.state in (State.FINISHED, State.FAILED):
            self._restart(play=False, whole=False)
        self._pace.begin(self.run.step)
        self.loop.play()

    def _pause(self) -> None:
        self._held = True
        self._settle()
        self.loop.pause()

    def _step(self) -> None:
        self._held = True
        self._settle()
        self.loop.step()

    def _reset(self) -> None:
        self._held = False
        self._restart(play=False, whole=False)

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
        self._restart_soon()

    # ---- settings and lanes ----

    def _set(self, lane: int, field: str, value: Any) -> None:
        lanes, before = self._lanes.with_value(lane, field, value), self._lanes
        if lanes.settings == before.settings:
            return
        self._take_lanes(lanes)
        dragging = self._dragged == (lane, field) and time.perf_counter() - self._dragged_at < DRAG_SECONDS
        if self._changes_in_flight(field) and not dragging:
            self.run.change(lane, field, getattr(lanes.settings[lane], field))
            if lanes.names != before.names:
                self._show_names()
            self.stage.refresh(lanes.selected)
        else:
            self._dragged, self._dragged_at = (lane, field), time.perf_counter()
            self._restart_soon()

    def _changes_in_flight(self, field: str) -> bool:
        running = self.state in (State.RUNNING, State.PAUSED) and self._restart_due is None
        known = field in self.run.lanes.fields and self.run.lanes.fields[field].hot
        return running and known and len(self.run.lanes) == len(self._lanes) and not self._restart_on_change

    def _take_lanes(self, lanes: LaneList) -> None:
        """Let these be the lanes, if they go together."""
        self.view.lanes(lanes.settings, lanes.names)
        self._lanes = lanes
        self._show_lanes()

    def _change_lanes(self, lanes: LaneList) -> None:
        self._take_lanes(lanes)
        self._restart_soon()

    def _add_lane(self) -> None:
        if not self.view.compare:
            raise SettingError(["This lab has one set of controls."])
        self._change_lanes(self._lanes.add())

    def _rename(self, lane: int, name: str) -> None:
        self._catch_up()
        self._take_lanes(self._lanes.rename(lane, name))
        self._show_names()

    def _show_names(self) -> None:
        self.stage.open(self._trial, self._lanes.names, self._lanes.colours, self._lanes.selected)
        self.stage.draw()
        self._report()

    def _new_seed(self) -> None:
        if "seed" not in self.view.controls:
            raise SettingError(["Nothing in this lab is random."])
        seed = self._lanes.settings[self._lanes.selected].seed + 1
        lanes = self._lanes
        for lane in range(len(lanes)):
            lanes = lanes.with_value(lane, "seed", seed)
        self._change_lanes(lanes)

    def _load_preset(self, index: int) -> None:
        if not 0 <= index < len(self.view.presets):
            raise SettingError(["This lab has no such preset."])
        preset = self.view.presets[index]
        self.loop.speed = self.view.speed if preset.speed is None else preset.speed
        self._held = False
        self._change_lanes(LaneList.of(self.view.settings_type, preset))

    def _opening(self, changes: dict[str, Any]) -> LaneList:
        preset = self.view.presets[0]
        try:
            chosen = tuple({**own, **changes} for own in preset.lanes)
            wanted = LaneList.of(self.view.settings_type, Preset(preset.name, "", chosen, preset.names))
            self.view.lanes(wanted.settings, wanted.names)
        except SettingError as refusal:
            self.panel.refusal = {"text": str(refusal), "field": ""}
            return LaneList.of(self.view.settings_type, preset)
        return wanted

    # ---- the run ----

    def _restart_soon(self) -> None:
        """Restart when the slider rests for a moment: a drag is many changes."""
        if self._restart_due is not None:
            return
        self._restart_plays = self.state is State.RUNNING or not (self._held or self.view.instant)
        self.loop.cancel()  # its lanes are no longer those that are shown
        try:
            later = asyncio.get_running_loop().call_later
        except RuntimeError:  # in a script nothing can play, and nothing has to wait
            self._restart(play=False)
        else:
            self._restart_due = later(RESTART_AFTER_SECONDS, self._restart, self._restart_plays)

    def _catch_up(self) -> None:
        """Start again now if that is due: what comes next must not meet old lanes with new ones."""
        if self._restart_due is not None:
            self._restart(self._restart_plays)

    def _settle(self) -> None:
        if self._restart_due is not None:
            self._restart(play=False, whole=False)

    def _restart(self, play: bool, whole: bool = True) -> None:
        """Begin again at step 0 with the lanes as they are.

        Args:
            play: Go on by itself.
            whole: Show an instant lab's run to its end at once.
        """
        self._begin(Run(self.view.experiment, self.view.lanes(self._lanes.settings, self._lanes.names), self._device))
        if self.view.instant and not play and whole:
            self.loop.forward(self._trial.steps + 1)
        elif play:
            self._play()

    def _begin(self, run: Run) -> None:
        if self._restart_due is not None:
            self._restart_due.cancel()
            self._restart_due = None
        self._say(Notice())
        self._trial = Trial(run)
        self.stage.open(self._trial, self._lanes.names, self._lanes.colours, self._lanes.selected)
        self.loop.load(run)
        self._show_lanes()

    def _take(self, measurements: Sequence[Measurement]) -> None:
        fresh = self._trial.take(measurements)
        if fresh and self.view.rate_field is not None:
            self._explain(fresh)
        self.stage.draw()
        if self._stop_below is not None and self.state is State.RUNNING and self._trial.below(self._stop_below):
            self.loop.pause()
        elif time.perf_counter() - self._reported > REPORT_EVERY_SECONDS:
            self._report()

    # ---- divergence ----

    def _explain(self, fresh: list[int]) -> None:
        """Say why lanes diverged, offer the way back, stop when no lane is left."""
        frame = self.stage.frame(0)
        before = [self._notice.text] if self._notice.kind == "doctor" else []
        found = [
            f"{self._lanes.names[lane]}: {diagnose(vitals, self._trial.ends[lane]).sentence}"
            for lane in fresh
            if (vitals := self.view.vitals(frame, lane)) is not None
        ]
        step = self._trial.rewind_step(REWIND_STEPS)
        action = {"label": f"Rewind to step {step} with half the learning rate", "do": "rewind"}
        self._say(Notice("doctor", "\n".join(before + found), actions=[action]))
        self._show_lanes()
        if self._trial.all_diverged:
            self.loop.finish()

    def _rewind(self) -> None:
        self._catch_up()
        if self.view.rate_field is None or all(end is None for end in self._trial.ends):
            raise SettingError(["There is nothing to rewind: no lane has diverged."])
        step = self._trial.rewind_step(REWIND_STEPS)
        record = self._trial.rewound(step, self.view.rate_field)
        started = zip(self._lanes.lanes, record.settings, strict=True)
        self._lanes = LaneList(
            [replace(lane, settings=self.view.settings_type.checked(values)) for lane, values in started],
            self._lanes.selected,
        )
        for change in record.changes:
            self._lanes = self._lanes.with_value(change.lane, change.field, change.value)
        self._begin(Run.replay(self.view.experiment, record))
        if self.view.instant:
            self.loop.forward(step)
        self._play()

    # ---- what is shown ----

    def _report(self) -> None:
        """Show transport and readings; at once on a change of state, a few times a second while running."""
        self._reported = time.perf_counter()
        if self.state is State.FAILED:
            kind, said = type(self.loop.error).__name__, str(self.loop.error)[:300]
            text = f"The experiment stopped with an error: {kind}: {said}\nReset starts again."
            self._say(Notice("failed", text, details=self.loop.failure))
        self.panel.transport = {
            **self._pace.describe(self.loop, max(self.run.step, 0), self._trial.steps),
            "restart": self._restart_on_change,
            "stop_below": self._stop_below,
            "device": self._device,
        }
        if len(self.history) and self.state is not State.FAILED:
            lines = self.view.readings(self.stage.frame(len(self.history)))
            self.readings.value = readings_table(lines, self._lanes.names, self._lanes.colours)

    def _show_lanes(self) -> None:
        self.panel.lanes = lane_rows(self.view, self._lanes, self._trial.ends)
        self.panel.selected = self._lanes.selected

    def _say(self, notice: Notice) -> None:
        self._notice = notice
        self.board.notice = notice.as_dict()
