"""Optimizers that ask for more than a gradient: for the parameters themselves, the curvature, or the loss elsewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from lessons.core.own_rule import OwnFunction, OwnRule
from lessons.core.update_rules import Adam, Hyperparameters, UpdateRule


class Objective(Protocol):
    """A loss that can be asked anywhere, for K lanes with P parameters each."""

    def loss_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Return the loss (K,) and the gradient (K, P) at theta (K, P)."""

    def hessian(self, theta: Tensor) -> Tensor:
        """Return the Hessian, shape (K, P, P)."""

    def rows(self, lanes: Tensor | slice) -> Objective:
        """Return the objective of some lanes."""


@dataclass(frozen=True)
class Place:
    """Where K lanes are, and what can be known there.

    Attributes:
        theta: Parameters, shape (K, P).
        loss: Loss there, shape (K,).
        gradient: Gradient there, shape (K, P), with its noise if there is any.
        objective: The loss elsewhere, and its curvature; None where only the gradient is to be had.
    """

    theta: Tensor
    loss: Tensor
    gradient: Tensor
    objective: Objective | None = None

    def rows(self, lanes: Tensor | slice) -> Place:
        """Return the place of some lanes."""
        objective = None if self.objective is None else self.objective.rows(lanes)
        return Place(self.theta[lanes], self.loss[lanes], self.gradient[lanes], objective)


class Rule(ABC):
    """One optimizer for any number of lanes; holds its own state, lane first."""

    equation: str
    reference: str
    reads: tuple[str, ...] = ()  # the hyperparameters it uses beside the learning rate
    has_velocity: bool = False
    looks_ahead: bool = False

    @abstractmethod
    def update(self, place: Place, h: Hyperparameters) -> Tensor:
        """Return the update to add to theta, shape (K, P), and advance the state."""

    def carried(self, h: Hyperparameters) -> Tensor | float:
        """Return what the velocity adds to the next update; see `UpdateRule.carried`."""
        return 0.0


class GradientOnly(Rule):
    """A rule of `lessons.core.update_rules`."""

    def __init__(self, rule: UpdateRule):
        self._rule = rule
        self.equation, self.reference, self.reads = rule.equation, rule.reference, rule.reads
        self.has_velocity, self.looks_ahead = rule.has_velocity, rule.looks_ahead

    @classmethod
    def of(cls, rule_type: type[UpdateRule]) -> GradientOnly:
        """Make one."""
        return cls(rule_type())

    def update(self, place: Place, h: Hyperparameters) -> Tensor:
        return self._rule.update(place.gradient, h)

    def carried(self, h: Hyperparameters) -> Tensor | float:
        return self._rule.carried(h)


class OwnGradientRule(Rule):
    """The learner's own function of the gradient; see `lessons.core.own_rule.OwnRule`."""

    reads = OwnRule.reads

    def __init__(self, function: OwnFunction):
        self._rule = OwnRule(function)

    @property
    def failures(self) -> dict[int, str]:
        """Rows whose function has failed -> why, in one sentence."""
        return self._rule.failures

    def update(self, place: Place, h: Hyperparameters) -> Tensor:
        return self._rule.update(place.gradient, h)


class AdamW(Rule):
    """Adam, and beside it weight decay that no second moment divides."""

    equation = (
        r"\theta \leftarrow \theta - \eta \lambda \theta - \eta \hat m / (\sqrt{\hat s} + \epsilon)"
        r"\text{ with Adam's } \hat m, \hat s"
    )
    reference = "Loshchilov & Hutter 2019, arXiv 1711.05101, Algorithm 2"
    reads = (*Adam.reads, "weight_decay")

    def __init__(self) -> None:
        self._adam = Adam()

    def update(self, place: Place, h: Hyperparameters) -> Tensor:
        return self._adam.update(place.gradient, h) - h.learning_rate * h.weight_decay * place.theta


class Newton(Rule):
    """Newton's method with the full Hessian, damped: one step on a quadratic if eta = 1 and the damping is 0.

    It solves a linear system with P unknowns at each step: P^3 operations and P^2 numbers, out of reach for large
    nets. Without damping it runs up to a saddle as it runs down to a minimum (`theory.newton_repelling_damping`).
    """

    equation = r"\theta \leftarrow \theta - \eta\,(H + \delta I)^{-1} g"
    reference = "Nocedal & Wright 2006, Numerical Optimization, 2nd ed., section 3.4"
    reads = ("damping",)

    def update(self, place: Place, h: Hyperparameters) -> Tensor:
        identity = torch.eye(place.theta.shape[1]).to(place.theta)
        damping = torch.as_tensor(h.damping).to(place.theta)[..., None]
        damped = place.objective.hessian(place.theta) + damping * identity
        # solve_ex leaves a singular lane to inf and nan where solve would stop all lanes.
        direction, _ = torch.linalg.solve_ex(damped, place.gradient[..., None])
        return -h.learning_rate * direction[..., 0]
