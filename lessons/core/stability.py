"""The largest stable learning rate of each update rule on a quadratic."""

from __future__ import annotations

from torch import Tensor

# Learning rate times sharpness, from the momentum. Adaptive rules have an edge of their own, for the preconditioned
# Hessian (Cohen et al. 2022, arXiv 2207.14484).
_LIMITS = {
    "gradient descent": lambda beta: 2.0,
    "heavy ball": lambda beta: 2 * (1 + beta),
    "moving average": lambda beta: 2 * (1 + beta) / (1 - beta),
    "Nesterov": lambda beta: 2 * (1 + beta) / (1 + 2 * beta),
}
LIMITED = tuple(_LIMITS)


def threshold(rule: str, sharpness: Tensor | float, momentum: Tensor | float = 0.0) -> Tensor | float:
    """Return the largest stable learning rate of an update rule on a quadratic.

    The limits follow from the characteristic polynomial having a root at -1 (Polyak 1964; Cohen et al. 2021,
    arXiv 2103.00065, appendix B, for heavy ball and Nesterov).

    Args:
        rule: Name in `lessons.core.update_rules.UPDATE_RULES`; Adam has no closed form.
        sharpness: Largest Hessian eigenvalue, any shape.
        momentum: beta, broadcastable to it.

    Raises:
        KeyError: If the rule has no closed form.
    """
    return _LIMITS[rule](momentum) / sharpness
