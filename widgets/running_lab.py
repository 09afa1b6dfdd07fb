"""The run of a lab: begins, replays, draws, watches for divergence, says how far it is."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from typing import Any, cast

import ipywidgets as ipw
import numpy as np

from lessons.core.doctor import diagnose, observed
from lessons.core.experiment import Measurement
from lessons.core.history import History
from lessons.core.record import RunRecord
from lessons.core.run import Run
from lessons.core.settings import SettingError
from widgets.control_panel import ControlPanel
from widgets.controls import Notice
from widgets.lane_list import LaneList
from widgets.notice_board import NoticeBoard
from widgets.one_thread import one_thread
from widgets.panel_state import Pace, PresetRow, lane_rows, panel_state
from widgets.readings import readings_table
from widgets.run_loop import RunLoop, State, plays
from widgets.saved_file import FileMaker, saved_file
from widgets.stage import Stage
from widgets.trial import Trial
from widgets.view import LabView

RESTART_AFTER_SECONDS = 0.02
REPORT_EVERY_SECONDS = 0.2
# Figures whose lanes are named anew are made anew: not while a slider moves, at each of its values.
NAME_AFTER_SECONDS = 0.4
REWIND_STEPS = 20


class RunningLab(ipw.Box):
    """A lab as it goes on by itself; what it is asked to do is in its subclasses, `widgets.past.LabWithPast` and
    `widgets.lab.Lab`.

    Args:
        view: The topic's view.
        lanes: Lanes instead of the first preset's: a list of dicts of settings, each with a "name" if it has one.
        changes: Settings that differ from the first preset's, for all of its lanes. What is not allowed is refused
            with a sentence in the lab, which then shows the preset.

    Raises:
        TypeError: If a setting is named that there is not.
    """

    def __init__(self, view: LabView, lanes: Any = None, **changes: Any):
        self.view = view
        self.loop = RunLoop(self._take, self._report)
        self.loop.speed = view.speed
        self.loop.allowance = float(os.environ.get("LESSONS_RUN_SECONDS", "inf"))
        self.loop.on_allowance_spent = self._rest
        self.panel = ControlPanel(self.handle, self._left_alone, **panel_state(view))
        self.board = NoticeBoard(self.handle)
        self.readings = ipw.HTML()
        self._held = False
        self._touched = False
        self._played = False
        self._restart_due: asyncio.TimerHandle | None = None
        self._files = FileMaker(lambda content, buffers: self.panel.send(content, buffers))
        self._reported = 0.0
        self._dragged: tuple[int, str] | None = None
        self._dragged_at = 0.0
        self._pace = Pace()
        self._stop_below: float | None = None
        self._restart_on_change = False
        self._device = "cpu"
        self._presets = PresetRow(view)
        self._naming: asyncio.TimerHandle | None = None
        self._lanes = self._opening(lanes, changes)
        self.stage = Stage(view, self._lanes.names, self._lanes.colours, self.loop.fail)
        self.stage.on_prepared = self._report
        self.loop.waits = lambda: self.stage.prepares
        self.stage.figure.on_sketch(self._drawn)
        self.stage.figure.on_point(lambda figure, x, y: self.handle({"do": "place", "figure": figure, "x": x, "y": y}))
        beside = ipw.VBox([self.stage.figure, self.board, self.readings])
        beside.add_class("tdl-stage")
        self.readings.add_class("tdl-readings")
        super().__init__([self.panel, beside])
        self.add_class("tdl-lab")
        self._asleep = "VOILA_PREHEAT" in os.environ
        self.stage.figure.on_hello(self._wake)
        if self._asleep:
            self._trial = Trial(self._new_run(), None, view.trains)
            self._show_lanes()
            self._report()
        else:
            self._begin_first()

    def _wake(self) -> None:
        """Make the first measurement. A page that Voilà serves is whole before any of its labs is seen: each waits."""
        if self._asleep:
            self._asleep = False
            self._begin_first()

    def _begin_first(self) -> None:
        self._restart(play=False)

    def _drawn(self, figure: str, x: np.ndarray, y: np.ndarray) -> None:
        values = [float(value) if np.isfinite(value) else None for value in y]
        self.handle({"do": "draw", "figure": figure, "x": x.tolist(), "y": values})

    @property
    def state(self) -> State:
        """The state of the run."""
        return self.loop.state

    @property
    def history(self) -> History:
        """The measurements of the run so far."""
        return self._trial.history

    @property
    def run(self) -> Run:
        """The run."""
        return self._trial.run

    def handle(self, content: Any) -> None:
        """Carry out a command."""
        raise NotImplementedError

    # ---- transport ----

    def _reveal(self) -> None:
        """Somebody wants to see what happens. Before that nothing is shown that would answer a question on the page."""
        self._played = True
        self.stage.uncover()

    def _play(self) -> None:
        self._held = False
        self._reveal()
        self._settle()
        if self._notice.kind == "paused":
            self._say(Notice())
        if self.state in (State.FINISHED, State.FAILED):
            self._restart(play=False, whole=False)
        self._pace.begin(self.run.step)
        self.loop.play()

    def _rest(self) -> None:
        """Say why the run waits: where many share a machine, a page that nobody looks at must not keep it busy."""
        text = (
            f"A run pauses after {self.loop.allowance:.0f} seconds here, as others train on this machine. Play goes on."
        )
        self._say(Notice("paused", text))

    def _left_alone(self) -> None:
        """Wait: the cell of this lab was run again, cleared or deleted, and nobody sees what it trains."""
        if self.state is State.RUNNING:
            self._pause()
            self._say(Notice("paused", "The run paused as this lab was not on the page any more. Play goes on."))

    def _pause(self) -> None:
        self._held = True
        self._settle()
        self.loop.pause()

    def _step(self) -> None:
        self._held = True
        self._reveal()
        self._settle()
        self.loop.step()

    def _reset(self) -> None:
        self._held = self._played = False
        self._restart(play=False, whole=False)

    # ---- lanes ----

    def _opening(self, lanes: Any, changes: dict[str, Any]) -> LaneList:
        preset, declared = self.view.opening, self.view.settings_type
        declared.check_names(changes)
        try:
            first = preset if lanes is None else preset.with_lanes(lanes)
            for own in first.lanes:
                declared.check_names(own)
            wanted = LaneList.of(declared, first, changes, self.view.idle, self.view.methods)
            self.view.lanes(wanted.settings, wanted.names)
        except SettingError as refusal:
            self.panel.refusal = {"text": str(refusal), "field": ""}
            return LaneList.of(declared, preset, idle=self.view.idle, methods=self.view.methods)
        return wanted

    def _take_lanes(self, lanes: LaneList) -> None:
        """Let these be the lanes, if they go together."""
        self.view.lanes(lanes.settings, lanes.names)
        self._lanes = lanes
        self._show_lanes()

    def _change_lanes(self, lanes: LaneList, played: bool = True) -> None:
        """Begin again with these lanes."""
        self._stop_naming()
        self._take_lanes(lanes)
        self._restart_soon(played)

    # ---- the run ----

    def _restart_soon(self, played: bool = True) -> None:
        """Restart when the slider rests for a moment: a drag is many changes.

        Args:
            played: Whether somebody wants to see what happens (`_reveal`); who changes a setting does.
        """
        self._played = played
        if self._restart_due is not None:
            return
        self._restart_plays = self.state is State.RUNNING or not (self._held or self.view.instant)
        self._restart_plays &= not self.view.waits
        self.loop.cancel()  # its lanes are no longer those that are shown
        try:
            later = asyncio.get_running_loop().call_later
        except RuntimeError:  # in a script nothing can play, and nothing has to wait
            self._restart(play=False)
        else:
            self._restart_due = later(RESTART_AFTER_SECONDS, self._catch_up)

    def _catch_up(self) -> None:
        """Start again now if that is due: what comes next must not meet old lanes with new ones."""
        if self._restart_due is not None:
            self._restart(self._restart_plays and self._played)

    def _settle(self) -> None:
        if self._restart_due is not None:
            self._restart(play=False, whole=False)

    def _restart(self, play: bool, whole: bool = True) -> None:
        """Begin again at step 0 with the lanes as they are.

        Args:
            play: Go on by itself.
            whole: Show an instant lab's run to its end at once, if it has been played; in a script nothing plays.
        """
        self._begin(self._new_run())
        if self.view.instant and not play and whole and (self._played or not plays()):
            self.loop.forward(self._trial.steps + 1)
        elif play:
            self._play()

    def _new_run(self) -> Run:
        return Run(self.view.experiment, self.view.lanes(self._lanes.settings, self._lanes.names), self._device)

    def _begin(self, run: Run, past: History | None = None) -> None:
        if self._restart_due is not None:
            self._restart_due.cancel()
            self._restart_due = None
        self._say(Notice())
        self._trial = Trial(run, past, self.view.trains)
        self._name_run()
        covered = bool(self.view.covered) and not self._played and plays()
        held = self._naming is not None and len(self.stage.names) == len(self._lanes)
        names = self.stage.names if held else self._lanes.names
        self.stage.open(self._trial, names, self._lanes.colours, self._lanes.selected, covered)
        self.loop.load(run)
        self._show_lanes()

    def _name_run(self) -> None:
        """Let the run have the names that are shown; the lanes of a sweep have their own."""
        if not self.view.sweeps and len(self.run.lanes) == len(self._lanes):
            self.run.lanes.names[:] = self._lanes.names

    def _name_figures(self) -> None:
        self._stop_naming()
        self.stage.open(self._trial, self._lanes.names, self._lanes.colours, self._lanes.selected)
        self.stage.draw()

    def _name_figures_soon(self) -> None:
        """Let the figures have the names that are shown once no value has been changed for a moment."""
        self._stop_naming()
        try:
            later = asyncio.get_running_loop().call_later
        except RuntimeError:
            self._name_figures()
        else:
            self._naming = later(NAME_AFTER_SECONDS, self._name_figures)

    def _stop_naming(self) -> None:
        if self._naming is not None:
            self._naming.cancel()
            self._naming = None

    def _take(self, measurements: Sequence[Measurement]) -> None:
        fresh = self._trial.take(measurements)
        if fresh:
            self._explain(fresh)
        self.stage.draw()
        if self._stop_below is not None and self.state is State.RUNNING and self._trial.below(self._stop_below):
            self.loop.pause()
        elif time.perf_counter() - self._reported > REPORT_EVERY_SECONDS:
            self._report()

    # ---- divergence ----

    def _explain(self, fresh: list[int]) -> None:
        """Say why lanes diverged, offer the way back, stop when no lane is left."""
        before = [self._notice.text] if self._notice.kind == "doctor" else []
        found = [self._begins(lane) + why for lane in fresh if (why := self._why(lane))]
        actions = []
        if self._can_rewind:
            step = self._trial.rewind_step(REWIND_STEPS)
            actions = [{"label": f"Rewind to step {step} with half the learning rate", "do": "rewind"}]
        if before + found:
            self._say(Notice("doctor", "\n".join(before + found), actions=actions))
        self._show_lanes()
        if self._trial.all_diverged:
            self.loop.finish()

    def _begins(self, lane: int) -> str:
        """Return what to begin a sentence on a lane with; those of a sweep are no lanes that a person named."""
        return "" if self.view.sweeps else f"{self._lanes.names[lane]}: "

    def _why(self, lane: int) -> str:
        if lane in self._trial.failures:
            return self._trial.failures[lane]
        vitals = self.view.vitals(self.stage.frame(0), lane)
        end = cast(int, self._trial.ends[lane])
        if vitals is not None:
            return diagnose(vitals, end).sentence
        return observed(self._trial.history["loss"][:, lane].astype(float), end) if self.view.compare else ""

    @property
    def _can_rewind(self) -> bool:
        return self.view.rate_field is not None and self._trial.can_rewind

    # ---- files ----

    def _named(self, record: RunRecord) -> RunRecord:
        return record.model_copy(update={"names": tuple(self._lanes.names)})

    def _save(self, kind: str, lane: int) -> None:
        self._catch_up()
        if self._naming is not None:
            self._name_figures()
        record = self.run.record if self.view.sweeps else self._named(self.run.record)
        table = self.readings.value
        colours = self._lanes.colours
        self._files.make(saved_file(kind, self.view, self.history, record, self.stage.figure, table, lane, colours))

    # ---- what is shown ----

    @one_thread()
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
        if self.stage.covered:
            self.readings.value = ""
        elif len(self.history) and self.state is not State.FAILED and not self.stage.prepares:
            lines, on = self.view.readings(self.stage.frame(len(self.history))), self.panel.preset
            preset = self.view.presets[on].name if on >= 0 else ""
            self.readings.value = readings_table(lines, self._lanes.names, self._lanes.colours, preset)

    def _show_lanes(self) -> None:
        self.panel.lanes = lane_rows(self.view, self._lanes, self._trial)
        self.panel.selected = self._lanes.selected
        self.panel.preset = self._presets.on(self._lanes)

    def _say(self, notice: Notice) -> None:
        self._notice = notice
        self.board.notice = notice.as_dict()
