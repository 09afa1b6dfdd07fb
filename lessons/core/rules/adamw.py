"""AdamW."""

from __future__ import annotations

from torch import Tensor

from lessons.core.rules.adam import CHANGING, Adam
from lessons.core.rules.rule import Hyperparameters, Place, Rule, TorchText


class AdamW(Rule):
    """Adam, and beside it weight decay that no second moment divides."""

    name = "AdamW"
    equation = (
        r"\theta \leftarrow \theta - \eta \lambda \theta - \eta \hat m / (\sqrt{\hat s} + \epsilon)"
        r"\text{ with Adam's } \hat m, \hat s"
    )
    reference = "Loshchilov & Hutter 2019, arXiv 1711.05101, Algorithm 2"
    reads = (*Adam.reads, "weight_decay")
    torch_text = TorchText(
        "torch.optim.AdamW({parameters}, lr=LEARNING_RATE, betas=(MOMENTUM, {beta_2}), weight_decay={weight_decay})",
        while_momentum_changes=TorchText(
            "ChangingAdam({parameters}, LEARNING_RATE, MOMENTUM, {beta_2}, {weight_decay})", CHANGING
        ),
    )

    def __init__(self) -> None:
        self._adam = Adam()

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        assert place is not None
        return self._adam.update(gradient, h) - h.learning_rate * h.weight_decay * place.theta
