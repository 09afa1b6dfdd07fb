"""The labs of lesson 3: what happens at 2 eta_opt, on a parabola, on a bowl, and in a net."""

from __future__ import annotations

from typing import Any

from lessons.core.rules.own import OwnFunction
from widgets.lab.lab import Lab
from widgets.labs.divergence import questions
from widgets.labs.divergence.bowl import BowlView
from widgets.labs.divergence.net import NetView
from widgets.labs.divergence.parabola import ParabolaView
from widgets.labs.divergence.seeds import NetSeedsView
from widgets.labs.divergence.sweeps import BowlSweepView, NetSweepView
from widgets.quiz.quiz import Quiz

__all__ = ["answers", "ask", "bowl", "bowl_sweep", "net", "net_seeds", "net_sweep", "parabola"]

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers


def parabola(**changes: Any) -> Lab:
    """Gradient descent on a parabola; keywords are settings of `lessons.divergence.parabola.ParabolaSettings`."""
    return Lab(ParabolaView(), **changes)


def bowl(own: OwnFunction | None = None, **changes: Any) -> Lab:
    """Gradient methods on a rotated bowl; keywords are settings of `lessons.divergence.bowl.BowlSettings`.

    Args:
        own: An update rule of yours, `rule(gradient, state, learning_rate, momentum)`, that runs as a lane.
    """
    return Lab(BowlView(own), **changes)


def bowl_sweep(**changes: Any) -> Lab:
    """64 learning rates on the bowl at once; keywords are settings of `BowlSweepSettings`."""
    return Lab(BowlSweepView(), **changes)


def net(own: OwnFunction | None = None, **changes: Any) -> Lab:
    """A net on the digits with its sharpness; keywords are settings of `lessons.divergence.net.NetSettings`.

    Args:
        own: As in `bowl`.
    """
    return Lab(NetView(own), **changes)


def net_sweep(**changes: Any) -> Lab:
    """64 learning rates for the net at once; keywords are settings of `NetSweepSettings`."""
    return Lab(NetSweepView(), **changes)


def net_seeds(**changes: Any) -> Lab:
    """Twenty seeds of the net at once; keywords are settings of `NetSeedsSettings`."""
    return Lab(NetSeedsView(), **changes)
