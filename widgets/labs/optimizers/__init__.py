"""The labs of lesson 1: optimizers."""

from __future__ import annotations

from widgets.lab.opens import opens
from widgets.labs.optimizers import questions
from widgets.labs.optimizers.classifier import ClassifierView
from widgets.labs.optimizers.condition import ConditionView
from widgets.labs.optimizers.gain import GainView
from widgets.labs.optimizers.memory import MemoryView
from widgets.labs.optimizers.proxy import OutlierView, ProxyView
from widgets.labs.optimizers.race import RaceView
from widgets.labs.optimizers.saddle import SaddleView
from widgets.labs.optimizers.seeds import ClassifierSeedsView
from widgets.labs.optimizers.valley import ValleyView
from widgets.quiz.quiz import Quiz

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers
race = opens(RaceView)
classifier = opens(ClassifierView)
classifier_seeds = opens(ClassifierSeedsView)
gain = opens(GainView)
saddle = opens(SaddleView)
condition = opens(ConditionView)
memory = opens(MemoryView)
valley = opens(ValleyView)
proxy = opens(ProxyView)
outlier_shift = opens(OutlierView)
