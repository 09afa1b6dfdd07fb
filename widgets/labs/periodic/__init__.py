"""The labs of lesson 6: periods of batch normalization and weight decay."""

from __future__ import annotations

from typing import Any

from lessons.core.sweeps.sweep import ExecutorLike
from widgets.lab.lab import Lab
from widgets.lab.opens import opens
from widgets.labs.periodic import questions
from widgets.labs.periodic.circle import CircleView
from widgets.labs.periodic.conv_net import ConvPeriodsView
from widgets.labs.periodic.forecast import ForecastView
from widgets.labs.periodic.jumps import JumpsView
from widgets.labs.periodic.long_run import long_run as long_run
from widgets.labs.periodic.minima import MinimaView
from widgets.labs.periodic.period_map import MapView
from widgets.labs.periodic.periods import PeriodsView
from widgets.labs.periodic.sent_map import SentMapView
from widgets.labs.periodic.settling import SettlingView
from widgets.labs.periodic.stretch import StretchView
from widgets.labs.periodic.variants import VariantsView
from widgets.quiz.quiz import Quiz

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers
stretch = opens(StretchView)
periods = opens(PeriodsView)
circle = opens(CircleView)
settling = opens(SettlingView)
forecast = opens(ForecastView)
jumps = opens(JumpsView)
variants = opens(VariantsView)
minima = opens(MinimaView)
conv_periods = opens(ConvPeriodsView)


def period_map(executor: ExecutorLike = None, lanes_per_task: int = 4, **changes: Any) -> Lab:
    """A map over learning rate and weight decay; keywords are settings of `MapSettings`.

    With an executor, see `lessons.core.sweeps.sweep.Sweep.start`, its cells are computed there, so many to a task.
    """
    return Lab(MapView() if executor is None else SentMapView(executor, lanes_per_task), **changes)
