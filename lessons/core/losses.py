"""Losses of a net's outputs, each averaged over the examples, and accuracy.

A loss is a function of outputs and targets, in plain tensor operations. Bound to some targets it also gives its first
and second derivative with respect to the outputs, for `lessons.core.backpropagation`; whatever of the targets is needed
at each step, such as a one-hot code, is then made once.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor


class TargetedLoss(ABC):
    """A loss bound to the targets of N examples. Examples are columns: outputs z are of shape (K, C, N)."""

    @abstractmethod
    def value(self, outputs: Tensor) -> Tensor:
        """Return the loss E, shape (K,)."""

    @abstractmethod
    def value_and_gradient(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Return E (K,) and dE/dz (K, C, N)."""

    @abstractmethod
    def curvature(self, outputs: Tensor) -> Callable[[Tensor], Tensor]:
        """Return v -> (d^2 E/dz^2) v at these outputs, on shape (K, C, N)."""


class Loss(ABC):
    """A loss, whatever its targets. Unless it says otherwise these are class numbers, shape (N,) or (K, N)."""

    @abstractmethod
    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """Return the loss of outputs (K, N, C), shape (K,)."""

    @abstractmethod
    def on(
        self, targets: Tensor, outputs: int, weight: Tensor | None = None, dtype: torch.dtype = torch.float32
    ) -> TargetedLoss:
        """Bind it to targets.

        Args:
            targets: One for each example.
            outputs: C.
            weight: How much each example counts, shape (K, N), with sum 1 in each lane; left out: all the same.
            dtype: Of the outputs.
        """


class SquaredDistance(Loss):
    """Half the squared distance to real targets, shape (N, C) or (K, N, C), summed over outputs."""

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return 0.5 * (outputs - targets).square().sum(-1).mean(-1)

    def on(
        self, targets: Tensor, outputs: int, weight: Tensor | None = None, dtype: torch.dtype = torch.float32
    ) -> TargetedLoss:
        return _SquaredDistance(targets.mT, ExampleMean.over(targets.shape[-2], weight, dtype))


class SquaredError(SquaredDistance):
    """Half the squared distance to the one-hot code of the class, summed over classes."""

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        classes = torch.arange(outputs.shape[-1], device=targets.device)
        return super().__call__(outputs, (targets[..., None] == classes).to(outputs))

    def on(
        self, targets: Tensor, outputs: int, weight: Tensor | None = None, dtype: torch.dtype = torch.float32
    ) -> TargetedLoss:
        mean = ExampleMean.over(targets.shape[-1], weight, dtype)
        return _SquaredDistance(_one_hot(targets, outputs, dtype), mean)


class CrossEntropy(Loss):
    """Cross-entropy of the softmax."""

    def __call__(self, outputs: Tensor, targets: Tensor) -> Tensor:
        return example_cross_entropy(outputs, targets).mean(-1)

    def on(
        self, targets: Tensor, outputs: int, weight: Tensor | None = None, dtype: torch.dtype = torch.float32
    ) -> TargetedLoss:
        return _CrossEntropy(targets, outputs, ExampleMean.over(targets.shape[-1], weight, dtype))


@dataclass(frozen=True)
class ExampleMean:
    """The mean over examples, of which some may count more than others.

    Attributes:
        share: How much each counts, shape (K, 1, N); or 1 / N, without dimensions.
    """

    share: Tensor

    @classmethod
    def over(cls, count: int, weight: Tensor | None, dtype: torch.dtype) -> ExampleMean:
        """Return the mean over this many examples; weight and dtype as for `Loss.on`."""
        return cls(torch.full((), 1 / count, dtype=dtype) if weight is None else weight[:, None])

    def __call__(self, each: Tensor) -> Tensor:
        """Return the mean (K,) of what examples have, (K, 1, N)."""
        return (self.share * each).sum((1, 2)) if self.share.dim() else each.mean((1, 2))


class _SquaredDistance(TargetedLoss):
    """E = sum_n w_n |z_n - t_n|^2 / 2, with dE/dz_n = w_n (z_n - t_n) and the second derivative w_n."""

    def __init__(self, targets: Tensor, mean: ExampleMean):
        self._targets, self._mean = targets, mean

    def value(self, outputs: Tensor) -> Tensor:
        return self._of(outputs - self._targets)

    def value_and_gradient(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        error = outputs - self._targets
        return self._of(error), self._mean.share * error

    def _of(self, error: Tensor) -> Tensor:
        return self._mean(error.square().sum(1, keepdim=True)) / 2

    def curvature(self, outputs: Tensor) -> Callable[[Tensor], Tensor]:
        return lambda vector: self._mean.share * vector


class _CrossEntropy(TargetedLoss):
    """E = -sum_n w_n log p_n of the label, p_n the softmax of z_n, with dE/dz_n = w_n (p_n - t_n), t_n one-hot.

    The second derivative is w_n (diag(p_n) - p_n p_n^T).
    """

    def __init__(self, labels: Tensor, outputs: int, mean: ExampleMean):
        self._labels, self._mean = labels[..., None, :], mean
        self._one_hot = _one_hot(labels, outputs, mean.share.dtype)

    def value(self, outputs: Tensor) -> Tensor:
        return self._of(outputs.log_softmax(1))

    def value_and_gradient(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        log_probability = outputs.log_softmax(1)
        return self._of(log_probability), self._mean.share * (log_probability.exp() - self._one_hot)

    def _of(self, log_probability: Tensor) -> Tensor:
        labels = self._labels.expand(len(log_probability), -1, -1)
        return -self._mean(log_probability.gather(1, labels))

    def curvature(self, outputs: Tensor) -> Callable[[Tensor], Tensor]:
        probability = outputs.softmax(1)
        weighted = self._mean.share * probability
        return lambda vector: weighted * (vector - (probability * vector).sum(1, keepdim=True))


def example_cross_entropy(outputs: Tensor, labels: Tensor) -> Tensor:
    """Cross-entropy of the softmax of each example, shape (K, N).

    Args:
        outputs: Shape (K, N, C).
        labels: Class numbers, shape (N,) or (K, N).
    """
    labels = labels.expand(outputs.shape[:2])
    return -outputs.log_softmax(-1).gather(-1, labels[..., None])[..., 0]


def accuracy(outputs: Tensor, labels: Tensor) -> Tensor:
    """Share of examples whose largest output is the label's, shape (K,); arguments as of `example_cross_entropy`."""
    return (outputs.argmax(-1) == labels).float().mean(-1)


def _one_hot(labels: Tensor, classes: int, dtype: torch.dtype) -> Tensor:
    """1 in the row of each example's class, shape (C, N) or (K, C, N)."""
    return (labels[..., None, :] == torch.arange(classes, device=labels.device)[:, None]).to(dtype)


squared_error, squared_distance, cross_entropy = SquaredError(), SquaredDistance(), CrossEntropy()
LOSSES: dict[str, Loss] = {"squared error": squared_error, "cross-entropy": cross_entropy}
