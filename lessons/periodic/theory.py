"""Closed forms for the weights of a scale-invariant net under gradient descent with weight decay.

x_{t+1} = (1 - eta lambda) x_t - eta grad f(x_t), where the gradient is at right angles to x_t. rho is |x|, and the
effective gradient g = |grad f(x)| rho is that at x / rho. Lobacheva et al. 2021, arXiv 2106.15739, section 5; numbers
and arrays of any broadcastable shapes may be given, in float64.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from lessons.periodic.settings import PENALTY_FACTORS


def kept_share(learning_rate: ArrayLike, weight_decay: ArrayLike, penalty: str = "(λ/2)|x|²") -> np.ndarray:
    """Return what one step of gradient descent leaves of x where the loss itself is flat.

    The penalty (lambda/2)|x|^2 has the gradient lambda x and leaves 1 - eta lambda; lambda |x|^2 leaves
    1 - 2 eta lambda.

    Raises:
        KeyError: If there is no such penalty.
    """
    return 1 - PENALTY_FACTORS[penalty] * np.multiply(learning_rate, weight_decay)


def next_norm(
    norm: ArrayLike, effective_gradient: ArrayLike, learning_rate: ArrayLike, weight_decay: ArrayLike
) -> np.ndarray:
    """Return rho after one step: rho'^2 = (1 - eta lambda)^2 rho^2 + eta^2 g^2 / rho^2, by Pythagoras, exactly."""
    decayed = kept_share(learning_rate, weight_decay) * norm
    return np.hypot(decayed, np.multiply(learning_rate, effective_gradient) / norm)


def step_tangent(
    norm: ArrayLike, effective_gradient: ArrayLike, learning_rate: ArrayLike, weight_decay: ArrayLike
) -> np.ndarray:
    """Return the tangent of the angle between x and the next x: eta g / ((1 - eta lambda) rho^2), exactly."""
    kept = kept_share(learning_rate, weight_decay)
    return np.multiply(learning_rate, effective_gradient) / (kept * np.square(norm))


def step_cosine_distance(
    norm: ArrayLike, effective_gradient: ArrayLike, learning_rate: ArrayLike, weight_decay: ArrayLike
) -> np.ndarray:
    """Return 1 - cos of that angle, without cancellation."""
    square = step_tangent(norm, effective_gradient, learning_rate, weight_decay) ** 2
    return square / (1 + square + np.sqrt(1 + square))


def jump_norm(
    delta: ArrayLike, effective_gradient: ArrayLike, learning_rate: ArrayLike, weight_decay: ArrayLike
) -> np.ndarray:
    """Return the norm below which a step is a delta-jump, 1 - cos > delta, exactly.

    With the largest effective gradient L instead of g: above this norm none is possible; with the smallest, l: below
    this norm each step is one.
    """
    tangent = np.sqrt(np.multiply(delta, np.subtract(2, delta))) / np.subtract(1, delta)
    kept = kept_share(learning_rate, weight_decay)
    return np.sqrt(np.multiply(learning_rate, effective_gradient) / (kept * tangent))


def jump_norm_approximate(delta: ArrayLike, effective_gradient: ArrayLike, learning_rate: ArrayLike) -> np.ndarray:
    """Return the paper's form of `jump_norm`: rho^2 = eta g / sqrt(2 delta).

    It holds for small delta and 1 - eta lambda about 1. That 1 - eta lambda is *at most* 1 gives no bound: the factor
    stands below the line, so the exact norm is larger whenever delta is below about (4/3) eta lambda.
    """
    return np.sqrt(np.multiply(learning_rate, effective_gradient) / np.sqrt(np.multiply(2, delta)))


def kappa(learning_rate: ArrayLike, weight_decay: ArrayLike) -> np.ndarray:
    """Return sqrt(eta / (2 lambda)); infinite without weight decay."""
    with np.errstate(divide="ignore"):
        return np.sqrt(np.asarray(learning_rate, float) / (2 * np.asarray(weight_decay, float)))


def equilibrium_norm(
    effective_gradient: ArrayLike, learning_rate: ArrayLike, weight_decay: ArrayLike, exact: bool = False
) -> np.ndarray:
    """Return the norm at which both forces are equal: rho^2 = kappa g.

    With effective gradients from l to L the norm ends up between those of l and L. Exactly, rho^2 is
    kappa g / sqrt(1 - eta lambda / 2).
    """
    square = kappa(learning_rate, weight_decay) * effective_gradient
    if exact:
        square = square / np.sqrt(1 - np.multiply(learning_rate, weight_decay) / 2)
    return np.sqrt(square)


