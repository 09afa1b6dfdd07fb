"""Layers whose sums are standardized, with their way back and their change along a direction, written out.

    x = W^T h,    x^ = (x - mu) / sigma,    z = gamma x^ + beta,    sigma^2 = mean of (x - mu)^2, + epsilon

mu and sigma are means over some of x and move with it. The derivative of x^ is therefore, with each mean over the same,

    J v = (v - mean v - x^ mean(x^ v)) / sigma,

a symmetric matrix, so that dE/dx = J dE/dx^ (for batch norm: Ioffe & Szegedy 2015, arXiv 1502.03167, section 3).
Examples are columns, x is (K, C, N).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable

import torch
from torch import Tensor

from lessons.core.layer_passes import Back, DenseLayer, LayerPass, Turning, TurningProduct, through_product


class Standardized(ABC):
    """x^ of sums x (K, C, N), and its derivative J.

    Attributes:
        outputs: x^.
    """

    outputs: Tensor

    @abstractmethod
    def along(self, vector: Tensor) -> Tensor:
        """Return J v, shape (K, C, N)."""

    @abstractmethod
    def turning(self, delta: Tensor, gradient: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        """Return how gradient = J delta changes with x alone: (R{x}, R{x^}) -> R{J} delta; all (K, C, N)."""


class OverChannels(Standardized):
    """Means over the channels of a group, example by example.

    Args:
        x: The sums.
        epsilon: Added to each variance.
        groups: Of channels; they divide C.
        centred: Whether mu is subtracted; if not, it is 0, and sigma the root mean square.
    """

    _axis = 2  # of (K, G, C / G, N)

    def __init__(self, x: Tensor, epsilon: float, groups: int = 1, centred: bool = True):
        self._groups, self._centred = groups, centred
        each = self._grouped(x)
        deviation = each - self._mean(each) if centred else each
        self._inverse = (self._mean(deviation.square()) + epsilon).rsqrt()
        self._unit = deviation * self._inverse
        self.outputs = self._unit.view(x.shape)

    def along(self, vector: Tensor) -> Tensor:
        each = self._grouped(vector)
        left = each - self._mean(each) if self._centred else each
        left = torch.addcmul(left, self._unit, self._mean(self._unit * each), value=-1)
        return left.mul_(self._inverse).view(vector.shape)

    def turning(self, delta: Tensor, gradient: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        unit, d, g = self._unit, self._grouped(delta), self._grouped(gradient)
        part = self._mean(unit * d)

        def turned(r_x: Tensor, r_outputs: Tensor) -> Tensor:
            # Each factor of J in its turn: R{1/sigma} = -mean(x^ R{x}) / sigma^2, and x^, which is there twice.
            r_unit = self._grouped(r_outputs)
            inside = self._mean(unit * self._grouped(r_x)) * g
            inside.addcmul_(r_unit, part).addcmul_(unit, self._mean(r_unit * d))
            return inside.mul_(-self._inverse).view(delta.shape)

        return turned

    def _grouped(self, x: Tensor) -> Tensor:
        return x.reshape(len(x), self._groups, -1, x.shape[2])

    def _mean(self, values: Tensor) -> Tensor:
        return values.mean(self._axis, keepdim=True)


class OverExamples(OverChannels):
    """Means over the examples, channel by channel.

    Here they lie side by side, so x^ and J are one call each of torch's kernels for layer norm, whose means are over
    the last axis, whatever that is.
    """

    _axis = 3

    def __init__(self, x: Tensor, epsilon: float):
        self._groups, self._x = 1, x
        self.outputs, self._means, inverse = torch.native_layer_norm(x, x.shape[2:], None, None, epsilon)
        self._unit, self._inverse = self._grouped(self.outputs), self._grouped(inverse)

    def along(self, vector: Tensor) -> Tensor:
        derivative = torch.ops.aten.native_layer_norm_backward
        wanted, inverse = [True, False, False], self._inverse.view_as(self._means)
        return derivative(vector, self._x, self._x.shape[2:], self._means, inverse, None, None, wanted)[0]


class AsTheyAre(Standardized):
    """Sums that are not standardized, x^ = x: what is left of such a layer is the affine part."""

    def __init__(self, x: Tensor):
        self.outputs = x

    def along(self, vector: Tensor) -> Tensor:
        return vector

    def turning(self, delta: Tensor, gradient: Tensor) -> Callable[[Tensor, Tensor], Tensor]:
        return lambda r_x, r_outputs: torch.zeros_like(r_x)


class StandardizedLayer(LayerPass):
    """z = gamma x^ + beta.

    Args:
        inputs: h, shape (K, fan_in, N).
        layer: W, gamma, beta.
        standardize: Makes x^ of x.
        shifted: Whether beta is added; if not, it is not used.
    """

    def __init__(
        self, inputs: Tensor, layer: DenseLayer, standardize: Callable[[Tensor], Standardized], shifted: bool = True
    ):
        self.inputs, self.layer, self.shifted = inputs, layer, shifted
        self.unit = standardize(torch.bmm(layer.weight.mT, inputs))
        scaled = layer.gamma[..., None] * self.unit.outputs
        self.sums = scaled + layer.beta[..., None] if shifted else scaled

    def back(self, delta: Tensor, further: bool) -> tuple[DenseLayer, Tensor | None]:
        to_products = self.unit.along(self.layer.gamma[..., None] * delta)
        weight, below = through_product(self.inputs, self.layer.weight, to_products, further)
        beta = delta.sum(2) if self.shifted else torch.zeros_like(self.layer.beta)
        return DenseLayer(weight, (self.unit.outputs * delta).sum(2), beta), below

    def turning(self, delta: Tensor) -> Turning:
        return StandardizedTurning(self.inputs, self.layer, self.unit, delta, self.shifted)


class StandardizedTurning(Turning):
    """How a layer with standardized sums changes; delta = dE/dz."""

    def __init__(self, inputs: Tensor, layer: DenseLayer, unit: Standardized, delta: Tensor, shifted: bool = True):
        self._unit, self._delta, self._gamma, self._shifted = unit, delta, layer.gamma[..., None], shifted
        to_unit = self._gamma * delta  # dE/dx^
        to_products = unit.along(to_unit)
        self._turned = unit.turning(to_unit, to_products)
        self._product = TurningProduct(inputs, layer.weight, to_products)

    def along(self, direction: DenseLayer, r_inputs: Tensor | None) -> tuple[Tensor, Back]:
        r_gamma, unit, delta = direction.gamma[..., None], self._unit, self._delta
        r_x = self._product.along(direction.weight, r_inputs)
        r_unit = unit.along(r_x)

        def back(r_delta: Tensor, further: bool) -> tuple[DenseLayer, Tensor | None]:
            r_to_products = unit.along(torch.addcmul(self._gamma * r_delta, r_gamma, delta))
            r_to_products = r_to_products + self._turned(r_x, r_unit)
            r_weight, r_below = self._product.back(direction.weight, r_inputs, r_to_products, further)
            r_gradient = torch.addcmul(r_unit * delta, unit.outputs, r_delta).sum(2)
            r_beta = r_delta.sum(2) if self._shifted else torch.zeros_like(direction.beta)
            return DenseLayer(r_weight, r_gradient, r_beta), r_below

        r_sums = (r_gamma * unit.outputs).addcmul_(self._gamma, r_unit)
        return r_sums.add_(direction.beta[..., None]) if self._shifted else r_sums, back


class BatchNormLayer(LayerPass):
    """z = gamma x^ + beta with means over the examples, by torch's own kernels: the units of all lanes are channels.

    Args:
        inputs: h, shape (K, fan_in, N).
        layer: W, gamma, beta.
        epsilon: Added to each variance.
        running: Averages of mean and variance, shape (K, C), into which those of the batch are mixed, in place.
        momentum: Their share.
    """

    def __init__(
        self,
        inputs: Tensor,
        layer: DenseLayer,
        epsilon: float,
        running: tuple[Tensor, Tensor] | None = None,
        momentum: float = 0.0,
    ):
        self.inputs, self.layer, self._epsilon = inputs, layer, epsilon
        self._products = torch.bmm(layer.weight.mT, inputs)
        self._gamma = layer.gamma.reshape(-1)
        mean, variance = (None, None) if running is None else (each.view(-1) for each in running)
        sums, self._mean, self._inverse = torch.native_batch_norm(
            _channels(self._products), self._gamma, layer.beta.reshape(-1), mean, variance, True, momentum, epsilon
        )
        self.sums = sums.view_as(self._products)

    def back(self, delta: Tensor, further: bool) -> tuple[DenseLayer, Tensor | None]:
        to_products, gamma, beta = torch.ops.aten.native_batch_norm_backward(
            _channels(delta),
            _channels(self._products),
            self._gamma,
            None,
            None,
            self._mean,
            self._inverse,
            True,
            self._epsilon,
            [True, True, True],
        )
        weight, below = through_product(self.inputs, self.layer.weight, to_products.view_as(delta), further)
        return DenseLayer(weight, gamma.view_as(self.layer.gamma), beta.view_as(self.layer.beta)), below

    def turning(self, delta: Tensor) -> Turning:
        unit = OverExamples(self._products, self._epsilon)
        return StandardizedTurning(self.inputs, self.layer, unit, delta)


def _channels(x: Tensor) -> Tensor:
    """(K, C, N) as one example of K * C channels with N positions."""
    return x.reshape(1, -1, x.shape[2])
