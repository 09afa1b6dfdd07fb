"""The labs of lesson 1: optimizers."""

from __future__ import annotations

from typing import Any

from lessons.core.rules.own import OwnFunction
from widgets.lab.lab import Lab
from widgets.labs.optimizers import questions
from widgets.labs.optimizers.classifier import ClassifierView
from widgets.labs.optimizers.condition import ConditionView
from widgets.labs.optimizers.gain import GainView
from widgets.labs.optimizers.proxy import OutlierView, ProxyView
from widgets.labs.optimizers.race import RaceView
from widgets.labs.optimizers.saddle import SaddleView
from widgets.labs.optimizers.seeds import ClassifierSeedsView
from widgets.quiz.quiz import Quiz

__all__ = [
    "answers",
    "ask",
    "classifier",
    "classifier_seeds",
    "condition",
    "gain",
    "outlier_shift",
    "proxy",
    "race",
    "saddle",
]

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers


def race(own: OwnFunction | None = None, **changes: Any) -> Lab:
    """Optimizers on a surface; keywords are settings of `lessons.optimizers.race.RaceSettings`.

    Args:
        own: An update rule of yours, `rule(gradient, state, learning_rate, momentum)`, that runs as a lane.
    """
    return Lab(RaceView(own), **changes)


def classifier(own: OwnFunction | None = None, **changes: Any) -> Lab:
    """Optimizers in a real net; keywords are settings of `lessons.optimizers.classifier.ClassifierSettings`.

    Args:
        own: As in `race`.
    """
    return Lab(ClassifierView(own), **changes)


def classifier_seeds(**changes: Any) -> Lab:
    """Twenty seeds under each of two optimizers; keywords are settings of `ClassifierSeedsSettings`."""
    return Lab(ClassifierSeedsView(), **changes)


def gain(**changes: Any) -> Lab:
    """The gain of momentum; keywords are settings of `lessons.optimizers.gains.GainSettings`."""
    return Lab(GainView(), **changes)


def saddle(**changes: Any) -> Lab:
    """Escape from a saddle point; keywords are settings of `SaddleSettings`."""
    return Lab(SaddleView(), **changes)


def condition(**changes: Any) -> Lab:
    """Iterations against the condition number; keywords are settings of `ConditionRange`."""
    return Lab(ConditionView(), **changes)


def proxy(**changes: Any) -> Lab:
    """The loss is a proxy for the error; keywords are settings of `OnePlaneSettings`."""
    return Lab(ProxyView(), **changes)


def outlier_shift(**changes: Any) -> Lab:
    """One outlier, and a boundary that it moves; keywords are settings of `OutlierSettings`."""
    return Lab(OutlierView(), **changes)
