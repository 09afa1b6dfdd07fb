"""Momentum as a moving average of gradients."""

from __future__ import annotations

from torch import Tensor

from lessons.core.rules.rule import Hyperparameters, Place, Rule, TorchText, spectral_radius

_DEFINITION = '''\
class MovingAverage(torch.optim.Optimizer):
    """Momentum as a moving average of gradients that starts at 0; with SGD's dampening it would start at g."""

    def __init__(self, parameters, lr, momentum):
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        lr, beta = group["lr"], group["momentum"]
        for p in group["params"]:
            state = self.state[p]
            state["velocity"] = beta * state.get("velocity", 0.0) + (1 - beta) * p.grad
            p -= lr * state["velocity"]'''


class MovingAverage(Rule):
    """Momentum as an exponential moving average of gradients.

    Same path as `HeavyBall` with a learning rate 1 - beta times as large.
    """

    name = "moving average"
    equation = r"v \leftarrow \beta v + (1-\beta) g,\quad \theta \leftarrow \theta - \eta v"
    reference = "Kingma & Ba 2015, arXiv 1412.6980, the first moment of Algorithm 1"
    reads = ("momentum",)
    has_velocity = True
    torch_text = TorchText("MovingAverage({parameters}, lr=LEARNING_RATE, momentum=MOMENTUM)", _DEFINITION)

    def __init__(self) -> None:
        self.velocity: Tensor | float = 0.0

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        self.velocity = h.momentum * self.velocity + (1 - h.momentum) * gradient
        return -h.learning_rate * self.velocity

    def carried(self, h: Hyperparameters) -> Tensor | float:
        return -h.learning_rate * h.momentum * self.velocity

    @classmethod
    def limit(cls, momentum: Tensor | float) -> Tensor | float:
        return 2 * (1 + momentum) / (1 - momentum)

    @classmethod
    def growth(cls, eta_lambda: Tensor, momentum: Tensor) -> Tensor:
        return spectral_radius(1 + momentum - eta_lambda * (1 - momentum), momentum)
