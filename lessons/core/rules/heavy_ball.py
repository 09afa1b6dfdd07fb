"""Heavy ball: momentum as PyTorch has it."""

from __future__ import annotations

from torch import Tensor

from lessons.core.rules.rule import Hyperparameters, Place, Rule, TorchText, spectral_radius


class HeavyBall(Rule):
    """Momentum in PyTorch's form: the velocity sums gradients."""

    name = "heavy ball"
    equation = r"v \leftarrow \beta v + g,\quad \theta \leftarrow \theta - \eta v"
    reference = "Polyak 1964, USSR Comp. Math. 4(5), eq. 9"
    reads = ("momentum",)
    has_velocity = True
    torch_text = TorchText("torch.optim.SGD({parameters}, lr=LEARNING_RATE, momentum=MOMENTUM)", drops_velocity=True)

    def __init__(self) -> None:
        self.velocity: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        self.velocity = h.momentum * self.velocity + gradient
        return -h.learning_rate * self.velocity

    def carried(self, h: Hyperparameters) -> Tensor | float:
        return -h.learning_rate * h.momentum * self.velocity

    @classmethod
    def limit(cls, momentum: Tensor | float) -> Tensor | float:
        return 2 * (1 + momentum)

    @classmethod
    def growth(cls, eta_lambda: Tensor, momentum: Tensor) -> Tensor:
        return spectral_radius(1 + momentum - eta_lambda, momentum)
