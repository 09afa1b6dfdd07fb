"""Update rules with a leading lane axis.

The parameters of all lanes are one matrix theta of shape (K, P). A rule maps the gradient at theta, same shape, to the
update that is added to theta. Rules are elementwise, so a lane that goes to inf or nan does so alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.own_rule import OWN, OwnFunction, OwnRule


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


class UpdateRule(ABC):
    """One optimizer for any number of lanes; holds its own state of shape (K, P)."""

    equation: ClassVar[str]
    reference: ClassVar[str]
    reads: ClassVar[tuple[str, ...]] = ()  # the hyperparameters it uses beside the learning rate
    has_velocity: ClassVar[bool] = False
    looks_ahead: ClassVar[bool] = False

    @abstractmethod
    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        """Return the update to add to theta, shape (K, P), and advance the state."""

    def carried(self, h: Hyperparameters) -> Tensor | float:
        """Return what the velocity adds to the next update, whatever the next gradient is; 0 without a velocity.

        A rule that looks ahead keeps theta at the end of this part: there it asks for the gradient.
        """
        return 0.0


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
    reads = ("momentum",)
    has_velocity = True

    def __init__(self) -> None:
        self.velocity: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        self.velocity = h.momentum * self.velocity + gradient
        return -h.learning_rate * self.velocity

    def carried(self, h: Hyperparameters) -> Tensor | float:
        return -h.learning_rate * h.momentum * self.velocity


class MovingAverage(UpdateRule):
    """Momentum as an exponential moving average of gradients.

    Same path as `HeavyBall` with a learning rate 1 - beta times as large.
    """

    equation = r"v \leftarrow \beta v + (1-\beta) g,\quad \theta \leftarrow \theta - \eta v"
    reference = "Kingma & Ba 2015, arXiv 1412.6980, the first moment of Algorithm 1"
    reads = ("momentum",)
    has_velocity = True

    def __init__(self) -> None:
        self.velocity: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        self.velocity = h.momentum * self.velocity + (1 - h.momentum) * gradient
        return -h.learning_rate * self.velocity

    def carried(self, h: Hyperparameters) -> Tensor | float:
        return -h.learning_rate * h.momentum * self.velocity


class Nesterov(UpdateRule):
    """Nesterov momentum, stored at the look-ahead point as in `torch.optim.SGD(nesterov=True)`."""

    equation = r"v \leftarrow \beta v + g,\quad \theta \leftarrow \theta - \eta (g + \beta v)"
    reference = "Nesterov 1983; Sutskever et al. 2013, eq. 3-4"
    reads = ("momentum",)
    has_velocity = True
    looks_ahead = True

    def __init__(self) -> None:
        self.velocity: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        self.velocity = h.momentum * self.velocity + gradient
        return -h.learning_rate * (gradient + h.momentum * self.velocity)

    def carried(self, h: Hyperparameters) -> Tensor | float:
        return -h.learning_rate * h.momentum * self.velocity


class AdaGrad(UpdateRule):
    """Each coordinate's learning rate shrinks with the root of its summed squared gradients; epsilon = 1e-10."""

    equation = r"s \leftarrow s + g^2,\quad \theta \leftarrow \theta - \eta g / (\sqrt{s} + \epsilon)"
    reference = "Duchi, Hazan & Singer 2011, JMLR 12, the diagonal form of Figure 1"
    epsilon: ClassVar[float] = 1e-10

    def __init__(self) -> None:
        self.squares: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        self.squares = self.squares + gradient**2
        return -h.learning_rate * gradient / (self.squares.sqrt() + self.epsilon)


class RMSProp(UpdateRule):
    """The gradient over the root of its moving mean square; epsilon = 1e-8, beta_2 is torch.optim's `alpha`."""

    equation = (
        r"s \leftarrow \beta_2 s + (1-\beta_2) g^2,\quad \theta \leftarrow \theta - \eta g / (\sqrt{s} + \epsilon)"
    )
    reference = "Tieleman & Hinton 2012, Neural Networks for Machine Learning, lecture 6.5"
    reads = ("beta_2",)
    epsilon: ClassVar[float] = 1e-8

    def __init__(self) -> None:
        self.squares: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        self.squares = h.beta_2 * self.squares + (1 - h.beta_2) * gradient**2
        return -h.learning_rate * gradient / (self.squares.sqrt() + self.epsilon)


