"""RMSProp."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from lessons.core.rules.gradient_descent import GradientDescent
from lessons.core.rules.rule import Hyperparameters, Place, Rule, TorchText


class RMSProp(Rule):
    """The gradient over the root of its moving mean square; epsilon = 1e-8, beta_2 is torch.optim's `alpha`."""

    name = "RMSProp"
    equation = (
        r"s \leftarrow \beta_2 s + (1-\beta_2) g^2,\quad \theta \leftarrow \theta - \eta g / (\sqrt{s} + \epsilon)"
    )
    reference = "Tieleman & Hinton 2012, Neural Networks for Machine Learning, lecture 6.5"
    reads = ("beta_2",)
    torch_text = TorchText("torch.optim.RMSprop({parameters}, lr=LEARNING_RATE, alpha={beta_2})")
    epsilon: ClassVar[float] = 1e-8

    def __init__(self) -> None:
        self.squares: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        self.squares = h.beta_2 * self.squares + (1 - h.beta_2) * gradient**2
        return -h.learning_rate * gradient / (self.squares.sqrt() + self.epsilon)

    def preconditioner(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        return (h.beta_2 * self.squares + (1 - h.beta_2) * gradient**2).sqrt() + self.epsilon

    @classmethod
    def preconditioned_limit(cls, momentum: Tensor | float) -> Tensor | float:
        return GradientDescent.limit(momentum)
