"""The labs of lesson 4: initialization."""

from __future__ import annotations

from widgets.lab.opens import opens
from widgets.labs.initialization import questions
from widgets.labs.initialization.angles import AnglesView
from widgets.labs.initialization.distributions import DistributionsView
from widgets.labs.initialization.edge import EdgeView
from widgets.labs.initialization.jacobian import JacobianView
from widgets.labs.initialization.schemes import SchemesView
from widgets.labs.initialization.spectrum import SpectrumView
from widgets.labs.initialization.symmetry import SymmetryView
from widgets.labs.initialization.variance import VarianceView
from widgets.quiz.quiz import Quiz

QUIZ = Quiz(questions.ALL)
ask, answers = QUIZ.ask, QUIZ.answers
symmetry = opens(SymmetryView)
variance = opens(VarianceView)
distributions = opens(DistributionsView)
angles = opens(AnglesView)
edge_of_chaos = opens(EdgeView)
jacobian = opens(JacobianView)
schemes = opens(SchemesView)
hessian_spectrum = opens(SpectrumView)
