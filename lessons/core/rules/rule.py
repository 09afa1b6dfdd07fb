"""The base of all update rules. A leading lane axis throughout.

The parameters of all lanes are one matrix theta of shape (K, P). A rule maps the gradient at theta, same shape, to the
update that is added to theta. Rules are elementwise unless they say otherwise, so a lane that goes to inf or nan does
so alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Protocol

import torch
from torch import Tensor

from lessons.core.lanes import Lanes


@dataclass(frozen=True)
class Hyperparameters:
    """Values for one step: of shape (K, 1), or one number for all lanes.

    Attributes:
        learning_rate: eta.
        momentum: beta; beta_1 of Adam.
        beta_2: Share of the old mean square that RMSProp and Adam keep at each step.
        weight_decay: Share of the parameters, per unit of learning rate, that AdamW takes away at each step.
        damping: What the damped Newton method adds to each eigenvalue of the Hessian.
    """

    learning_rate: Tensor
    momentum: Tensor
    beta_2: Tensor | float = 0.999
    weight_decay: Tensor | float = 0.01
    damping: Tensor | float = 0.0

    @classmethod
    def of(cls, lanes: Lanes, like: Tensor) -> Hyperparameters:
        """Read the lanes' present values in the dtype and on the device of `like`.

        What the lanes have no field for has torch.optim's default.
        """
        known = [name for name in cls.__dataclass_fields__ if name in lanes.fields]
        return cls(**{name: getattr(lanes, name).to(like)[:, None] for name in known})

    def rows(self, lanes: Tensor | slice) -> Hyperparameters:
        """Return the values of some lanes."""
        return Hyperparameters(*(v[lanes] if isinstance(v, Tensor) else v for v in vars(self).values()))


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
    """The point of K lanes, for rules that ask for more than the gradient.

    Attributes:
        theta: Parameters, shape (K, P).
        loss: Loss there, shape (K,).
        objective: The loss elsewhere, and its curvature; None where only the gradient is to be had.
    """

    theta: Tensor
    loss: Tensor
    objective: Objective | None = None

    def rows(self, lanes: Tensor | slice) -> Place:
        """Return the place of some lanes."""
        objective = None if self.objective is None else self.objective.rows(lanes)
        return Place(self.theta[lanes], self.loss[lanes], objective)


@dataclass(frozen=True)
class TorchText:
    """A rule as it is written with torch.optim. `{parameters}` stands for what is trained.

    Attributes:
        call: Makes the optimizer. LEARNING_RATE, MOMENTUM are constants of the script; what else the rule reads is put
            in by its name in braces.
        definition: The optimizer's class, where torch.optim has none.
        while_momentum_changes: The same for a momentum that changes in flight, where that needs another optimizer.
        drops_velocity: True if torch.optim keeps no velocity at momentum 0.
    """

    call: str
    definition: str = ""
    while_momentum_changes: TorchText | None = None
    drops_velocity: bool = False


class Rule(ABC):
    """One optimizer for any number of lanes; holds its own state, lane first.

    Attributes:
        name: As a learner reads it.
        reads: The hyperparameters that it uses beside the learning rate.
        needs_objective: True if it asks for the curvature, or for the loss elsewhere.
        has_velocity: True if `carried` says something.
        looks_ahead: True if it asks for the gradient where its velocity will have carried it.
        torch_text: None where there is no script.
    """

    name: ClassVar[str]
    equation: ClassVar[str]
    reference: ClassVar[str]
    reads: ClassVar[tuple[str, ...]] = ()
    needs_objective: ClassVar[bool] = False
    has_velocity: ClassVar[bool] = False
    looks_ahead: ClassVar[bool] = False
    torch_text: ClassVar[TorchText | None] = None

    @abstractmethod
    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        """Return the update to add to theta, shape (K, P), and advance the state.

        Args:
            gradient: At theta, shape (K, P), with its noise if there is any.
            h: Its values now.
            place: Read by rules that ask for more than the gradient, by no others.
        """

    def carried(self, h: Hyperparameters) -> Tensor | float:
        """Return what the velocity adds to the next update, whatever the next gradient is; 0 without a velocity.

        A rule that looks ahead keeps theta at the end of this part: there it asks for the gradient.
        """
        return 0.0

    def preconditioner(self, gradient: Tensor, h: Hyperparameters) -> Tensor | None:
        """Return what the next update divides by, shape (K, P); None where nothing is divided. The state stays.

        Args:
            gradient: As of the next update.
            h: As of the next update.
        """
        return None

    @classmethod
    def limit(cls, momentum: Tensor | float) -> Tensor | float | None:
        """Return the largest stable eta times lambda_max on a quadratic; None without a closed form."""
        return None

    @classmethod
    def preconditioned_limit(cls, momentum: Tensor | float) -> Tensor | float | None:
        """Return the largest stable eta times the largest eigenvalue of P^(-1/2) H P^(-1/2) on a quadratic.

        P is the preconditioner, held where it is; without one this is `limit`. Source: Cohen et al. 2022, arXiv
        2207.14484, section 3.
        """
        return cls.limit(momentum)

    @classmethod
    def growth(cls, eta_lambda: Tensor, momentum: Tensor) -> Tensor | None:
        """Return the spectral radius of one step along an eigen-direction, shape of `eta_lambda`; None as for `limit`.

        Args:
            eta_lambda: eta times the direction's eigenvalue.
            momentum: beta, of the same shape.
        """
        return None


def spectral_radius(trace: Tensor, determinant: Tensor) -> Tensor:
    """Return the larger modulus of the two eigenvalues of a 2x2 matrix, any shape."""
    root = torch.sqrt((trace**2 - 4 * determinant).to(torch.complex128))
    return torch.maximum((trace + root).abs(), (trace - root).abs()) / 2
