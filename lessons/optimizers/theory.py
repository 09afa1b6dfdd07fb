"""Closed forms of lesson 1: gains, rates, escape times, error rates."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

TuningMethod = Literal["gradient descent", "heavy ball"]
GradientPattern = Literal["constant", "alternating"]


@dataclass(frozen=True)
class Tuning:
    """The best hyperparameters on a quadratic, and the factor per step they give in the long run; all of one shape."""

    learning_rate: Tensor
    momentum: Tensor
    rate: Tensor


def best_tuning(method: TuningMethod, condition_number: Tensor) -> Tuning:
    """Return the tuning that is fastest on a quadratic with curvatures from 1/kappa to 1.

    Gradient descent: eta = 2 / (mu + L), rate (kappa - 1) / (kappa + 1). Heavy ball: eta = 4 / (sqrt L + sqrt mu)^2,
    beta = rate^2, rate (sqrt kappa - 1) / (sqrt kappa + 1).

    Args:
        method: Which.
        condition_number: kappa, any shape.

    Source: Polyak 1964; Nesterov 2018, Lectures on Convex Optimization, section 1.2.3.
    """
    if method == "gradient descent":
        rate = (condition_number - 1) / (condition_number + 1)
        return Tuning(2 / (1 + 1 / condition_number), torch.zeros_like(rate), rate)
    root = condition_number.sqrt()
    rate = (root - 1) / (root + 1)
    return Tuning(4 / (1 + 1 / root) ** 2, rate**2, rate)


def best_rate_for(momentum: Tensor, condition_number: Tensor) -> Tensor:
    """Return the learning rate with which heavy ball of this momentum is fastest in the long run.

    On a quadratic with curvatures from 1/kappa to 1: 2 (1 + beta) / (1 + 1/kappa). Below the best beta the two ends of
    the spectrum then shrink alike. Above it all of it swings, and shrinks by sqrt(beta); any rate within some range
    does that.
    """
    return 2 * (1 + momentum) / (1 + 1 / condition_number)


def best_memory(condition_number: Tensor) -> Tensor:
    """Return 1 / (1 - beta) of heavy ball's best tuning, (sqrt kappa + 1)^2 / (4 sqrt kappa); any shape."""
    return 1 / (1 - best_tuning("heavy ball", condition_number).momentum)


def longest_useful_memory(condition_number: Tensor) -> Tensor:
    """Return the 1 / (1 - beta) from which on momentum is slower than none, each at its best learning rate.

    There sqrt(beta) is (kappa - 1) / (kappa + 1): (kappa + 1)^2 / (4 kappa), about kappa / 4.
    """
    return 1 / (1 - best_tuning("gradient descent", condition_number).rate ** 2)


def iterations(rate: float, tolerance: float = 1e-6) -> int:
    """Return the first step at which rate^t is at most the tolerance."""
    return math.ceil(math.log(tolerance) / math.log(rate)) if rate > 0 else 1


def gain(pattern: GradientPattern, momentum: float, step: Tensor | float = math.inf) -> Tensor | float:
    """Return the update's length over eta |g| when `step` gradients have been seen, for PyTorch's momentum.

    It tends to 1 / (1 - beta) if the gradient is constant and to 1 / (1 + beta) if its sign alternates: a geometric
    series in beta or -beta. As a moving average, momentum gives 1 - beta times as much.
    """
    ratio = momentum if pattern == "constant" else -momentum
    return (1 - ratio**step) / (1 - ratio)


def escape_time(distance: float, radius: float, learning_rate: float, momentum: float = 0.0) -> float:
    """Return the steps from `distance` to `radius` along a direction of curvature -1, momentum in PyTorch's form.

    The distance grows by the larger root r of z^2 - (1 + beta + eta) z + beta at each step (1 + eta without momentum),
    so the time is log(radius / distance) / log r, and a constant that depends on eta and beta only.

    Source: linearisation; for gradient descent see Lee, Simchowitz, Jordan & Recht 2016, arXiv 1602.04915.
    """
    trace = 1 + momentum + learning_rate
    spread = math.sqrt(trace**2 - 4 * momentum)
    larger, smaller = (trace + spread) / 2, (trace - spread) / 2
    share = (1 + learning_rate - smaller) / spread
    return math.log(radius / (share * distance)) / math.log(larger)


def bayes_error(separation: float) -> float:
    """Return the least error on two unit Gaussians whose means lie `separation` apart, both equally likely."""
    return _normal_below(torch.tensor(-separation / 2, dtype=torch.float64)).item()


def linear_error(weights: Tensor, separation: float) -> Tensor:
    """Return the error of linear classifiers on the two Gaussians, in closed form.

    Args:
        weights: w_1, w_2 and bias of sign(w . x + b), shape (K, 3); the means lie at (+-separation / 2, 0).
        separation: Distance of the means.

    Returns:
        Shape (K,).
    """
    length = weights[:, :2].norm(dim=1)
    reach, bias = weights[:, 0] * separation / 2, weights[:, 2]
    return (_normal_below(-(reach + bias) / length) + _normal_below(-(reach - bias) / length)) / 2


def fewest_errors(points: Tensor, labels: Tensor, directions: int = 180) -> float:
    """Return the least share of points that a line puts to the wrong side, of all lines across these directions.

    Args:
        points: Shape (N, 2).
        labels: 1 or -1, shape (N,).
        directions: Evenly spread over the half circle; at each, every threshold between points is tried.
    """
    angles = torch.arange(directions, dtype=points.dtype) * math.pi / directions
    along = torch.stack([angles.cos(), angles.sin()], 1) @ points.T
    ordered = labels.expand(directions, -1).gather(1, along.argsort(1))
    # Wrong if all up to a point are called -1 and all after it 1; or the other way round.
    positive, negative = (ordered > 0).long(), (ordered < 0).long()
    wrong = positive.cumsum(1) + negative.sum(1, keepdim=True) - negative.cumsum(1)
    return int(torch.minimum(wrong, len(labels) - wrong).min()) / len(labels)


def error_of_sides(right: Tensor, first: Tensor, separation: float) -> Tensor:
    """Return the error of any classifiers on the two Gaussians, estimated from fresh points.

    To the least error it adds what each point costs that is put to another class than the best line puts it to: there
    the classes' probabilities differ by tanh(d |x_1| / 2). No labels are drawn, so it never is below the least error.

    Args:
        right: Whether the point is put to the right class, bool, shape (K, N).
        first: The points' first coordinates, drawn from both Gaussians in equal parts, shape (N,).
        separation: Distance d of the means.

    Returns:
        Shape (K,).
    """
    cost = (first.abs() * separation / 2).tanh()
    return bayes_error(separation) + ((right != (first > 0)) * cost).mean(1)


def _normal_below(z: Tensor) -> Tensor:
    return torch.special.ndtr(z)
