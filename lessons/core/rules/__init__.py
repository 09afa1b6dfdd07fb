"""Every optimizer by its name. A new one is a file beside this one, and a line here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from lessons.core.lanes import OWN
from lessons.core.rules.adagrad import AdaGrad
from lessons.core.rules.adam import Adam
from lessons.core.rules.adamw import AdamW
from lessons.core.rules.gradient_descent import GradientDescent
from lessons.core.rules.heavy_ball import HeavyBall
from lessons.core.rules.lbfgs import LBFGS
from lessons.core.rules.moving_average import MovingAverage
from lessons.core.rules.nesterov import Nesterov
from lessons.core.rules.newton import Newton
from lessons.core.rules.quickprop import Quickprop
from lessons.core.rules.rmsprop import RMSProp
from lessons.core.rules.rule import Hyperparameters, Place, Rule

RULES: dict[str, type[Rule]] = {
    rule.name: rule
    for rule in (
        GradientDescent,
        HeavyBall,
        MovingAverage,
        Nesterov,
        AdaGrad,
        RMSProp,
        Adam,
        AdamW,
        Quickprop,
        Newton,
        LBFGS,
    )
}
# Those that know their limit on a quadratic; those that need no more than gradients; all. With the learner's own.
_LIMITED = (*(name for name, rule in RULES.items() if rule.limit(0.0) is not None), OWN)
_OF_GRADIENTS = (*(name for name, rule in RULES.items() if not rule.needs_objective), OWN)
_ALL = (*_OF_GRADIENTS, *(name for name, rule in RULES.items() if rule.needs_objective))

if TYPE_CHECKING:
    LimitedRule: TypeAlias = str
    GradientRule: TypeAlias = str
    AnyRule: TypeAlias = str
else:
    LimitedRule, GradientRule, AnyRule = Literal[_LIMITED], Literal[_OF_GRADIENTS], Literal[_ALL]

__all__ = [
    "LBFGS",
    "RULES",
    "AdaGrad",
    "Adam",
    "AdamW",
    "AnyRule",
    "GradientDescent",
    "GradientRule",
    "HeavyBall",
    "Hyperparameters",
    "LimitedRule",
    "MovingAverage",
    "Nesterov",
    "Newton",
    "Place",
    "Quickprop",
    "RMSProp",
    "Rule",
]
