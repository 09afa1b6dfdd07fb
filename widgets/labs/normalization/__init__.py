"""The labs of lesson 5: normalization."""

from __future__ import annotations

from typing import Any

from widgets.lab.lab import Lab
from widgets.labs.normalization import questions
from widgets.labs.normalization.batches import BatchesView
from widgets.labs.normalization.conditioning import ConditioningView
from widgets.labs.normalization.net import NormalizedNetView
from widgets.labs.normalization.shift import ShiftView
from widgets.labs.normalization.stability import StabilityView
from widgets.labs.normalization.tensor import TensorView
from widgets.quiz.quiz import Quiz

__all__ = ["answers", "ask", "batches", "conditioning", "normalized_net", "shift", "stable_rates", "tensor"]

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers


def conditioning(**changes: Any) -> Lab:
    """Inputs prepared in several ways; keywords are settings of `ConditioningSettings`."""
    return Lab(ConditioningView(), **changes)


def tensor(**changes: Any) -> Lab:
    """The cells that are averaged; keywords are settings of `TensorPictureSettings`."""
    return Lab(TensorView(), **changes)


def normalized_net(**changes: Any) -> Lab:
    """One net, normalized in several ways; keywords are settings of `NormalizedNetSettings`."""
    return Lab(NormalizedNetView(), **changes)


def stable_rates(**changes: Any) -> Lab:
    """Sixteen learning rates for each of four normalizations; keywords are settings of `StabilitySettings`."""
    return Lab(StabilityView(), **changes)


def shift(**changes: Any) -> Lab:
    """Internal covariate shift and roughness; keywords are settings of `NormalizedNetSettings`."""
    return Lab(ShiftView(), **changes)


def batches(**changes: Any) -> Lab:
    """Tiny batches and batches of one class; keywords are settings of `NormalizedNetSettings`."""
    return Lab(BatchesView(), **changes)
