"""Losses of the margin: the label, 1 or -1, times what a classifier with one output gives out."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lessons.core.losses import ExampleMean, Loss, TargetedLoss

Elementwise = Callable[[Tensor], Tensor]


class MarginLoss(Loss):
    """A loss of the margin; its targets are labels 1 and -1, shape (N,) or (K, N).

    Args:
        of_margin: Loss of an example.
        slope: Its derivative; at a kink, that on the left.
        bend: Its second derivative.
    """

    def __init__(self, of_margin: Elementwise, slope: Elementwise, bend: Elementwise):
        self.of_margin, self.slope, self.bend = of_margin, slope, bend

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return self.of_margin(targets * outputs[..., 0]).mean(-1)

    def on(
        self, targets: Tensor, outputs: int, weight: Tensor | None = None, dtype: torch.dtype = torch.float32
    ) -> TargetedLoss:
        mean = ExampleMean.over(targets.shape[-1], weight, dtype)
        return _TargetedMarginLoss(self, targets[..., None, :], mean)


class _TargetedMarginLoss(TargetedLoss):
    """E = sum_n w_n f(y_n z_n), with dE/dz_n = w_n y_n f'(y_n z_n) and the second derivative w_n f''(y_n z_n)."""

    def __init__(self, loss: MarginLoss, labels: Tensor, mean: ExampleMean):
        self._loss, self._labels, self._mean = loss, labels, mean

    def value(self, outputs: Tensor) -> Tensor:
        return self._mean(self._loss.of_margin(self._labels * outputs))

    def value_and_gradient(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        return self.value(outputs), self._mean.share * self._labels * self._loss.slope(self._labels * outputs)

    def curvature(self, outputs: Tensor) -> Callable[[Tensor], Tensor]:
        weighted = self._mean.share * self._loss.bend(self._labels * outputs)
        return lambda vector: weighted * vector


def _squared_sigmoid_bend(margin: Tensor) -> Tensor:
    wrong = (-margin).sigmoid()
    return wrong.square() * (1 - wrong) * (2 - 3 * wrong)


_LOGISTIC = MarginLoss(
    lambda margin: torch.nn.functional.softplus(-margin),
    lambda margin: -(-margin).sigmoid(),
    lambda margin: margin.sigmoid() * (-margin).sigmoid(),
)
MARGIN_LOSSES: dict[str, MarginLoss] = {
    "squared error": MarginLoss(lambda margin: (1 - margin) ** 2 / 2, lambda margin: margin - 1, torch.ones_like),
    "logistic": _LOGISTIC,
    "hinge": MarginLoss(
        lambda margin: (1 - margin).clamp(min=0), lambda margin: -(margin <= 1).to(margin), torch.zeros_like
    ),
    "perceptron": MarginLoss(
        lambda margin: (-margin).clamp(min=0), lambda margin: -(margin <= 0).to(margin), torch.zeros_like
    ),
    "squared error of a sigmoid": MarginLoss(
        lambda margin: (-margin).sigmoid() ** 2 / 2,
        lambda margin: -((-margin).sigmoid() ** 2) * margin.sigmoid(),
        _squared_sigmoid_bend,
    ),
    "MLP": _LOGISTIC,
}
