"""Layers whose weights are normalized, with their way back and their change along a direction, written out.

The sums are those of a plain layer with other weights, z = V^T h + beta; what is of this module is the way from W to V.
Examples are columns, as in `layer_passes`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from lessons.core.layer_passes import Back, DenseLayer, LayerPass, Turning, TurningProduct, through_product
from lessons.normalization.matrix_root import inner_product
from lessons.normalization.weights import SingularPair, spectral_norm, weight_norm

WeightsBack = Callable[[Tensor], tuple[Tensor, Tensor]]  # of W and gamma


class NormalizedWeights(ABC):
    """V of a layer's W and gamma.

    Attributes:
        weight: V, shape (K, fan_in, fan_out).
    """

    weight: Tensor

    @abstractmethod
    def back(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        """Return dE/dW and dE/dgamma of dE/dV."""

    @abstractmethod
    def along(self, direction: DenseLayer, gradient: Tensor) -> tuple[Tensor, WeightsBack]:
        """Return R{V}, and the way back from R{dE/dV} to R{dE/dW} and R{dE/dgamma}; `gradient` is dE/dV."""


class WeightNormed(NormalizedWeights):
    """V = gamma u with u = W / |W|, unit by unit (Salimans & Kingma 2016, arXiv 1602.07868, equation 3)."""

    def __init__(self, layer: DenseLayer):
        self._gamma, self._length = layer.gamma[:, None], layer.weight.norm(dim=1, keepdim=True)
        self._unit = layer.weight / self._length
        self.weight = weight_norm(layer.weight, layer.gamma)

    def _across(self, vectors: Tensor) -> tuple[Tensor, Tensor]:
        """What is left of vectors without their part along u; and that part."""
        part = (self._unit * vectors).sum(1, keepdim=True)
        return torch.addcmul(vectors, self._unit, part, value=-1), part

    def back(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        across, part = self._across(gradient)
        return across * (self._gamma / self._length), part[:, 0]

    def along(self, direction: DenseLayer, gradient: Tensor) -> tuple[Tensor, WeightsBack]:
        r_gamma = direction.gamma[:, None]
        r_unit, r_length = self._across(direction.weight)
        r_unit = r_unit / self._length
        across, part = self._across(gradient)
        factor = self._gamma / self._length
        r_factor = (r_gamma - factor * r_length) / self._length

        def back(r_gradient: Tensor) -> tuple[Tensor, Tensor]:
            r_part = (r_unit * gradient + self._unit * r_gradient).sum(1, keepdim=True)
            r_across = r_gradient - r_unit * part - self._unit * r_part
            return r_factor * across + factor * r_across, r_part[:, 0]

        return r_gamma * self._unit + self._gamma * r_unit, back


class SpectralNormed(NormalizedWeights):
    """V = W / sigma with sigma = v^T W u, u and v held (Miyato et al. 2018, arXiv 1802.05957, equation 9).

    gamma is not used.
    """

    def __init__(self, layer: DenseLayer, pair: SingularPair):
        self._gamma, self._outer = layer.gamma, pair.outer
        self._sigma = pair.value(layer.weight)[:, None, None]
        self.weight = spectral_norm(layer.weight, pair)

    def back(self, gradient: Tensor) -> tuple[Tensor, Tensor]:
        along = inner_product(self.weight, gradient)
        return torch.addcmul(gradient, along, self._outer, value=-1) / self._sigma, torch.zeros_like(self._gamma)

    def along(self, direction: DenseLayer, gradient: Tensor) -> tuple[Tensor, WeightsBack]:
        r_sigma = inner_product(direction.weight, self._outer)
        r_weight = (direction.weight - r_sigma * self.weight) / self._sigma
        to_weights, none = self.back(gradient)

        def back(r_gradient: Tensor) -> tuple[Tensor, Tensor]:
            r_along = inner_product(r_weight, gradient) + inner_product(self.weight, r_gradient)
            return (r_gradient - r_along * self._outer - r_sigma * to_weights) / self._sigma, none

        return r_weight, back


class NormalizedWeightsLayer(LayerPass):
    """z = V^T h + beta."""

    def __init__(self, inputs: Tensor, layer: DenseLayer, weights: NormalizedWeights):
        self.inputs, self._weights = inputs, weights
        self.sums = torch.baddbmm(layer.beta[..., None], weights.weight.mT, inputs)

    def back(self, delta: Tensor, further: bool) -> tuple[DenseLayer, Tensor | None]:
        gradient, below = through_product(self.inputs, self._weights.weight, delta, further)
        return DenseLayer(*self._weights.back(gradient), delta.sum(2)), below

    def turning(self, delta: Tensor) -> Turning:
        return _NormalizedWeightsTurning(self.inputs, self._weights, delta)


class _NormalizedWeightsTurning(Turning):
    def __init__(self, inputs: Tensor, weights: NormalizedWeights, delta: Tensor):
        self._weights, self._product = weights, TurningProduct(inputs, weights.weight, delta)
        self._gradient, _ = through_product(inputs, weights.weight, delta, False)

    def along(self, direction: DenseLayer, r_inputs: Tensor | None) -> tuple[Tensor, Back]:
        r_weight, weights_back = self._weights.along(direction, self._gradient)

        def back(r_delta: Tensor, further: bool) -> tuple[DenseLayer, Tensor | None]:
            r_gradient, r_below = self._product.back(r_weight, r_inputs, r_delta, further)
            return DenseLayer(*weights_back(r_gradient), r_delta.sum(2)), r_below

        return self._product.along(r_weight, r_inputs).add_(direction.beta[..., None]), back
