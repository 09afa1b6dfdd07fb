"""One lab on the page: controls, figures, and what is said beside them."""

from __future__ import annotations

import os
import time
from typing import Any

import ipywidgets as ipw
import numpy as np

from lessons.core.history import History
from lessons.core.run import Run
from lessons.core.settings import SettingError
from widgets.figure.covered import NoScreen
from widgets.lab import commands as do
from widgets.lab import link as links
from widgets.lab.class_run import ClassRun
from widgets.lab.control_panel import ControlPanel
from widgets.lab.gathered import gathered
from widgets.lab.glimpse import glimpse
from widgets.lab.goal_judge import GoalJudge
from widgets.lab.lane_changes import added, drawn, opening, placed, reseeded
from widgets.lab.lane_list import LaneList
from widgets.lab.notice_board import NoticeBoard
from widgets.lab.own_lanes import OwnLanes
from widgets.lab.panel_state import PresetRow, lane_rows, panel_state, transport
from widgets.lab.saved_file import FileMaker, saved_file
from widgets.lab.session import News, Session
from widgets.lab.stage import Stage
from widgets.lab.timeline import Timeline
from widgets.run.one_thread import one_thread
from widgets.run.run_loop import FASTEST, RunLoop, State
from widgets.view.controls import MOST_LANES
from widgets.view.readings import readings_table
from widgets.view.view import LabView

REPORT_EVERY_SECONDS = 0.2


