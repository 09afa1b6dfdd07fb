"""The labs of lesson 2: learning-rate schedules."""

from __future__ import annotations

from typing import Any

from widgets.lab.lab import Lab
from widgets.labs.schedules import questions
from widgets.labs.schedules.floor import FloorView
from widgets.labs.schedules.net import ScheduledNetView
from widgets.labs.schedules.noisy import NoisyView
from widgets.labs.schedules.rate_range import RangeTestView
from widgets.labs.schedules.seeds import ScheduleSeedsView
from widgets.quiz.quiz import Quiz

__all__ = [
    "answers",
    "ask",
    "noise_floor",
    "noisy_quadratic",
    "range_test",
    "schedule_seeds",
    "scheduled_net",
]

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers


def noisy_quadratic(**changes: Any) -> Lab:
    """Schedules against noise; keywords are settings of `NoisyQuadraticSettings`."""
    return Lab(NoisyView(), **changes)


def noise_floor(**changes: Any) -> Lab:
    """The noise floor of 48 learning rates; keywords are settings of `FloorSettings`."""
    return Lab(FloorView(), **changes)


def scheduled_net(**changes: Any) -> Lab:
    """A net under a schedule; keywords are settings of `lessons.schedules.net.ScheduledNetSettings`."""
    return Lab(ScheduledNetView(), **changes)


def range_test(**changes: Any) -> Lab:
    """The learning-rate range test; keywords are settings of `ScheduledNetSettings`."""
    return Lab(RangeTestView(), **changes)


def schedule_seeds(**changes: Any) -> Lab:
    """Twenty seeds under one schedule; keywords are settings of `ScheduleSeedsSettings`."""
    return Lab(ScheduleSeedsView(), **changes)
