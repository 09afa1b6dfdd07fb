"""A question that a learner answers before a run, and that the run answers then."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Generic, final

import numpy as np
import plotly.graph_objects as go

from lessons.core.experiment import Experiment
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.core.run import Run
from lessons.core.settings import SettingsT
from widgets.figure.colours import LANE_COLOURS, colours_of
from widgets.figure.covered import CoveredScreen
from widgets.figure.frame import Frame
from widgets.figure.live_figure import LiveFigure, Numbers
from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.view.panels import Panel

SAMPLES = 300
Curve = tuple[np.ndarray, np.ndarray]
HOLDS, FAILS = "It holds as written", "It does not hold as written"


@dataclass(frozen=True)
class Misreading:
    """A wrong answer that has a reason, and what to say to whom it led there.

    Attributes:
        answer: The number, or the index of the option.
        sentence: What it is the answer to, as "2⁻¹⁰ is the factor of the deviation; the variance is its square."
    """

    answer: float | int
    sentence: str


@dataclass(frozen=True)
class Outcome:
    """The answer that the run gives.

    Attributes:
        truth: The right number, the index of the right option, or a curve: x and y of shape (T,).
        sentence: What is true, with the measured numbers.
        misreadings: Wrong answers that deserve words of their own. A number counts as one of them where it is within
            the question's tolerance of it, and nearer to it than to the truth.
    """

    truth: float | int | Curve
    sentence: str
    misreadings: tuple[Misreading, ...] = ()


class Question(ABC, Generic[SettingsT]):
    """One question; holds no state.

    Attributes:
        name: Unique in its lesson.
        prompt: The question.
        statement: What is often written, true or not; empty if the question is a prediction.
        answer: What kind of answer it takes.
        experiment: What runs when the learner has answered; some seconds at most.
        changes: Made in flight while it runs.
        methods: The settings that may say which method a lane is, and so its colour, as in `LabView`.
        slow: Names of snapshots that it draws and that are computed in parts, as in `LabView`.
    """

    name: ClassVar[str]
    prompt: ClassVar[str]
    statement: ClassVar[str] = ""
    answer: ClassVar[Number | Choice | Sketch]
    experiment: Experiment[SettingsT]
    changes: ClassVar[tuple[Change, ...]] = ()
    methods: ClassVar[tuple[str, ...]] = ("optimizer",)
    slow: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def lanes(self) -> Lanes[SettingsT]:
        """Return the lanes to run."""

    @abstractmethod
    def outcome(self, history: History, lanes: Lanes[SettingsT]) -> Outcome:
        """Return what the finished run says; computed from what it measured."""

    @property
    @abstractmethod
    def panel(self) -> Panel[SettingsT]:
        """The figure; lines are drawn whole. It is a `SketchPanel` where the answer is a sketch."""

    @final
    def run(self) -> Run:
        """Return the run that decides."""
        return Run(self.experiment, self.lanes(), scheduled=self.changes)

    @final
    def figure(self) -> go.Figure:
        """Return the figure, with empty traces."""
        lanes = self.lanes()
        few = len(lanes) <= len(LANE_COLOURS)  # many have no lines of their own
        names, colours = (lanes.names, colours_of(lanes.settings, self.methods)) if few else ((), ())
        return self.panel.figure("question", names, colours)

    @final
    def draw(self, screen: LiveFigure, history: History, lanes: Lanes[SettingsT]) -> None:
        """Draw the run so far into the figure, which is called `figure`."""
        frame = Frame(_Whole(screen, ()), history, 0, len(history), lanes, [None] * len(lanes), [], [], 0)
        self.panel.begin(frame, "figure", len(lanes))
        self.panel.draw(frame, "figure", len(lanes))


class _Whole(CoveredScreen):
    """A screen on which nothing grows: each frame has the whole run."""

    def extend(self, figure: str, trace: int, x: Numbers, y: Numbers, path: bool = False) -> None:
        self.replace(figure, trace, x=x, y=y)


def sampled(values: np.ndarray, points: int = SAMPLES) -> Curve:
    """Return some of the values at steps 0, 1, ..., evenly spaced, and their steps; a gap where one is not positive."""
    steps = np.unique(np.linspace(0, len(values) - 1, points).astype(int))
    return steps, np.where(values[steps] > 0, values[steps], np.nan)
