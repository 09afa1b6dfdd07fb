"""The labs of lesson 5: normalization."""

from __future__ import annotations

from widgets.lab.opens import opens
from widgets.labs.normalization import questions
from widgets.labs.normalization.batches import BatchesView
from widgets.labs.normalization.conditioning import ConditioningView
from widgets.labs.normalization.conv import ConvNormView
from widgets.labs.normalization.draws import DrawsView
from widgets.labs.normalization.net import NormalizedNetView
from widgets.labs.normalization.shift import ShiftView
from widgets.labs.normalization.stability import StabilityView
from widgets.labs.normalization.tensor import TensorView
from widgets.quiz.quiz import Quiz

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers
conditioning = opens(ConditioningView)
tensor = opens(TensorView)
normalized_net = opens(NormalizedNetView)
stable_rates = opens(StabilityView)
shift = opens(ShiftView)
batches = opens(BatchesView)
five_draws = opens(DrawsView)
instance_norm = opens(ConvNormView)
