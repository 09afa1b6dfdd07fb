"""Adam."""

from __future__ import annotations

from typing import ClassVar

from torch import Tensor

from lessons.core.rules.moving_average import MovingAverage
from lessons.core.rules.rule import Hyperparameters, Place, Rule, TorchText

CHANGING = '''\
class ChangingAdam(torch.optim.Optimizer):
    """Adam for a beta_1 that changes in flight: the product of all beta_1 so far replaces beta_1 ** t."""

    def __init__(self, parameters, lr, momentum, beta_2, weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "momentum": momentum})
        self.beta_2, self.weight_decay = beta_2, weight_decay

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        lr, beta_1, beta_2 = group["lr"], group["momentum"], self.beta_2
        for p in group["params"]:
            state = self.state[p]
            state["product_1"] = beta_1 * state.get("product_1", 1.0)
            state["product_2"] = beta_2 * state.get("product_2", 1.0)
            state["first"] = beta_1 * state.get("first", 0.0) + (1 - beta_1) * p.grad
            state["second"] = beta_2 * state.get("second", 0.0) + (1 - beta_2) * p.grad**2
            mean = state["first"] / (1 - state["product_1"])
            scale = (state["second"] / (1 - state["product_2"])).sqrt() + 1e-8
            p *= 1 - lr * self.weight_decay
            p -= lr * mean / scale'''


class Adam(Rule):
    """Adam with bias correction; `momentum` is beta_1, epsilon = 1e-8."""

    name = "Adam"
    equation = (
        r"m \leftarrow \beta_1 m + (1-\beta_1) g,\; s \leftarrow \beta_2 s + (1-\beta_2) g^2,\;"
        r"\theta \leftarrow \theta - \eta \hat m / (\sqrt{\hat s} + \epsilon)"
    )
    reference = "Kingma & Ba 2015, arXiv 1412.6980, Algorithm 1"
    reads = ("momentum", "beta_2")
    torch_text = TorchText(
        "torch.optim.Adam({parameters}, lr=LEARNING_RATE, betas=(MOMENTUM, {beta_2}), eps=1e-8)",
        while_momentum_changes=TorchText("ChangingAdam({parameters}, LEARNING_RATE, MOMENTUM, {beta_2})", CHANGING),
    )
    epsilon: ClassVar[float] = 1e-8

    def __init__(self) -> None:
        self.first: Tensor | float = 0.0
        self.second: Tensor | float = 0.0
        self.steps = 0
        # beta_1 may be changed in flight: its running product stands for beta_1 ** t.
        self.momentum_product: Tensor | float = 1.0

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        self.steps += 1
        self.momentum_product = self.momentum_product * h.momentum
        self.first = h.momentum * self.first + (1 - h.momentum) * gradient
        self.second = h.beta_2 * self.second + (1 - h.beta_2) * gradient**2
        mean = self.first / (1 - self.momentum_product)
        scale = (self.second / (1 - h.beta_2**self.steps)).sqrt() + self.epsilon
        return -h.learning_rate * mean / scale

    def preconditioner(self, gradient: Tensor, h: Hyperparameters) -> Tensor:
        second = h.beta_2 * self.second + (1 - h.beta_2) * gradient**2
        scale = (second / (1 - h.beta_2 ** (self.steps + 1))).sqrt() + self.epsilon
        return (1 - self.momentum_product * h.momentum) * scale

    @classmethod
    def preconditioned_limit(cls, momentum: Tensor | float) -> Tensor | float:
        return MovingAverage.limit(momentum)  # its mean of gradients is one
