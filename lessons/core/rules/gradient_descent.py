"""Gradient descent."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.rules.rule import Hyperparameters, Place, Rule, TorchText, spectral_radius


class GradientDescent(Rule):
    """Gradient descent."""

    name = "gradient descent"
    equation = r"\theta \leftarrow \theta - \eta g"
    reference = "Cauchy 1847"
    torch_text = TorchText("torch.optim.SGD({parameters}, lr=LEARNING_RATE)")

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        return -h.learning_rate * gradient

    @classmethod
    def limit(cls, momentum: Tensor | float) -> Tensor | float:
        return 2.0

    @classmethod
    def growth(cls, eta_lambda: Tensor, momentum: Tensor) -> Tensor:
        return spectral_radius(1 - eta_lambda, torch.zeros_like(eta_lambda))
