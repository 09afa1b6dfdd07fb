"""One lab: controls, run loop and figures bound to an experiment."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from typing import Any

import ipywidgets as ipw
import torch

from lessons.core.experiment import Measurement
from lessons.core.history import History
from lessons.core.run import Change, Run
from lessons.core.settings import SettingError
from lessons.divergence.doctor import diagnose, first_blow_up
from widgets import commands as do
from widgets.control_panel import ControlPanel
from widgets.controls import MOST_LANES, Notice, Preset, controls
from widgets.frame import Frame
from widgets.lane_list import LaneList
from widgets.live_figure import POINTS_PER_FRAME, LiveFigure
from widgets.marks import marks
from widgets.readings import readings_table
from widgets.run_loop import FASTEST, RunLoop, State
from widgets.view import LabView

RESTART_AFTER_SECONDS = 0.02
REPORT_EVERY_SECONDS = 0.2
REWIND_STEPS = 20


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
        self.history = History()
        self._notice = Notice()
        self._lanes = self._opening(changes)
        self._run: Run | None = None
        self._ends: list[int | None] = []
        self._drawn = 0
        self._marked: tuple[int, int] = (0, 0)
        self._begun = False
        self._initial = None
        self._held = False
        self._restart_due: asyncio.TimerHandle | None = None
        self._reported = 0.0
        self._pace = (0.0, 0)
        self._rewind: tuple[int, int] | None = None
        self._stop_below: float | None = None
        self._restart_on_change = False
        self._device = "cpu"
        self.loop = RunLoop(self._take, self._report)
        self.loop.speed = view.speed
        self.panel = ControlPanel(
            self.handle,
            title=view.title,
            fields=controls(view.settings_type, view.shown),
            presets=[{"name": p.name, "sentence": p.sentence} for p in view.presets],
            options={
                "compare": view.compare,
                "most_lanes": MOST_LANES,
                "seed": "seed" in view.settings_type.fields(),
                "devices": ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"],
            },
        )
        self.figure = LiveFigure(self._figures(), label=view.title)
        self.figure.on_ready(self._draw)
        self.readings = ipw.HTML()
        self.readings.add_class("tdl-readings")
        stage = ipw.VBox([self.figure, self.readings])
        stage.add_class("tdl-stage")
        super().__init__([self.panel, stage])
        self.add_class("tdl-lab")
        self._show_lanes()
        self._restart(play=False)

    # ---- from Python and from the browser ----

    @property
    def state(self) -> State:
        """What the run is doing."""
        return self.loop.state

    def change(self, field: str, value: Any, lane: int | None = None) -> None:
        """Change a setting as a person would; what is not allowed is refused with a sentence in the lab."""
        self.handle(
            {"do": "set", "lane": self._lanes.selected if lane is None else lane, "field": field, "value": value}
        )

    def handle(self, content: Any) -> None:
        """Carry out a command; a refused one leaves everything as it was and says why."""
        try:
            command = do.parse_command(content)
            self._carry_out(command)
        except (do.CommandError, SettingError) as refusal:
            self._say(Notice("refused", str(refusal)))
            self.panel.refresh()

    def _carry_out(self, command: do.Command) -> None:
        if self._notice.kind == "refused":
            self._say(Notice())
        match command:
            case do.Transport():
                self._press(command.do)
            case do.SetValue():
                self._set(command.lane, command.field, command.value)
            case do.LoadPreset():
                self._load_preset(command.index)
            case do.OnLane(do="select"):
                self._change_lanes(self._lanes.select(command.lane), restart=False)
            case do.OnLane():
                self._change_lanes(self._lanes.remove(command.lane))
            case do.RenameLane():
                self._rename(command.lane, command.name)
            case do.SetSpeed():
                self.loop.speed = FASTEST if command.value == "fastest" else float(command.value)
                self._report()
            case do.SetStopBelow():
                self._stop_below = command.value
                self._report()
            case do.SetRestart():
                self._restart_on_change = command.value
                self._report()
            case do.SetDevice():
                self._set_device(command.value)

    # ---- transport ----

    def _press(self, button: str) -> None:
        {
            "play": self._play,
            "pause": self._pause,
            "step": self._step,
            "reset": self._reset,
            "new_seed": self._new_seed,
            "add_lane": self._add_lane,
            "rewind": self._rewind_and_halve,
        }[button]()

    def _play(self) -> None:
        self._held = False
        self._settle_restart()
        if self.state in (State.FINISHED, State.FAILED):
            self._restart(play=False, whole=False)
        self._pace = (time.perf_counter(), self._run.step)
        self.loop.play()

    def _pause(self) -> None:
        self._held = True
        self._settle_restart()
        self.loop.pause()

    def _step(self) -> None:
        self._held = True
        self._settle_restart()
        self.loop.step()

    def _reset(self) -> None:
        self._held = False
        self._restart(play=False, whole=False)

    def _new_seed(self) -> None:
        seed = self._lanes.settings[self._lanes.selected].seed + 1
        lanes = self._lanes
        for lane in range(len(lanes)):
            lanes = lanes.with_value(lane, "seed", seed)
        self._change_lanes(lanes)

    def _set_device(self, device: str) -> None:
        if device not in self.panel.options["devices"]:
            raise SettingError(["There is no CUDA device on this machine."])
        self._device = device
        self._restart_soon()

    # ---- settings and lanes ----

    def _set(self, lane: int, field: str, value: Any) -> None:
        lanes = self._lanes.with_value(lane, field, value)
        self.view.lanes(lanes.settings, lanes.names)  # refuses what does not go together, before anything changes
        if lanes.settings == self._lanes.settings:
            return
        self._lanes = lanes
        if self._changes_in_flight(field):
            self._run.change(lane, field, getattr(lanes.settings[lane], field))
            self._begun = False
            self._draw()
        else:
            self._restart_soon()
        self._show_lanes()

    def _changes_in_flight(self, field: str) -> bool:
        running = self.state in (State.RUNNING, State.PAUSED) and self._restart_due is None
        hot = self.view.settings_type.fields()[field].hot and field in self._run.lanes.fields
        return running and hot and len(self._run.lanes) == len(self._lanes) and not self._restart_on_change

    def _add_lane(self) -> None:
        if not self.view.compare:
            raise SettingError(["This lab has one set of controls."])
        self._change_lanes(self._lanes.add())

    def _change_lanes(self, lanes: LaneList, restart: bool = True) -> None:
        self.view.lanes(lanes.settings, lanes.names)
        self._lanes = lanes
        self._show_lanes()
        if restart:
            self._restart_soon()
        else:
            self._begun = False
            self._draw()

    def _rename(self, lane: int, name: str) -> None:
        self._lanes = self._lanes.rename(lane, name)
        self._show_lanes()
        self.figure.reset(self._figures())
        self._drawn, self._begun, self._marked = 0, False, (-1, -1)
        self._draw()
        self._report()

    def _load_preset(self, index: int) -> None:
        if not 0 <= index < len(self.view.presets):
            raise SettingError(["This lab has no such preset."])
        preset = self.view.presets[index]
        self.loop.speed = self.view.speed if preset.speed is None else preset.speed
        self._held = False
        self._change_lanes(LaneList.of(self.view.settings_type, preset))

    def _opening(self, changes: dict[str, Any]) -> LaneList:
        preset = self.view.presets[0]
        lanes = LaneList.of(self.view.settings_type, preset)
        try:
            chosen = [{**own, **changes} for own in preset.lanes]
            wanted = LaneList.of(self.view.settings_type, Preset(preset.name, "", tuple(chosen), preset.names))
            self.view.lanes(wanted.settings, wanted.names)
        except SettingError as refusal:
            self._notice = Notice("refused", str(refusal))
            return lanes
        return wanted

    # ---- the run ----

    def _restart_soon(self) -> None:
        """Restart when the slider rests for a moment: a drag is many changes."""
        if self._restart_due is None:
            play = self.state is State.RUNNING or not (self._held or self.view.instant)
            loop = asyncio.get_running_loop()
            self._restart_due = loop.call_later(RESTART_AFTER_SECONDS, self._restart, play)

    def _settle_restart(self) -> None:
        if self._restart_due is not None:
            self._restart(play=False)

    def _restart(self, play: bool, whole: bool = True) -> None:
        """Begin again at step 0 with the lanes as they are.

        Args:
            play: Go on by itself.
            whole: Show an instant lab's run to its end at once.
        """
        self._cancel_restart()
        self._rewind = None
        self._say(Notice() if self._notice.kind != "refused" else self._notice)
        names = self._lanes.names
        self._begin(Run(self.view.experiment, self.view.lanes(self._lanes.settings, names), self._device))
        if self.view.instant and not play and whole:
            self.loop.forward(self._run.lanes.shared.steps + 1)
        elif play:
            self._play()

    def _cancel_restart(self) -> None:
        if self._restart_due is not None:
            self._restart_due.cancel()
            self._restart_due = None

    def _begin(self, run: Run) -> None:
        lanes_shown = (self._lanes.names, self._lanes.colours)
        self._run, self.history = run, History()
        self._ends = [None] * len(run.lanes)
        self._drawn, self._begun, self._initial = 0, False, None
        self._marked = (-1, -1)
        if lanes_shown != self._figures_for:
            self.figure.reset(self._figures())
        else:
            self.figure.clear()
        self.loop.load(run)
        self._show_lanes()

    def _figures(self) -> dict[str, Any]:
        self._figures_for = (self._lanes.names, self._lanes.colours)
        return self.view.figures(*self._figures_for)

    def _take(self, measurements: Sequence[Measurement]) -> None:
        start = len(self.history)
        self.history.extend(measurements)
        self._watch(start)
        self._draw()
        if self._stop_below is not None and self.state is State.RUNNING and self._all_below():
            self.loop.pause()
        elif time.perf_counter() - self._reported > REPORT_EVERY_SECONDS:
            self._report()

    def _all_below(self) -> bool:
        below = self.history["loss"][-1] < self._stop_below
        return all(low or end is not None for low, end in zip(below, self._ends, strict=True))

    # ---- divergence ----

    def _watch(self, start: int) -> None:
        """Find lanes that diverged in the rows from `start` on; explain; stop when none is left."""
        loss = self.history["loss"]
        if self._initial is None:
            self._initial = loss[0]
        rows = first_blow_up(loss[start:], self._initial)
        fresh = [k for k, row in enumerate(rows) if self._ends[k] is None and row < len(loss) - start]
        if not fresh:
            return
        for lane in fresh:
            self._ends[lane] = start + int(rows[lane])
        if self.view.rate_field is not None:
            self._explain(fresh)
            self._show_lanes()
            if None not in self._ends:
                self.loop.finish()

    def _explain(self, fresh: list[int]) -> None:
        sentences = []
        for lane in fresh:
            vitals = self.view.vitals(self._frame(), lane)
            if vitals is not None:
                sentences.append(f"{self._lanes.names[lane]}: {diagnose(vitals, self._ends[lane]).sentence}")
        self._rewind = (fresh[0], max(0, self._ends[fresh[0]] - REWIND_STEPS))
        label = f"Rewind to step {self._rewind[1]} with half the learning rate"
        action = [{"label": label, "do": "rewind"}] if sentences else []
        self._say(Notice("doctor", " ".join(sentences), actions=action))

    def _rewind_and_halve(self) -> None:
        if self._rewind is None:
            raise SettingError(["There is nothing to rewind: no lane has diverged."])
        lane, step = self._rewind
        record = self._run.record
        settings = self._run.lanes.settings[lane]
        half = getattr(settings, self.view.rate_field) / 2
        field = self.view.rate_field
        self._lanes = self._lanes.with_value(lane, field, half)
        again = Change(step=step, lane=lane, field=field, value=half)
        past = record.until(step)
        replay = record.model_copy(update={"changes": (*past.changes, again)})
        self._cancel_restart()
        self._rewind = None
        self._say(Notice())
        self._begin(Run.replay(self.view.experiment, replay))
        if self.view.instant:
            self.loop.forward(step)
        self._play()

    # ---- what is shown ----

    def _frame(self, start: int = 0, stop: int | None = None) -> Frame:
        record = self._run.record
        return Frame(
            screen=self.figure,
            history=self.history,
            start=start,
            stop=len(self.history) if stop is None else stop,
            lanes=self._run.lanes,
            ends=self._ends,
            changes=record.changes,
            started_with=record.settings,
            selected=self._lanes.selected,
        )

    def _draw(self) -> None:
        """Send one frame if the browser is ready and there is something new."""
        rows = len(self.history)
        if not rows or not self.figure.ready or (self._begun and self._drawn == rows and not self._marks_due()):
            return
        behind = rows - self._drawn
        if self.view.instant and behind <= 4 * POINTS_PER_FRAME:
            rows = self._drawn + min(behind, POINTS_PER_FRAME)
        frame = self._frame(self._drawn, rows)
        if not self._begun:
            self.view.begin(frame)
            self._begun = True
        if self._marks_due():
            self._mark(frame)
        self.view.draw(frame)
        self._drawn = rows
        self.figure.flush()

    def _marks_now(self) -> tuple[int, int]:
        return self._run.change_count, sum(end is not None for end in self._ends)

    def _marks_due(self) -> bool:
        return self._marked != self._marks_now()

    def _mark(self, frame: Frame) -> None:
        self._marked = self._marks_now()
        drawn = marks(frame.changes, frame.lanes.fields, self._ends, self._lanes.colours, frame.lanes.shared.steps)
        for name in self.view.step_figures:
            self.figure.relayout(name, drawn)

    def _report(self) -> None:
        """Show transport and readings; at once on a change of state, a few times a second while running."""
        self._reported = time.perf_counter()
        if self.state is State.FAILED and self._notice.kind != "failed":
            error = self.loop.error
            text = (
                f"The experiment stopped with an error: {type(error).__name__}: {str(error)[:300]}. Reset starts again."
            )
            self._say(Notice("failed", text, details=self.loop.failure))
        self.panel.transport = self._transport()
        if len(self.history):
            frame = self._frame(len(self.history))
            lines = self.view.readings(frame)
            self.readings.value = readings_table(lines, self._lanes.names, self._lanes.colours)

    def _transport(self) -> dict[str, Any]:
        step, steps = max(self._run.step, 0), self._run.lanes.shared.steps
        since, begun_at = self._pace
        elapsed = time.perf_counter() - since
        rate = (step - begun_at) / elapsed if self.state is State.RUNNING and elapsed > 0.1 else 0.0
        return {
            "state": str(self.state),
            "step": step,
            "steps": steps,
            "rate": round(rate, 1),
            "left": round((steps - step) / rate, 1) if rate > 0 else 0.0,
            "speed": "fastest" if self.loop.speed == FASTEST else self.loop.speed,
            "restart": self._restart_on_change,
            "stop_below": self._stop_below,
            "device": self._device,
        }

    def _show_lanes(self) -> None:
        ends = self._ends if len(self._ends) == len(self._lanes) else [None] * len(self._lanes)
        self.panel.lanes = [
            {
                "name": lane.name,
                "colour": lane.colour,
                "values": lane.settings.model_dump(),
                "status": "" if end is None else f"diverged at step {end}",
                "idle": list(self.view.idle(lane.settings)),
            }
            for lane, end in zip(self._lanes.lanes, ends, strict=True)
        ]
        self.panel.selected = self._lanes.selected

    def _say(self, notice: Notice) -> None:
        self._notice = notice
        self.panel.notice = notice.as_dict()