def settling_norm(
    steps: ArrayLike, norm: ArrayLike, effective_gradient: ArrayLike, learning_rate: ArrayLike, weight_decay: ArrayLike
) -> np.ndarray:
    """Return rho some steps after it was `norm`, if g keeps one root mean square.

    The square of the rule in `next_norm` is, to first order in eta lambda and where a step turns the weights little,

    rho'^4 = (1 - eta lambda)^4 rho^4 + 2 eta^2 g^2,

    so rho^4 goes to (kappa g)^2 as exp(-4 eta lambda t): the time is 1 / (4 eta lambda). Without weight decay there is
    no such norm, and what comes out is nan.
    """
    rest = equilibrium_norm(effective_gradient, learning_rate, weight_decay) ** 4
    left = np.exp(4 * np.multiply(steps, np.log(kept_share(learning_rate, weight_decay))))
    with np.errstate(invalid="ignore"):
        return np.asarray((rest + (np.power(norm, 4) - rest) * left) ** 0.25)


class JumpTimes(NamedTuple):
    """Steps until a delta-jump: not before `earliest`, and no later than `latest`; infinite where there is no bound."""

    earliest: np.ndarray
    latest: np.ndarray


def jump_times(
    delta: ArrayLike,
    norm: ArrayLike,
    lowest_gradient: ArrayLike,
    highest_gradient: ArrayLike,
    learning_rate: ArrayLike,
    weight_decay: ArrayLike,
) -> JumpTimes:
    """Return when a delta-jump comes, if the effective gradient stays between l and L until then.

    rho^2 falls towards kappa g; its distance shrinks by a factor per step between 1 - 4 eta lambda (close to it) and
    1 - 2 eta lambda (far above). So with r = rho^2 now:

    t_min = log((r - kappa l) / (eta L / sqrt(2 delta) - kappa l)) / -log(1 - 4 eta lambda), t_max likewise with L for l
    and the other factor. t_min is finite if delta < eta lambda L^2 / l^2, and t_max, which promises a jump, if
    delta < eta lambda l^2 / L^2. All of it to first order in eta lambda.

    Args:
        delta: 1 - cos of the jump.
        norm: rho now.
        lowest_gradient: l.
        highest_gradient: L.
        learning_rate: eta.
        weight_decay: lambda, with 4 eta lambda < 1.
    """
    square, rate = np.square(norm), np.multiply(learning_rate, weight_decay)
    k = kappa(learning_rate, weight_decay)
    possible = jump_norm_approximate(delta, highest_gradient, learning_rate) ** 2
    certain = jump_norm_approximate(delta, lowest_gradient, learning_rate) ** 2
    return JumpTimes(
        _time_to_fall(square, possible, np.multiply(k, lowest_gradient), -np.log1p(-4 * rate)),
        _time_to_fall(square, certain, np.multiply(k, highest_gradient), -np.log1p(-2 * rate)),
    )


def norm_bounds(
    steps: ArrayLike,
    norm: ArrayLike,
    lowest_gradient: ArrayLike,
    highest_gradient: ArrayLike,
    learning_rate: ArrayLike,
    weight_decay: ArrayLike,
) -> tuple[np.ndarray, np.ndarray]:
    """Return between which two norms rho is after some steps, if g stays between l and L: what `jump_times` goes by.

    rho^2 falls towards kappa l at least as slowly as by 1 - 4 eta lambda a step, and towards kappa L by
    1 - 2 eta lambda at most; to first order in eta lambda, for 4 eta lambda < 1 and rho^2 >= kappa L.
    """
    square, rate, k = np.square(norm), np.multiply(learning_rate, weight_decay), kappa(learning_rate, weight_decay)
    bounds = []
    for gradient, share in ((lowest_gradient, 4.0), (highest_gradient, 2.0)):
        floor = np.multiply(k, gradient)
        bounds.append(np.sqrt(floor + (square - floor) * np.exp(np.multiply(steps, np.log1p(-share * rate)))))
    return bounds[0], bounds[1]


def _time_to_fall(start: ArrayLike, target: ArrayLike, floor: ArrayLike, rate: ArrayLike) -> np.ndarray:
    """Steps from `start` to `target` if the distance to `floor` falls as exp(-rate t); infinite if never."""
    with np.errstate(divide="ignore", invalid="ignore"):
        time = np.log(np.subtract(start, floor) / np.subtract(target, floor)) / rate
        time = np.where(np.greater(target, floor), time, np.inf)
    return np.where(np.less_equal(start, target), 0.0, time)


def delta_limits(
    lowest_gradient: ArrayLike, highest_gradient: ArrayLike, learning_rate: ArrayLike, weight_decay: ArrayLike
) -> tuple[np.ndarray, np.ndarray]:
    """Return below which delta a jump is certain to come, eta lambda l^2/L^2, and possible at all, eta lambda L^2/l^2.

    These are the conditions for a finite t_max and a finite t_min, in this order.
    """
    rate = np.multiply(learning_rate, weight_decay)
    ratio = np.square(np.divide(lowest_gradient, highest_gradient))
    return rate * ratio, rate / ratio


def expected_period(learning_rate: ArrayLike, weight_decay: ArrayLike, factor: ArrayLike = 1.0) -> np.ndarray:
    """Return the period in steps, factor / (eta lambda).

    Between two jumps the norm falls as exp(-eta lambda t), and by about the same factor each time; `factor` is the
    logarithm of that, near 1 for small nets.
    """
    with np.errstate(divide="ignore"):
        return np.asarray(factor, float) / np.multiply(learning_rate, weight_decay)
