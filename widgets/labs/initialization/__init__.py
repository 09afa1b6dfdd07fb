"""The labs of lesson 4: initialization."""

from __future__ import annotations

from typing import Any

from lessons.initialization.own_scheme import WeightFunction
from widgets.lab.lab import Lab
from widgets.labs.initialization import questions
from widgets.labs.initialization.distributions import DistributionsView
from widgets.labs.initialization.edge import EdgeView
from widgets.labs.initialization.jacobian import JacobianView
from widgets.labs.initialization.schemes import SchemesView
from widgets.labs.initialization.spectrum import SpectrumView
from widgets.labs.initialization.symmetry import SymmetryView
from widgets.labs.initialization.variance import VarianceView
from widgets.quiz.quiz import Quiz

__all__ = [
    "answers",
    "ask",
    "distributions",
    "edge_of_chaos",
    "hessian_spectrum",
    "jacobian",
    "schemes",
    "symmetry",
    "variance",
]

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers


def symmetry(**changes: Any) -> Lab:
    """Zeros, constants and random weights; keywords are settings of `DeepNetSettings`."""
    return Lab(SymmetryView(), **changes)


def variance(own: WeightFunction | None = None, **changes: Any) -> Lab:
    """Signal and gradient, layer by layer; keywords are settings of `PropagationSettings`.

    Args:
        own: A scheme of yours, `weights(normal, layer, fan_in, fan_out)`, that runs as a lane.
    """
    return Lab(VarianceView(own), **changes)


def distributions(own: WeightFunction | None = None, **changes: Any) -> Lab:
    """Weights that are not normal, beside theirs; keywords are settings of `PropagationSettings`.

    Args:
        own: As in `variance`.
    """
    return Lab(DistributionsView(own), **changes)


def edge_of_chaos(**changes: Any) -> Lab:
    """Forty-one gains at once; keywords are settings of `EdgeSettings`."""
    return Lab(EdgeView(), **changes)


def jacobian(own: WeightFunction | None = None, **changes: Any) -> Lab:
    """Singular values of the whole net; keywords are settings of `JacobianSettings`.

    Args:
        own: As in `variance`.
    """
    return Lab(JacobianView(own), **changes)


def schemes(own: WeightFunction | None = None, **changes: Any) -> Lab:
    """One net, several beginnings; keywords are settings of `DeepNetSettings`.

    Args:
        own: As in `variance`.
    """
    return Lab(SchemesView(own), **changes)


def hessian_spectrum(own: WeightFunction | None = None, **changes: Any) -> Lab:
    """The curvature that a net begins with; keywords are settings of `DeepNetSettings`.

    Args:
        own: As in `variance`.
    """
    return Lab(SpectrumView(own), **changes)
