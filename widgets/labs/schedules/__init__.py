"""The labs of lesson 2: learning-rate schedules."""

from __future__ import annotations

from widgets.lab.opens import opens
from widgets.labs.schedules import questions
from widgets.labs.schedules.floor import FloorView
from widgets.labs.schedules.net import ScheduledNetView
from widgets.labs.schedules.noisy import NoisyView
from widgets.labs.schedules.rate_range import RangeTestView
from widgets.labs.schedules.seeds import ScheduleSeedsView
from widgets.labs.schedules.warmup_length import WarmupLengthView
from widgets.quiz.quiz import Quiz

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers
noisy_quadratic = opens(NoisyView)
noise_floor = opens(FloorView)
scheduled_net = opens(ScheduledNetView)
range_test = opens(RangeTestView)
schedule_seeds = opens(ScheduleSeedsView)
warmup_length = opens(WarmupLengthView)
