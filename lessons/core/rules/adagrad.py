"""AdaGrad."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from lessons.core.rules.rule import Hyperparameters, Place, Rule, TorchText


class AdaGrad(Rule):
    """Each coordinate's learning rate shrinks with the root of its summed squared gradients; epsilon = 1e-10."""

    name = "AdaGrad"
    equation = r"s \leftarrow s + g^2,\quad \theta \leftarrow \theta - \eta g / (\sqrt{s} + \epsilon)"
    reference = "Duchi, Hazan & Singer 2011, JMLR 12, the diagonal form of Figure 1"
    torch_text = TorchText("torch.optim.Adagrad({parameters}, lr=LEARNING_RATE)")
    epsilon: ClassVar[float] = 1e-10

    def __init__(self) -> None:
        self.squares: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        self.squares = self.squares + gradient**2
        return -h.learning_rate * gradient / (self.squares.sqrt() + self.epsilon)
