"""Closed forms that paths of lesson 1 are held to."""

from __future__ import annotations

from torch import Tensor


def heavy_ball_error(step: Tensor, condition_number: float) -> Tensor:
    """Return the error of tuned heavy ball, as a share of the start's, from a start equally far along both directions.

    At the best tuning both roots of each direction coincide, so powers of the rate come with a factor that grows:
    (1 + c t) rate^t, with c = 2 s / (1 + s) along the flat and 2 / (1 + s) along the steep direction, s = kappa^-1/2.

    Args:
        step: t, any shape.
        condition_number: kappa, above 1.
    """
    s = condition_number**-0.5
    flat, steep = 1 + 2 * s / (1 + s) * step, 1 + 2 / (1 + s) * step
    return ((flat**2 + steep**2) / 2).sqrt() * ((1 - s) / (1 + s)) ** step


def newton_growth(curvature: float, learning_rate: float, damping: float) -> float:
    """Return the factor by which a damped Newton step multiplies the distance along one direction of a quadratic.

    At damping 0 it is 1 - eta whatever the curvature's sign: a saddle attracts as a minimum does. Negative curvature
    -c repels if the damping exceeds `newton_repelling_damping`: above c the factor is larger than 1, between the two it
    is below -1 and the iterates leave from side to side.
    """
    return 1 - learning_rate * curvature / (curvature + damping)


def quickprop_jump(eta_lambda: float) -> float:
    """Return how many times its first step Quickprop's second one is, on a parabola, without the growth limit."""
    return (1 - eta_lambda) / eta_lambda


def batch_variance(example_variance: Tensor, batch_size: int, train_size: int) -> Tensor:
    """Return the variance of a mini-batch gradient about the full gradient, the batch drawn without replacement.

    Args:
        example_variance: Variance over the training set of the examples' gradients (divisor N), any shape.
        batch_size: b.
        train_size: N, above 1.

    Source: Cochran 1977, Sampling Techniques, 3rd ed., theorem 2.2.
    """
    return example_variance / batch_size * (train_size - batch_size) / (train_size - 1)


def newton_repelling_damping(curvature: float, learning_rate: float) -> float:
    """Return the damping beyond which a damped Newton step leaves along a direction of negative curvature.

    Solves |1 - eta c / (c + damping)| = 1: the size of the curvature, less its share eta / 2.
    """
    return -curvature * (1 - learning_rate / 2)