class Adam(UpdateRule):
    """Adam with bias correction; `momentum` is beta_1, epsilon = 1e-8."""

    equation = (
        r"m \leftarrow \beta_1 m + (1-\beta_1) g,\; s \leftarrow \beta_2 s + (1-\beta_2) g^2,\;"
        r"\theta \leftarrow \theta - \eta \hat m / (\sqrt{\hat s} + \epsilon)"
    )
    reference = "Kingma & Ba 2015, arXiv 1412.6980, Algorithm 1"
    reads = ("momentum", "beta_2")
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
        self.second = h.beta_2 * self.second + (1 - h.beta_2) * gradient**2
        mean = self.first / (1 - self.momentum_product)
        scale = (self.second / (1 - h.beta_2**self.steps)).sqrt() + self.epsilon
        return -h.learning_rate * mean / scale


class Quickprop(UpdateRule):
    """Fits each coordinate's two last slopes with a parabola and jumps to its minimum; see `update`.

    Fahlman also adds a gradient step where both slopes point the same way; here one is taken only where the last step
    was zero, so that on a parabola the jump is exact.
    """

    equation = r"\Delta_t = \frac{g_t}{g_{t-1} - g_t}\, \Delta_{t-1},\quad |\Delta_t| \le 1.75\, |\Delta_{t-1}|"
    reference = "Fahlman 1988, CMU-CS-88-162, section 3.3"
    growth_limit: ClassVar[float] = 1.75

    def __init__(self) -> None:
        self.slope: Tensor | None = None
        self.step: Tensor | None = None

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        """Jump; at the start, and where the last step was zero, take a gradient step.

        Where the slope has not fallen the parabola has no minimum ahead: the step is as long as the limit lets it be.
        """
        start = -h.learning_rate * gradient
        if self.slope is None or self.step is None:
            self.slope, self.step = gradient, start
            return start
        factor = (gradient / (self.slope - gradient)).clamp(max=self.growth_limit)
        no_minimum = (gradient * self.slope > 0) & (gradient.abs() >= self.slope.abs())
        factor = factor.masked_fill(no_minimum, self.growth_limit)
        self.slope, self.step = gradient, torch.where(self.step == 0, start, factor * self.step)
        return self.step


UPDATE_RULES: dict[str, type[UpdateRule]] = {
    "gradient descent": GradientDescent,
    "heavy ball": HeavyBall,
    "moving average": MovingAverage,
    "Nesterov": Nesterov,
    "AdaGrad": AdaGrad,
    "RMSProp": RMSProp,
    "Adam": Adam,
    "Quickprop": Quickprop,
}


R = TypeVar("R")


class LaneRules(Generic[R]):
    """One rule per lane; lanes of one rule are updated together.

    Args:
        names: The rule of each lane.
        make: Returns a new rule of a name.
    """

    def __init__(self, names: Sequence[str], make: Callable[[str], R]):
        self._groups: list[tuple[R, Tensor | slice]] = [
            (make(name), lanes) for name, lanes in lanes_of_each(names).items()
        ]

    @property
    def failures(self) -> dict[int, str]:
        """Lanes whose own rule has failed -> why, in one sentence."""
        found: dict[int, str] = {}
        for rule, lanes in self._groups:
            failed: dict[int, str] = getattr(rule, "failures", {})  # only a learner's own rule has any
            numbers = range(lanes.start, lanes.stop) if isinstance(lanes, slice) else lanes.tolist()
            found.update({numbers[row]: sentence for row, sentence in failed.items()})
        return found


class LaneOptimizer(LaneRules[UpdateRule | OwnRule]):
    """A rule of `UPDATE_RULES` per lane, or `lessons.core.own_rule.OWN`.

    Args:
        names: The rule of each lane.
        own: The learner's own rule.
    """

    def __init__(self, names: Sequence[str], own: OwnFunction | None = None):
        super().__init__(names, lambda name: OwnRule(own) if name == OWN else UPDATE_RULES[name]())

    @classmethod
    def of(cls, lanes: Lanes) -> LaneOptimizer:
        """Return the rules that the lanes' setting `optimizer` names."""
        return cls(lanes.values("optimizer"), lanes.own)

    def update(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        """Return the update of all lanes, shape (K, P)."""
        if len(self._groups) == 1:
            return self._groups[0][0].update(gradient, h)
        update = torch.empty_like(gradient)
        for rule, lanes in self._groups:
            update[lanes] = rule.update(gradient[lanes], h.rows(lanes))
        return update


def lanes_of_each(names: Sequence[str]) -> dict[str, Tensor | slice]:
    """Return which lanes have each name, as an index of rows: a slice, which is faster, where they lie side by side."""
    found: dict[str, Tensor | slice] = {}
    for name in dict.fromkeys(names):
        lanes = [k for k, other in enumerate(names) if other == name]
        side_by_side = lanes[-1] - lanes[0] == len(lanes) - 1
        found[name] = slice(lanes[0], lanes[-1] + 1) if side_by_side else torch.tensor(lanes)
    return found
