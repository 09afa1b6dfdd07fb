"""One hidden layer under each normalization, for K lanes at once.

A layer has weights, factors gamma and offsets beta. What a normalization carries from one batch to the next, such as
running statistics, is its memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from lessons.normalization.axes import largest_even_groups
from lessons.normalization.deconvolution import Decorrelation, decorrelation
from lessons.normalization.fused import batch_norm, group_norm, layer_norm
from lessons.normalization.layers import RunningStatistics, rms_norm
from lessons.normalization.weights import SingularPair, spectral_norm, weight_norm

NormalizationName = Literal["none", "batch", "layer", "group", "RMS", "weight", "spectral", "deconvolution"]
DECORRELATION_EPSILON = 0.01  # pixels that are never on have variance 0: what they are multiplied by stays below 10

Memory = Any


@dataclass(frozen=True)
class DenseLayer:
    """Weights (K, fan_in, fan_out), gamma (K, fan_out), beta (K, fan_out)."""

    weight: Tensor
    gamma: Tensor
    beta: Tensor


class Normalizer(ABC):
    """A layer's way from its inputs (K, N, fan_in) to its sums, and the memory it keeps."""

    reads_batch = False  # whether, in training, one sample's output depends on the others

    def memory(self, weight: Tensor, seeds: Tensor, number: int) -> Memory:
        """Return what layer `number` remembers at the start; `weight` is (K, fan_in, fan_out)."""
        return None

    @abstractmethod
    def __call__(self, inputs: Tensor, layer: DenseLayer, memory: Memory, training: bool) -> tuple[Tensor, Memory]:
        """Return the sums (K, N, fan_out), and in training the memory after this batch, else the same."""


class NoNormalizer(Normalizer):
    """x W + beta."""

    def __call__(self, inputs: Tensor, layer: DenseLayer, memory: Memory, training: bool) -> tuple[Tensor, Memory]:
        return torch.baddbmm(layer.beta[:, None], inputs, layer.weight), memory


class BatchNormalizer(Normalizer):
    """Batch norm of x W; no bias, since the mean is taken away."""

    reads_batch = True

    def memory(self, weight: Tensor, seeds: Tensor, number: int) -> RunningStatistics:
        running = RunningStatistics.start(len(weight), weight.shape[2])
        return RunningStatistics(running.mean.to(weight), running.variance.to(weight))

    def __call__(
        self, inputs: Tensor, layer: DenseLayer, memory: RunningStatistics, training: bool
    ) -> tuple[Tensor, RunningStatistics]:
        return batch_norm(torch.bmm(inputs, layer.weight), memory, layer.gamma, layer.beta, training)


class LayerNormalizer(Normalizer):
    """Layer norm of x W."""

    def __call__(self, inputs: Tensor, layer: DenseLayer, memory: Memory, training: bool) -> tuple[Tensor, Memory]:
        return layer_norm(torch.bmm(inputs, layer.weight), layer.gamma, layer.beta), memory


class GroupNormalizer(Normalizer):
    """Group norm of x W."""

    def __init__(self, groups: int):
        self._groups = groups

    def __call__(self, inputs: Tensor, layer: DenseLayer, memory: Memory, training: bool) -> tuple[Tensor, Memory]:
        sums = torch.bmm(inputs, layer.weight)
        return group_norm(sums, largest_even_groups(self._groups, sums.shape[2]), layer.gamma, layer.beta), memory


class RMSNormalizer(Normalizer):
    """RMS norm of x W; beta is not used."""

    def __call__(self, inputs: Tensor, layer: DenseLayer, memory: Memory, training: bool) -> tuple[Tensor, Memory]:
        return rms_norm(torch.bmm(inputs, layer.weight), layer.gamma), memory


class WeightNormalizer(Normalizer):
    """x (gamma v / |v|) + beta."""

    def __call__(self, inputs: Tensor, layer: DenseLayer, memory: Memory, training: bool) -> tuple[Tensor, Memory]:
        return torch.baddbmm(layer.beta[:, None], inputs, weight_norm(layer.weight, layer.gamma)), memory


class SpectralNormalizer(Normalizer):
    """x W / sigma(W) + beta, with one power iteration for each training batch."""

    def memory(self, weight: Tensor, seeds: Tensor, number: int) -> SingularPair:
        return SingularPair.start(weight, seeds, f"singular vectors of layer {number}")

    def __call__(
        self, inputs: Tensor, layer: DenseLayer, memory: SingularPair, training: bool
    ) -> tuple[Tensor, SingularPair]:
        pair = memory.after(layer.weight) if training else memory
        return torch.baddbmm(layer.beta[:, None], inputs, spectral_norm(layer.weight, pair)), pair


class DeconvolutionNormalizer(Normalizer):
    """Inputs decorrelated, then x W + beta."""

    reads_batch = True

    def memory(self, weight: Tensor, seeds: Tensor, number: int) -> Decorrelation:
        running = Decorrelation.start(len(weight), weight.shape[1])
        return Decorrelation(running.mean.to(weight), running.matrix.to(weight))

    def __call__(
        self, inputs: Tensor, layer: DenseLayer, memory: Decorrelation, training: bool
    ) -> tuple[Tensor, Decorrelation]:
        given = decorrelation(inputs, DECORRELATION_EPSILON) if training else memory
        sums = torch.baddbmm(layer.beta[:, None], given(inputs), layer.weight)
        return sums, memory.after(given) if training else memory


def normalizer(name: NormalizationName, groups: int) -> Normalizer:
    """Return the normalizer of that name; `groups` is for group norm."""
    if name == "group":
        return GroupNormalizer(groups)
    kinds: dict[str, type[Normalizer]] = {
        "none": NoNormalizer,
        "batch": BatchNormalizer,
        "layer": LayerNormalizer,
        "RMS": RMSNormalizer,
        "weight": WeightNormalizer,
        "spectral": SpectralNormalizer,
        "deconvolution": DeconvolutionNormalizer,
    }
    return kinds[name]()
