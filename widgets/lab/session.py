"""A lab at work, without a widget: the lanes that a person compares, their run, and what is said of it."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.record import RunRecord
from lessons.core.run import Run
from lessons.core.settings import SettingError
from widgets.lab.diagnosis import diagnosis
from widgets.lab.drag import Drag
from widgets.lab.lane_changes import of_preset
from widgets.lab.lane_list import LaneList
from widgets.lab.plan import Plan
from widgets.run.later import Later
from widgets.run.player import Player
from widgets.run.run_loop import State, plays
from widgets.run.trial import Trial
from widgets.view.controls import Notice, devices
from widgets.view.view import LabView

RESTART_AFTER_SECONDS = 0.02
# Figures whose lanes are named anew are made anew: not while a slider moves, at each of its values.
NAME_AFTER_SECONDS = 0.4


class News(StrEnum):
    """A change in a session, for whoever shows it."""

    LANES = "lanes"  # their settings or names, which is selected, what became of them
    RUN = "run"  # it is another one
    NAMES = "names"  # those in figures
    SETTINGS = "settings"  # of the run, in flight, or which lane is selected
    REVEALED = "revealed"
    MEASURED = "measured"
    COMPLETE = "complete"  # all that takes long has been computed
    STATE = "state"  # of the run, or an option
    NOTICE = "notice"


class Session:
    """The lanes that a person compares and their run. What a person asks for is a method.

    The run is one of the lanes: a change goes to both at once, or begins another run in a moment (`due`).

    Args:
        view: The topic's view.
        lanes: The lanes to begin with.
        on_news: Called with what has changed.

    Attributes:
        lanes: The lanes as they are now.
        figure_names: Names of the lanes in figures, which follow when a slider rests.
        notice: What is said beside the figures.
        started: Whether the first measurement was asked for.
        held: Whether a person made it wait: a change then does not play.
        opened: Whether it stands where its opening left it: a change then is the first one, and begins another run.
        revealed: Whether somebody wants to see what happens. Before that nothing is shown that would answer a
            question on the page (`LabView.covered`).
        preset: The preset that was loaded last.
        plan, drag: What that changes by itself; the slider that moves.
        stop_below: Loss of all lanes below which it pauses, or None.
        restart_on_change: Whether every change begins another run.
        device: Where it trains.

    Raises:
        SettingError: If lanes do not go together; from each method that is asked what is not allowed: all stays.
    """

    def __init__(self, view: LabView, lanes: LaneList, on_news: Callable[[News], None]):
        self.view, self.lanes, self._on_news = view, lanes, on_news
        self.figure_names = lanes.names
        self.notice = Notice()
        self.started = self.held = self.revealed = self.restart_on_change = self.opened = False
        self.preset, self.device = 0, "cpu"
        self.stop_below: float | None = None
        self._restart = Later(RESTART_AFTER_SECONDS, lambda: not self.player.loop.begins)
        self._naming = Later(NAME_AFTER_SECONDS)
        self.drag, self.plan = Drag(), Plan(lanes)
        self._next: Lanes | None = view.lanes(lanes.settings, lanes.names)
        self.player = Player(view.slow, self._measured, self._enter, lambda: on_news(News.COMPLETE), view.trains)
        self.player.speed = view.speed
        self.player.loop.allowance = float(os.environ.get("LESSONS_RUN_SECONDS", "inf"))
        self.player.loop.on_allowance_spent = self._rest
        self.player.load(self._new_run())

    # ---- what there is ----

    @property
    def trial(self) -> Trial:
        """The run with all that is known of it."""
        return self.player.trial

    @property
    def run(self) -> Run:
        """The run."""
        return self.trial.run

    @property
    def history(self) -> History:
        """The measurements of the run so far."""
        return self.trial.history

    @property
    def state(self) -> State:
        """The state of the run."""
        return self.player.state

    @property
    def due(self) -> bool:
        """True if another run begins in a moment: the present one is not of these lanes."""
        return self._restart.due

    @property
    def covered(self) -> bool:
        """True if the figures that would answer a question are empty."""
        return bool(self.view.covered) and not self.revealed and plays()

    @property
    def fates(self) -> list[str]:
        """The fate of each lane in words; empty words if there is nothing to say."""
        return [""] * len(self.lanes) if self.due or self.view.sweeps else self.trial.fates

    # ---- transport ----

    def play(self) -> None:
        """Go on by itself; from the start if the run has ended."""
        self.held = False
        self.reveal()
        self._settle()
        if self.notice.kind == "paused":
            self._say(Notice())
        if self.state in (State.FINISHED, State.FAILED):
            self._begin_again(whole=False)
        self.player.play()

    def pause(self) -> None:
        """Wait."""
        self.held = True
        self._settle()
        self.player.loop.pause()

    def step(self) -> None:
        """Make one update."""
        self.held = True
        self.reveal()
        self._settle()
        self.player.loop.step()

    def reset(self) -> None:
        """Go back to the start, and wait there."""
        self.held = self.revealed = False
        self._begin_again(whole=False)

    def leave_alone(self) -> None:
        """Wait: the cell of this lab was run again, cleared or deleted, and nobody sees what it trains."""
        if self.state is State.RUNNING:
            self.pause()
            self._say(Notice("paused", "The run paused as this lab was not on the page any more. Play goes on."))

    def reveal(self) -> None:
        """Show everything from now on."""
        self.revealed = True
        self._on_news(News.REVEALED)

    def _rest(self) -> None:
        """Say why the run waits: where many share a machine, a page that nobody looks at must not keep it busy."""
        text = f"A run pauses after {self.player.loop.allowance:.0f} seconds here"
        self._say(Notice("paused", f"{text}, as others train on this machine. Play goes on."))

    # ---- settings and lanes ----

    def set(self, lane: int, field: str, value: Any) -> None:
        """Give a setting of one lane a value: at once if it may change in flight, else in another run."""
        lanes = self.lanes.with_value(lane, field, value)
        if lanes.settings == self.lanes.settings:
            return
        if self._changes_in_flight(field) and not self.drag.goes_on(lane, field):
            self.run.take(lane, field, lanes.settings[lane])
            self.run.unschedule()
            self.plan = Plan(lanes)
            self._changed(lanes)
        else:
            self.drag.began(lane, field)
            self.change_lanes(lanes, rename=False)

    def _changed(self, lanes: LaneList) -> None:
        """Show what was changed in flight."""
        self._take(lanes)
        self._name_run()
        for news in (News.LANES, News.STATE, News.SETTINGS):
            self._on_news(news)

    def _changes_in_flight(self, field: str) -> bool:
        started = self.state in (State.RUNNING, State.PAUSED) and not (self.due or self.opened)
        return started and not self.view.sweeps and self.run.lanes.fields[field].hot and not self.restart_on_change

    def change_to(self, lanes: LaneList) -> None:
        """Begin again with these lanes if their settings are others."""
        if lanes.settings != self.lanes.settings:
            self.change_lanes(lanes)

    def select(self, lane: int) -> None:
        """Choose the lane that the controls belong to."""
        self.catch_up()
        self.lanes = self.lanes.select(lane)
        self._on_news(News.LANES)
        self._on_news(News.SETTINGS)

    def rename(self, lane: int, name: str) -> None:
        """Name a lane."""
        self.catch_up()
        self.lanes = self.lanes.rename(lane, name)
        self._name_run()
        self._on_news(News.LANES)
        self.name_figures()
        self._on_news(News.STATE)

    def load_preset(self, index: int) -> None:
        """Begin with the lanes of a preset, and wait."""
        lanes, speed = of_preset(self.view, index), self.view.presets[index].speed
        self.player.speed = self.view.speed if speed is None else speed
        self.held, self.preset = False, index
        self.change_lanes(lanes, revealed=False, plan=Plan(lanes, self.view.presets[index].changes))

    def change_lanes(
        self, lanes: LaneList, revealed: bool = True, rename: bool = True, plan: Plan | None = None
    ) -> None:
        """Begin again with these lanes.

        Args:
            lanes: The lanes.
            revealed: Whether somebody wants to see what happens; who changes a setting does.
            rename: Whether the figures have their names at once, and not when the slider rests.
            plan: Of a preset.
        """
        self.plan = plan or self.plan.after(self.lanes, lanes)
        lanes = self.plan.begun(lanes)
        self._next = self.view.lanes(lanes.settings, lanes.names)
        if rename:
            self._naming.cancel()
            self.lanes, self.figure_names = lanes, lanes.names
        else:
            self._take(lanes)
        self._restart_soon(revealed, drags=not rename)
        self._on_news(News.LANES)

    def _take(self, lanes: LaneList) -> None:
        """Let the lanes be these; the names in figures follow a little later."""
        before, self.lanes = self.lanes, lanes
        if lanes.names != before.names:
            self._naming.ask(self.name_figures)

    def name_figures(self) -> None:
        """Let the figures have the names that the lanes have."""
        self._naming.cancel()
        self.figure_names = self.lanes.names
        self._on_news(News.NAMES)

    def _name_run(self) -> None:
        """Let the run have the names that are shown; the lanes of a sweep have their own."""
        if not self.view.sweeps:
            self.run.lanes.names[:] = self.lanes.names

    # ---- options ----

    def set_speed(self, speed: float) -> None:
        """Make so many steps a second, or as many as it can (`FASTEST`)."""
        self.catch_up()
        self.player.speed = speed
        self._on_news(News.STATE)

    def set_stop_below(self, loss: float | None) -> None:
        """Pause when the loss of all lanes is below a value; None for never."""
        self.catch_up()
        self.stop_below = loss
        self._on_news(News.STATE)

    def set_restart_on_change(self, restart: bool) -> None:
        """Begin another run at each change, or go on where that is possible."""
        self.catch_up()
        self.restart_on_change = restart
        self._on_news(News.STATE)

    def set_device(self, device: str) -> None:
        """Begin again on another device."""
        if device not in devices():
            raise SettingError(["There is no CUDA device on this machine."])
        self.device = device
        self._restart_soon(self.revealed)

    # ---- the run ----

    def start(self) -> None:
        """Make the first measurement."""
        self.begin(self.run)
        self._show_whole()

    def begin(self, run: Run, past: History | None = None) -> None:
        """Take another run of the lanes.

        Args:
            run: The run.
            past: See `Trial`.
        """
        self.started = True
        self._restart.cancel()
        self._say(Notice())
        self.player.load(run, past)
        self._name_run()
        if not self._naming.due:
            self.figure_names = self.lanes.names
        self._on_news(News.RUN)
        self.player.begin()
        self._on_news(News.LANES)

    def replace(self, run: Run, lanes: LaneList) -> None:
        """Take another run and its lanes, which go together."""
        self._naming.cancel()
        self.lanes, self.plan, self._next = lanes, Plan(lanes), None
        self.begin(run)

    def _restart_soon(self, revealed: bool, drags: bool = False) -> None:
        """Begin again when the slider rests for a moment: a drag is many changes, of which some are seen."""
        self.revealed, due = revealed, self.due
        play = self.state is State.RUNNING or not (self.held or self.view.instant)
        play &= not self.view.waits and plays()  # in a script nothing plays by itself
        if not (drags and self.player.loop.begins):
            self.player.close()  # its lanes are no longer those that are shown
        if not due:
            self._restart.ask(lambda: self._begin_again(play and self.revealed))

    def catch_up(self) -> None:
        """Begin again now if that is due: what comes next must not meet an old run with new lanes."""
        self._restart.now()

    def _settle(self) -> None:
        if self._restart.cancel():
            self._begin_again(whole=False)

    def recorded(self) -> RunRecord:
        """Return the run so far, its last step whole, under the names that the lanes have now, as figures do then."""
        self.catch_up()
        self.player.loop.end_step()
        self._naming.now()
        return self.run.record

    def _begin_again(self, play: bool = False, whole: bool = True) -> None:
        """Begin at step 0 with the lanes as they are.

        Args:
            play: Go on by itself.
            whole: Else show an instant lab's run to its end at once.
        """
        self.begin(self._new_run())
        if play:
            self.play()
        elif whole:
            self._show_whole()

    def _show_whole(self) -> None:
        """Show an instant lab's run to its end if it has been played; in a script nothing plays."""
        if self.view.instant and (self.revealed or not plays()):
            self.player.loop.forward(self.trial.steps + 1)

    def _new_run(self) -> Run:
        lanes, self._next, self.lanes = self._next, None, self.plan.begun(self.lanes)
        if lanes is None:
            lanes = self.view.lanes(self.lanes.settings, self.lanes.names)
        return Run(self.view.experiment, lanes, self.device, self.plan.changes)

    def _measured(self, diverged: list[int]) -> None:
        if (lanes := self.plan.followed(self.lanes, self.run)) is not self.lanes:
            self._changed(lanes)
        if diverged:
            notice = diagnosis(self.view, self.trial, diverged, self.lanes.names, self.notice)
            if notice is not self.notice:
                self._say(notice)
            self._on_news(News.LANES)
            if self.trial.all_diverged:
                self.player.loop.finish()
        self._on_news(News.MEASURED)
        if self.stop_below is not None and self.state is State.RUNNING and self.trial.below(self.stop_below):
            self.player.loop.pause()

    def _enter(self) -> None:
        if self.state is State.FAILED:
            error = self.player.loop.error
            text = f"The experiment stopped with an error: {type(error).__name__}: {str(error)[:300]}"
            self._say(Notice("failed", f"{text}\nReset starts again.", details=self.player.loop.failure))
        self._on_news(News.STATE)

    def _say(self, notice: Notice) -> None:
        self.notice = notice
        self._on_news(News.NOTICE)
