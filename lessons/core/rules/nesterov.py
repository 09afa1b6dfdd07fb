"""Nesterov's momentum."""

from __future__ import annotations

from torch import Tensor

from lessons.core.rules.rule import Hyperparameters, Place, Rule, TorchText, spectral_radius


class Nesterov(Rule):
    """Nesterov momentum, stored at the look-ahead point as in `torch.optim.SGD(nesterov=True)`."""

    name = "Nesterov"
    equation = r"v \leftarrow \beta v + g,\quad \theta \leftarrow \theta - \eta (g + \beta v)"
    reference = "Nesterov 1983; Sutskever et al. 2013, eq. 3-4"
    reads = ("momentum",)
    has_velocity = True
    looks_ahead = True
    torch_text = TorchText(
        "torch.optim.SGD({parameters}, lr=LEARNING_RATE, momentum=MOMENTUM, nesterov=True)", drops_velocity=True
    )

    def __init__(self) -> None:
        self.velocity: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        self.velocity = h.momentum * self.velocity + gradient
        return -h.learning_rate * (gradient + h.momentum * self.velocity)

    def carried(self, h: Hyperparameters) -> Tensor | float:
        return -h.learning_rate * h.momentum * self.velocity

    @classmethod
    def limit(cls, momentum: Tensor | float) -> Tensor | float:
        return 2 * (1 + momentum) / (1 + 2 * momentum)

    @classmethod
    def growth(cls, eta_lambda: Tensor, momentum: Tensor) -> Tensor:
        return spectral_radius((1 + momentum) * (1 - eta_lambda), momentum * (1 - eta_lambda))
