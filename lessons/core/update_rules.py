"""Update rules with a leading lane axis.

The parameters of all lanes are one matrix theta of shape (K, P). A rule maps the gradient at theta, same shape, to the
update that is added to theta. Rules are elementwise, so a lane that goes to inf or nan does so alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from lessons.core.lanes import Lanes


@dataclass(frozen=True)
class Hyperparameters:
    """Values for one step, each of shape (K, 1)."""

    learning_rate: Tensor
    momentum: Tensor

    @classmethod
    def of(cls, lanes: Lanes, like: Tensor) -> Hyperparameters:
        """Read the lanes' present values in the dtype and on the device of `like`."""
        return cls(lanes.learning_rate.to(like)[:, None], lanes.momentum.to(like)[:, None])

    def rows(self, index: Tensor) -> Hyperparameters:
        """Return the values of some lanes."""
        return Hyperparameters(self.learning_rate[index], self.momentum[index])


class UpdateRule(ABC):
    """One optimizer for any number of lanes; holds its own state of shape (K, P)."""

    equation: ClassVar[str]
    reference: ClassVar[str]

    @abstractmethod
    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        """Return the update to add to theta, shape (K, P), and advance the state."""


class GradientDescent(UpdateRule):
    """Gradient descent."""

    equation = r"\theta \leftarrow \theta - \eta g"
    reference = "Cauchy 1847"

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        return -h.learning_rate * gradient


class HeavyBall(UpdateRule):
    """Momentum in PyTorch's form: the velocity sums gradients."""

    equation = r"v \leftarrow \beta v + g,\quad \theta \leftarrow \theta - \eta v"
    reference = "Polyak 1964, USSR Comp. Math. 4(5), eq. 9"

    def __init__(self) -> None:
        self.velocity: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        self.velocity = h.momentum * self.velocity + gradient
        return -h.learning_rate * self.velocity


class MovingAverage(UpdateRule):
    """Momentum as an exponential moving average of gradients.

    Same path as `HeavyBall` with a learning rate 1 - beta times as large.
    """

    equation = r"v \leftarrow \beta v + (1-\beta) g,\quad \theta \leftarrow \theta - \eta v"
    reference = "Kingma & Ba 2015, arXiv 1412.6980, the first moment of Algorithm 1"

    def __init__(self) -> None:
        self.velocity: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        self.velocity = h.momentum * self.velocity + (1 - h.momentum) * gradient
        return -h.learning_rate * self.velocity


class Nesterov(UpdateRule):
    """Nesterov momentum, stored at the look-ahead point as in `torch.optim.SGD(nesterov=True)`."""

    equation = r"v \leftarrow \beta v + g,\quad \theta \leftarrow \theta - \eta (g + \beta v)"
    reference = "Nesterov 1983; Sutskever et al. 2013, eq. 3-4"

    def __init__(self) -> None:
        self.velocity: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        self.velocity = h.momentum * self.velocity + gradient
        return -h.learning_rate * (gradient + h.momentum * self.velocity)


class Adam(UpdateRule):
    """Adam with bias correction; `momentum` is beta_1, beta_2 = 0.999, epsilon = 1e-8."""

    equation = (
        r"m \leftarrow \beta_1 m + (1-\beta_1) g,\; s \leftarrow \beta_2 s + (1-\beta_2) g^2,\;"
        r"\theta \leftarrow \theta - \eta \hat m / (\sqrt{\hat s} + \epsilon)"
    )
    reference = "Kingma & Ba 2015, arXiv 1412.6980, Algorithm 1"
    beta_2: ClassVar[float] = 0.999
    epsilon: ClassVar[float] = 1e-8

    def __init__(self) -> None:
        self.first: Tensor | float = 0.0
        self.second: Tensor | float = 0.0
        self.steps = 0
        # beta_1 may be changed in flight: its running product stands for beta_1 ** t.
        self.momentum_product: Tensor | float = 1.0

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        self.steps += 1
        self.momentum_product = self.momentum_product * h.momentum
        self.first = h.momentum * self.first + (1 - h.momentum) * gradient
        self.second = self.beta_2 * self.second + (1 - self.beta_2) * gradient**2
        mean = self.first / (1 - self.momentum_product)
        scale = (self.second / (1 - self.beta_2**self.steps)).sqrt() + self.epsilon
        return -h.learning_rate * mean / scale


UPDATE_RULES: dict[str, type[UpdateRule]] = {
    "gradient descent": GradientDescent,
    "heavy ball": HeavyBall,
    "moving average": MovingAverage,
    "Nesterov": Nesterov,
    "Adam": Adam,
}


class LaneOptimizer:
    """One update rule per lane; lanes of one rule are updated together.

    Args:
        names: The rule of each lane, keys of `UPDATE_RULES`.
    """

    def __init__(self, names: Sequence[str]):
        self._groups = [
            (UPDATE_RULES[rule](), torch.tensor([k for k, name in enumerate(names) if name == rule]))
            for rule in dict.fromkeys(names)
        ]

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        """Return the update of all lanes, shape (K, P)."""
        if len(self._groups) == 1:
            return self._groups[0][0].update(gradient, h)
        update = torch.empty_like(gradient)
        for rule, lanes in self._groups:
            index = lanes.to(gradient.device)
            update[index] = rule.update(gradient[index], h.rows(index))
        return update
