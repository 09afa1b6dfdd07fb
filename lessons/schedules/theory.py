"""Closed forms for noisy gradients on a quadratic: the mean path, the noise floor, and the expected loss on the way.

Along an eigen-direction of curvature lambda, gradient descent with gradient noise of standard deviation sigma is
theta <- (1 - eta lambda) theta - eta sigma xi, a random walk with a pull. Its mean decays as (1 - eta lambda)^t; its
variance settles where pull and noise balance (Schaul, Zhang & LeCun 2013, arXiv 1206.1106, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


def stationary_loss(
    learning_rate: Tensor, curvatures: Tensor, noise: Tensor | float, momentum: Tensor | float = 0.0
) -> Tensor:
    """Return the noise floor: the expected loss of a constant learning rate after a long time.

    It is sum_i (1 + beta) eta sigma^2 / (2 (1 - beta) (2 (1 + beta) - eta lambda_i)), without momentum
    sum_i eta sigma^2 / (2 (2 - eta lambda_i)): proportional to eta while eta lambda is small. For heavy ball it is the
    variance of a second-order autoregression (Box & Jenkins 1970, section 3.2.4).

    Args:
        learning_rate: eta, shape (...).
        curvatures: lambda_i, shape (..., D).
        noise: sigma, shape (...).
        momentum: beta of heavy ball, shape (...).

    Returns:
        Shape (...); inf where eta is not below 2 (1 + beta) / lambda_max.
    """
    eta, beta = learning_rate[..., None], torch.as_tensor(momentum, dtype=learning_rate.dtype)[..., None]
    left = 2 * (1 + beta) - eta * curvatures
    terms = (1 + beta) * eta / (2 * (1 - beta) * left)
    return torch.where(left > 0, terms, torch.inf).sum(-1) * torch.as_tensor(noise) ** 2


def mean_path(t: Tensor, start: float, learning_rate: float, curvatures: Tensor) -> Tensor:
    """Return E theta_i = (1 - eta lambda_i)^t theta_0 under a constant learning rate, no momentum.

    Args:
        t: Steps, shape (T,).
        start: theta_0.
        learning_rate: eta.
        curvatures: Shape (D,).

    Returns:
        Shape (T, D).
    """
    return start * (1 - learning_rate * curvatures) ** t[:, None]


def expected_loss(t: Tensor, start: float, learning_rate: float, curvatures: Tensor, noise: float) -> Tensor:
    """Return the expected loss after t steps of a constant learning rate, no momentum, shape (T,).

    The start is forgotten as (1 - eta lambda_i)^(2t), and the floor is approached as fast:
    E f = (1/2) sum_i lambda_i ((E theta_i)^2 + V_i), with the variance
    V_i = (1 - (1 - eta lambda_i)^(2t)) eta sigma^2 / (lambda_i (2 - eta lambda_i)).

    Args:
        t: Steps, shape (T,).
        start: theta_0.
        learning_rate: eta, below 2 / lambda_max.
        curvatures: Shape (D,).
        noise: sigma.
    """
    forgotten = 1 - (1 - learning_rate * curvatures) ** (2 * t[:, None])
    variance = forgotten * learning_rate * noise**2 / (curvatures * (2 - learning_rate * curvatures))
    return (curvatures * (mean_path(t, start, learning_rate, curvatures) ** 2 + variance)).sum(1) / 2


@dataclass
class SecondMoments:
    """Exact E theta^2, E theta v and E v^2 along each eigen-direction, under any learning rates.

    Heavy ball is linear in position theta and velocity v, so its second moments follow a recursion of their own:
    v' = beta v + lambda theta + sigma xi and theta' = theta - eta v', squared and averaged. With beta = 0 it is plain
    gradient descent.

    Attributes:
        curvatures: lambda_i, shape (K, D).
        theta_theta: E theta_i^2, shape (K, D).
        theta_v: E theta_i v_i, shape (K, D).
        v_v: E v_i^2, shape (K, D).
    """

    curvatures: Tensor
    theta_theta: Tensor
    theta_v: Tensor
    v_v: Tensor

    @classmethod
    def start(cls, position: Tensor, curvatures: Tensor) -> SecondMoments:
        """At rest, each coordinate at `position`, shape (K,)."""
        zero = torch.zeros_like(curvatures)
        return cls(curvatures, zero + position[:, None] ** 2, zero, zero)

    def loss(self) -> Tensor:
        """E f, shape (K,)."""
        return (self.curvatures * self.theta_theta).sum(1) / 2

    def advance(self, learning_rate: Tensor, momentum: Tensor, noise: Tensor) -> None:
        """Take one step.

        Args:
            learning_rate: Shape (K, 1).
            momentum: 0 for gradient descent, shape (K,).
            noise: sigma, shape (K,).
        """
        curvature, beta, sigma = self.curvatures, momentum[:, None], noise[:, None]
        v_v = curvature**2 * self.theta_theta + 2 * curvature * beta * self.theta_v + beta**2 * self.v_v + sigma**2
        theta_new_v = curvature * self.theta_theta + beta * self.theta_v
        self.theta_theta = self.theta_theta - 2 * learning_rate * theta_new_v + learning_rate**2 * v_v
        self.theta_v = theta_new_v - learning_rate * v_v
        self.v_v = v_v
