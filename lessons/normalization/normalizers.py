"""One hidden layer under each normalization, for K lanes at once.

A layer has weights, factors gamma and offsets beta. What a normalization carries from one batch to the next, such as
running statistics, is its memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from lessons.core.layer_passes import DenseLayer, LayerPass, PlainLayer
from lessons.core.standardized_layers import BatchNormLayer, OverChannels, StandardizedLayer
from lessons.normalization.axes import largest_even_groups
from lessons.normalization.deconvolution import Decorrelation
from lessons.normalization.deconvolved_layer import DeconvolvedLayer
from lessons.normalization.layers import EPSILON, MOMENTUM, RunningStatistics, batch_norm
from lessons.normalization.weight_layers import NormalizedWeightsLayer, SpectralNormed, WeightNormed
from lessons.normalization.weights import SingularPair, spectral_norm, weight_norm

NormalizationName = Literal["none", "batch", "layer", "group", "RMS", "weight", "spectral", "deconvolution"]
DECORRELATION_EPSILON = 0.01  # pixels that are never on have variance 0: what they are multiplied by stays below 10

Memory = Any


class Normalizer(ABC):
    """A layer's way from its inputs h (K, fan_in, N), examples as columns, to its sums; and the memory it keeps."""

    reads_batch = False  # whether, in training, one sample's output depends on the others

    def memory(self, weight: Tensor, seeds: Tensor, number: int) -> Memory:
        """Return what layer `number` remembers at the start; `weight` is (K, fan_in, fan_out)."""
        return None

    def weight(self, layer: DenseLayer, memory: Memory) -> Tensor:
        """Return what the inputs are multiplied by, shape (K, fan_in, fan_out)."""
        del memory
        return layer.weight

    @abstractmethod
    def trained(self, inputs: Tensor, layer: DenseLayer, memory: Memory) -> tuple[LayerPass, Memory]:
        """Return the layer's pass on a batch in training, and the memory after it."""

    def evaluated(self, inputs: Tensor, layer: DenseLayer, memory: Memory) -> Tensor:
        """Return the sums (K, fan_out, N) in evaluation."""
        return self.trained(inputs, layer, memory)[0].sums


class NoNormalizer(Normalizer):
    """W^T h + beta."""

    def trained(self, inputs: Tensor, layer: DenseLayer, memory: Memory) -> tuple[LayerPass, Memory]:
        return PlainLayer(inputs, layer), memory


class BatchNormalizer(Normalizer):
    """Batch norm of W^T h; no bias, since the mean is taken away."""

    reads_batch = True

    def memory(self, weight: Tensor, seeds: Tensor, number: int) -> RunningStatistics:
        running = RunningStatistics.start(len(weight), weight.shape[2])
        return RunningStatistics(running.mean.to(weight), running.variance.to(weight))

    def trained(
        self, inputs: Tensor, layer: DenseLayer, memory: RunningStatistics
    ) -> tuple[LayerPass, RunningStatistics]:
        mean, variance = memory.mean.clone(), memory.variance.clone()  # the pass writes into them
        passed = BatchNormLayer(inputs, layer, EPSILON, (mean, variance), MOMENTUM)
        # One value has no unbiased variance, and torch refuses it.
        return passed, RunningStatistics(mean, variance if inputs.shape[2] > 1 else memory.variance)

    def evaluated(self, inputs: Tensor, layer: DenseLayer, memory: RunningStatistics) -> Tensor:
        sums = torch.bmm(layer.weight.mT, inputs)
        return batch_norm(sums.mT, memory, layer.gamma, layer.beta).mT


class GroupNormalizer(Normalizer):
    """Group norm of W^T h; with one group, layer norm.

    Args:
        groups: The largest number up to this that divides the features is the number of groups.
    """

    def __init__(self, groups: int = 1):
        self._groups = groups

    def trained(self, inputs: Tensor, layer: DenseLayer, memory: Memory) -> tuple[LayerPass, Memory]:
        groups = largest_even_groups(self._groups, layer.weight.shape[2])
        return StandardizedLayer(inputs, layer, partial(OverChannels, epsilon=EPSILON, groups=groups)), memory


class RMSNormalizer(Normalizer):
    """RMS norm of W^T h; beta is not used."""

    def trained(self, inputs: Tensor, layer: DenseLayer, memory: Memory) -> tuple[LayerPass, Memory]:
        standardize = partial(OverChannels, epsilon=EPSILON, centred=False)
        return StandardizedLayer(inputs, layer, standardize, shifted=False), memory


class WeightNormalizer(Normalizer):
    """V^T h + beta with V = gamma W / |W|."""

    def weight(self, layer: DenseLayer, memory: Memory) -> Tensor:
        del memory
        return weight_norm(layer.weight, layer.gamma)

    def trained(self, inputs: Tensor, layer: DenseLayer, memory: Memory) -> tuple[LayerPass, Memory]:
        return NormalizedWeightsLayer(inputs, layer, WeightNormed(layer)), memory


class SpectralNormalizer(Normalizer):
    """V^T h + beta with V = W / sigma(W), and one power iteration for each training batch."""

    def memory(self, weight: Tensor, seeds: Tensor, number: int) -> SingularPair:
        return SingularPair.start(weight, seeds, f"singular vectors of layer {number}")

    def weight(self, layer: DenseLayer, memory: SingularPair) -> Tensor:
        return spectral_norm(layer.weight, memory)

    def trained(self, inputs: Tensor, layer: DenseLayer, memory: SingularPair) -> tuple[LayerPass, SingularPair]:
        pair = memory.after(layer.weight)
        return NormalizedWeightsLayer(inputs, layer, SpectralNormed(layer, pair)), pair

    def evaluated(self, inputs: Tensor, layer: DenseLayer, memory: SingularPair) -> Tensor:
        return NormalizedWeightsLayer(inputs, layer, SpectralNormed(layer, memory)).sums


class DeconvolutionNormalizer(Normalizer):
    """Inputs decorrelated, then W^T h + beta."""

    reads_batch = True

    def memory(self, weight: Tensor, seeds: Tensor, number: int) -> Decorrelation:
        running = Decorrelation.start(len(weight), weight.shape[1])
        return Decorrelation(running.mean.to(weight), running.matrix.to(weight))

    def trained(self, inputs: Tensor, layer: DenseLayer, memory: Decorrelation) -> tuple[LayerPass, Decorrelation]:
        passed = DeconvolvedLayer(inputs, layer, DECORRELATION_EPSILON)
        return passed, memory.after(passed.given)

    def evaluated(self, inputs: Tensor, layer: DenseLayer, memory: Decorrelation) -> Tensor:
        return PlainLayer(memory(inputs.mT).mT, layer).sums


def normalizer(name: NormalizationName, groups: int) -> Normalizer:
    """Return the normalizer of that name; `groups` is for group norm."""
    kinds: dict[str, Callable[[], Normalizer]] = {
        "none": NoNormalizer,
        "batch": BatchNormalizer,
        "layer": GroupNormalizer,
        "group": partial(GroupNormalizer, groups),
        "RMS": RMSNormalizer,
        "weight": WeightNormalizer,
        "spectral": SpectralNormalizer,
        "deconvolution": DeconvolutionNormalizer,
    }
    return kinds[name]()
