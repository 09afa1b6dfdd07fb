"""Closed forms for gradient methods on a quadratic: thresholds, rates and regimes.

For gradient descent on f(x) = lambda x^2 / 2 the error is multiplied by 1 - eta lambda at each step, so
eta_opt = 1 / lambda and the limit is 2 eta_opt = 2 / lambda (LeCun et al. 1998, "Efficient BackProp", section 5.1).
"""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import Tensor

from lessons.core.rules import RULES

Regime = Literal["monotone", "one step", "oscillating, converging", "oscillating for ever", "diverging"]


def growth_factor(rule: str, eta_lambda: Tensor, momentum: Tensor) -> Tensor:
    """Return the spectral radius of one step along an eigen-direction: the error's growth per step, in the long run.

    Args:
        rule: As in `threshold`.
        eta_lambda: eta times the direction's eigenvalue, any shape.
        momentum: beta, broadcastable to it.

    Returns:
        Shape of `eta_lambda`; above 1 the direction diverges.

    Raises:
        KeyError: If the rule has no closed form.
    """
    growth = RULES[rule].growth(eta_lambda, torch.as_tensor(momentum).expand_as(eta_lambda))
    if growth is None:
        raise KeyError(rule)
    return growth


def regime(ratio: float) -> Regime:
    """Name what gradient descent does on a parabola at eta = ratio * eta_opt.

    At exactly 2 it neither converges nor diverges: the error is multiplied by -1. Ratios closer than 1e-9 to 1 and 2
    count as equal to them.
    """
    if math.isclose(ratio, 1.0, abs_tol=1e-9):
        return "one step"
    if math.isclose(ratio, 2.0, abs_tol=1e-9):
        return "oscillating for ever"
    if ratio < 1:
        return "monotone"
    return "oscillating, converging" if ratio < 2 else "diverging"


def observed_regime(position: float, following: float) -> Regime:
    """Name what a descent on a parabola does, from two positions in a row: their ratio is 1 - eta lambda."""
    return regime(1 - following / position) if position else "one step"