class Lab(ipw.Box):
    """A lab to put on the page: hands over to a session what a person asks for, and shows what has changed.

    Args:
        view: The topic's view.
        lanes: Lanes instead of the first preset's: a list of dicts of settings, each with a "name" if it has one.
        link: A run to open: a link that was copied from a page, or what "Copy link" wrote in a notebook.
        changes: Settings that differ from the first preset's, for all of its lanes. What is not allowed is refused
            with a sentence in the lab, which then shows the preset.

    Raises:
        TypeError: If a setting is named that there is not.
    """

    def __init__(self, view: LabView, lanes: Any = None, link: Any = None, **changes: Any):
        self.view = view
        self.panel = ControlPanel(self.handle, lambda: self.session.leave_alone(), **panel_state(view))
        self.board = NoticeBoard(self.handle)
        self.readings = ipw.HTML()
        self.session = self._opened(lanes, changes)
        self.timeline = Timeline(self.session)
        self.stage = Stage(view, self.lanes.names, self.lanes.colours, self.session.player.complete)
        self._linked, self._touched = link, False
        self._class_run: ClassRun | None = None
        self._files = FileMaker(lambda content, buffers: self.panel.send(content, buffers))
        self._presets, self._own = PresetRow(view), OwnLanes(view)
        self._judge = GoalJudge(view.goals)
        self._reported = 0.0
        self.stage.figure.on_sketch(self._sketched)
        self.stage.figure.on_point(lambda figure, x, y: self.handle({"do": "place", "figure": figure, "x": x, "y": y}))
        beside = ipw.VBox([self.stage.figure, self.board, self.readings])
        beside.add_class("tdl-stage")
        self.readings.add_class("tdl-readings")
        super().__init__([self.panel, beside])
        self.add_class("tdl-lab")
        self.stage.figure.on_hello(self._wake)
        if "VOILA_PREHEAT" in os.environ:  # a page that Voilà serves is whole before any of its labs is seen
            self._show_lanes()
            self.report()
        else:
            self._wake()

    def _opened(self, lanes: Any, changes: dict[str, Any]) -> Session:
        try:
            return Session(self.view, opening(self.view, lanes, changes), self._show)
        except SettingError as refusal:
            self.panel.refusal = {"text": str(refusal), "field": ""}
            return Session(self.view, opening(self.view, None, {}), self._show)

    def _wake(self) -> None:
        """Make the first measurement, once somebody sees the lab."""
        if self.session.started:
            return
        self.session.start()
        if self._linked is not None:
            try:
                self.timeline.open(links.given(self.view.name, self._linked))
            except SettingError as refusal:
                self.panel.refusal = {"text": str(refusal), "field": ""}

    # ---- what there is ----

    @property
    def lanes(self) -> LaneList:
        """The lanes as they are now."""
        return self.session.lanes

    @property
    def loop(self) -> RunLoop:
        """The clock of the run."""
        return self.session.player.loop

    @property
    def state(self) -> State:
        """The state of the run."""
        return self.session.state

    @property
    def history(self) -> History:
        """The measurements of the run so far; the first, if it is still being made, is made at once."""
        self.loop.end_begin()
        return self.session.history

    @property
    def run(self) -> Run:
        """The run; its first measurement, if it is still being made, is made at once."""
        self.loop.end_begin()
        return self.session.run

    # ---- what a person asks for ----

    def change(self, field: str, value: Any, lane: int | None = None) -> None:
        """Change a setting as a person would; what is not allowed is refused with a sentence in the lab.

        Raises:
            TypeError: If there is no setting of that name.
        """
        self.view.settings_type.check_names([field])
        lane = self.lanes.selected if lane is None else lane
        self.handle({"do": "set", "lane": lane, "field": field, "value": value})

    def handle(self, content: Any) -> None:
        """Carry out a command; a refused one leaves everything as it was and says why."""
        try:
            command = do.parse_command(content)
            self._carry_out(command)
            self._touched |= not isinstance(command, do.Glimpse)
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
        if isinstance(command, do.Glimpse):
            self.panel.send({"type": "glimpse", **glimpse(self.session)})
            return
        if isinstance(command, do.OpenLink):  # each page sends one to each lab; few of them hold anything
            self._open_link(command.search)
            return
        self._wake()
        session = self.session
        self._judge.awake |= not (isinstance(command, do.GoTo) and command.opening)
        match command:
            case do.Transport():
                self._press(command.do)
            case do.SetValue():
                session.set(command.lane, command.field, self._read(command.field, command.value))
            case do.LoadPreset():
                self._own.keep(session)
                session.load_preset(command.index)
            case do.OnLane(do="select"):
                session.select(command.lane)
            case do.OnLane():
                session.change_lanes(self.lanes.remove(command.lane))
            case do.RenameLane():
                session.rename(command.lane, command.name)
            case do.Place():
                session.change_to(placed(self.view, self.lanes, command.figure, command.x, command.y))
            case do.Draw():
                session.change_to(drawn(self.view, self.lanes, command.figure, command.x, command.y))
            case do.OpenRun():
                self._judge.awake = False  # another's run is nobody's achievement
                self.timeline.open(links.linked_here(self.view.name, command.search))
            case do.Gather():
                self._judge.awake = False
                self._gather(command.searches)
                return
            case do.GoTo(opening=True):
                self.timeline.open_at(command.step)
                return
            case do.GoTo():
                self.timeline.go_to(command.step)
            case do.Fork():
                self.timeline.fork(command.lane, command.step)
            case do.SaveFile():
                self._save(command.kind, command.lane)
            case do.SetDevice():
                session.set_device(command.value)
            case do.SetSpeed():
                session.set_speed(FASTEST if command.value == "fastest" else float(command.value))
            case do.SetStopBelow():
                session.set_stop_below(command.value)
            case do.SetRestart():
                session.set_restart_on_change(command.value)
        session.opened = False

    def _gather(self, searches: list[str]) -> None:
        """Train the runs of a class: as lanes of this lab while it has colours for them, else beside it."""
        found, session = gathered(self.view, searches), self.session
        if self._class_run is not None:
            self._class_run.close()
        if len(found.settings) > MOST_LANES:
            session.pause()
            self._class_run = ClassRun(self.view, found, self.panel.send)
            return
        says: list[dict[str, Any]] = [{} for _ in found.settings]
        session.change_lanes(LaneList.named(found.names, found.settings, says, self.view.idle, self.view.methods))
        session.play()
        self.panel.send({"type": "gathered", "learners": sum(found.counts), "unusable": found.unusable})

    def _press(self, button: str) -> None:
        session = self.session
        session.drag.end()
        if button == "play" and self._class_run is not None:
            self._class_run.close()
        {
            "play": session.play,
            "pause": session.pause,
            "step": session.step,
            "reset": session.reset,
            "new_seed": lambda: session.change_lanes(reseeded(self.view, self.lanes)),
            "add_lane": lambda: session.change_lanes(added(self.view, self.lanes)),
            "back_to_own": lambda: self._own.bring_back(session),
            "rewind": self.timeline.rewind,
            "share": self._share,
        }[button]()

    def _read(self, field: str, value: Any) -> Any:
        """Return the value that was written for a setting; everything else as it is."""
        declared = self.view.settings_type.fields().get(field)
        return declared.read(value) if declared is not None and isinstance(value, str) else value

    def _sketched(self, figure: str, x: np.ndarray, y: np.ndarray) -> None:
        values = [float(value) if np.isfinite(value) else None for value in y]
        self.handle({"do": "draw", "figure": figure, "x": x.tolist(), "y": values})

    def _open_link(self, search: str) -> None:
        """Open what the page's address holds for this lab; once, and not after a person has done something."""
        if self._touched:
            return
        self._touched = True
        found = links.linked(self.view.name, search)
        if found is not None:
            self._wake()
            self.timeline.open(found)

    def _share(self) -> None:
        query, line = self.timeline.link()
        self.panel.send({"type": "shared", "query": query, "python": line})

    def _save(self, kind: str, lane: int) -> None:
        record = self.session.recorded()
        figure, table, colours = self.stage.figure, self.readings.value, self.lanes.colours
        self._files.make(saved_file(kind, self.view, self.history, record, figure, table, lane, colours))

    # ---- what is shown ----

    def _show(self, news: News) -> None:
        match news:
            case News.LANES:
                self._show_lanes()
            case News.RUN:
                self._show_run()
            case News.NAMES:
                self._show_run()
                self.stage.draw()
            case News.SETTINGS:
                self.stage.refresh(self.lanes.selected)
            case News.REVEALED:
                self.stage.uncover()
            case News.MEASURED:
                self.stage.draw()
                if time.perf_counter() - self._reported > REPORT_EVERY_SECONDS:
                    self.report()
                self._look_at_goals()
            case News.COMPLETE:
                self.stage.draw()
                self.report()
            case News.STATE:
                self.report()
                self._look_at_goals(at_once=True)
            case News.NOTICE:
                self.board.notice = self.session.notice.as_dict()

    def _show_lanes(self) -> None:
        self.panel.lanes = lane_rows(self.view, self.lanes, self.session.fates)
        self.panel.selected = self.lanes.selected
        self.panel.preset = self._presets.on(self.session.plan.begun(self.lanes), self.session.preset)
        self.panel.has_own = self._own.offered(self.session)

    def _show_run(self) -> None:
        session = self.session
        names, colours, selected = session.figure_names, self.lanes.colours, self.lanes.selected
        self.stage.open(session.trial, names, colours, selected, session.covered)

    def _look_at_goals(self, at_once: bool = False) -> None:
        self._judge.look(self.session, at_once)
        self.panel.reached = list(self._judge.reached)

    @one_thread()
    def report(self) -> None:
        """Show transport and readings; at once on a change of state, a few times a second while running."""
        self._reported = time.perf_counter()
        session = self.session
        self.panel.transport = {
            **transport(session.player),
            "restart": session.restart_on_change,
            "stop_below": session.stop_below,
            "device": session.device,
        }
        if self.stage.covered:
            self.readings.value = ""
        elif len(session.history) and self.state is not State.FAILED and not session.player.prepares:
            frame, on = session.trial.frame(NoScreen(), len(session.history), self.lanes.selected), self.panel.preset
            preset = self.view.presets[on].name if on >= 0 else ""
            self.readings.value = readings_table(
                self.view.readings(frame), self.lanes.names, self.lanes.colours, preset
            )
