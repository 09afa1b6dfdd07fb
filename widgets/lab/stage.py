"""Draws a trial in the browser, as fast as the browser follows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import plotly.graph_objects as go

from widgets.figure.covered import CoveredScreen, covered
from widgets.figure.frame import Frame
from widgets.figure.live_figure import POINTS_PER_FRAME, LiveFigure
from widgets.figure.marks import marks
from widgets.figure.plots import with_lanes
from widgets.run.one_thread import one_thread
from widgets.run.trial import Trial
from widgets.view.view import LabView

# An instant lab that is at most this far behind draws every step; farther behind it thins.
MOST_BEHIND = 4 * POINTS_PER_FRAME


class Stage:
    """The figures of a lab. Keeps how far they are drawn; the trial keeps the data.

    Attributes:
        figure: The widget.
        covered: Whether the view's covered figures wait until somebody plays.

    Args:
        view: The topic's view.
        names: Of the lanes.
        colours: Of the lanes.
        complete: Asked before a frame whether all that takes long to compute (`LabView.slow`) is there.
    """

    def __init__(self, view: LabView, names: Sequence[str], colours: Sequence[str], complete: Callable[[], bool]):
        self._view = view
        self._opened: Trial | None = None
        self._names, self._colours = list(names), list(colours)
        self._selected = 0
        self._drawn = 0
        self._begun = False
        self._has_past = False
        self.covered = False
        self._marked = (0, 0)
        self._complete = complete
        self.figure = LiveFigure(self._figures(), label=view.title)
        self.figure.on_ready(self.draw)

    @property
    def _trial(self) -> Trial:
        return cast(Trial, self._opened)

    def _screen(self) -> LiveFigure | CoveredScreen:
        return CoveredScreen(self.figure, self._view.covered) if self.covered else self.figure

    def open(
        self, trial: Trial, names: Sequence[str], colours: Sequence[str], selected: int, covered: bool = False
    ) -> None:
        """Show a trial from its start; keeps the figures if lanes and names are the same."""
        was_covered, self.covered = self.covered, covered
        self._opened, self._selected = trial, selected
        self._drawn, self._begun, self._marked = 0, False, (-1, -1)
        self._has_past = len(trial.history) > 0
        if (list(names), list(colours), covered) == (self._names, self._colours, was_covered):
            self.figure.clear()
        else:
            self._names, self._colours = list(names), list(colours)
            self.figure.reset(self._figures())

    def _figures(self) -> dict[str, go.Figure]:
        figures = self._view.figures(self._names, self._colours)
        if self.covered:
            figures = {name: covered(each) if name in self._view.covered else each for name, each in figures.items()}
        return {name: with_lanes(figure, self._names, self._colours) for name, figure in figures.items()}

    def uncover(self) -> None:
        """Draw all figures from now on."""
        if self.covered:
            self.open(self._trial, self._names, self._colours, self._selected)
            self.draw()

    def refresh(self, selected: int) -> None:
        """Draw what depends on the settings again."""
        self._selected, self._begun = selected, False
        self.draw()

    def frame(self, start: int, stop: int | None = None) -> Frame:
        """The trial as a view sees it, with rows from `start` on being new."""
        return self._trial.frame(self._screen(), start, self._selected, stop)

    @one_thread()
    def draw(self) -> None:
        """Send one frame if the browser is ready and there is something new, once all that it shows is there."""
        if self._opened is None or not self.figure.ready or not self._due():
            return
        if not self._complete():
            return
        frame = self.frame(self._drawn, self._until())
        if not self._begun:
            self._view.begin(frame)
            self._begun = True
        if self._marked != self._marks_now():
            self._mark(frame)
        self._view.draw(frame)
        self._drawn = frame.stop
        self.figure.flush(whole=self._has_past)
        self._has_past = False

    def _due(self) -> bool:
        rows = len(self._trial.history)
        return rows > 0 and (not self._begun or self._drawn < rows or self._marked != self._marks_now())

    def _until(self) -> int:
        rows = len(self._trial.history)
        behind = rows - self._drawn
        return (
            self._drawn + POINTS_PER_FRAME if self._view.instant and POINTS_PER_FRAME < behind <= MOST_BEHIND else rows
        )

    def _marks_now(self) -> tuple[int, int]:
        return self._trial.run.change_count, sum(end is not None for end in self._trial.ends)

    def _mark(self, frame: Frame) -> None:
        self._marked = self._marks_now()
        drawn = marks(frame.changes, frame.lanes.fields, frame.ends, self._colours, self._trial.steps)
        for name in self._view.step_figures:
            frame.screen.relayout(name, drawn)
