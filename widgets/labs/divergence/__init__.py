"""The labs of lesson 3: what happens at 2 eta_opt, on a parabola, on a bowl, and in a net."""

from __future__ import annotations

from widgets.lab.opens import opens
from widgets.labs.divergence import questions
from widgets.labs.divergence.bowl import BowlView
from widgets.labs.divergence.net import NetView
from widgets.labs.divergence.parabola import ParabolaView
from widgets.labs.divergence.seeds import NetSeedsView
from widgets.labs.divergence.sweeps import BowlSweepView, NetSweepView
from widgets.quiz.quiz import Quiz

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers
parabola = opens(ParabolaView)
bowl = opens(BowlView)
bowl_sweep = opens(BowlSweepView)
net = opens(NetView)
net_sweep = opens(NetSweepView)
net_seeds = opens(NetSeedsView)
