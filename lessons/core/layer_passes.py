"""Backpropagation through layers of several kinds, and the Hessian-vector product that follows from it, written out.

As in `backpropagation`, of which this is the form for nets whose layers are more than a product and a bias: examples
are columns, what a layer gives out is of shape (K, units, N), and R{x} is the derivative of x along a direction of the
parameters (Pearlmutter 1994, Neural Computation 6(1), section 3). A layer knows its own way back; what follows here is
the chain rule from layer to layer.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.activations import ActivationFunction
from lessons.core.losses import TargetedLoss


@dataclass(frozen=True)
class DenseLayer:
    """Weights (K, fan_in, fan_out), gamma (K, fan_out), beta (K, fan_out); or what there is of each, as a gradient."""

    weight: Tensor
    gamma: Tensor
    beta: Tensor


Back = Callable[[Tensor, bool], tuple[DenseLayer, Tensor | None]]


class LayerPass(ABC):
    """One layer's forward pass: its inputs h (K, fan_in, N), and its sums z (K, fan_out, N)."""

    inputs: Tensor
    sums: Tensor

    @abstractmethod
    def back(self, delta: Tensor, further: bool) -> tuple[DenseLayer, Tensor | None]:
        """Return the gradient of the layer's parameters, and dE/dh if `further`, with delta = dE/dz."""

    @abstractmethod
    def turning(self, delta: Tensor) -> Turning:
        """Return how pass and gradient change when parameters do; `delta` as for `back`."""


class Turning(ABC):
    """The change of one layer's forward and backward pass along a direction."""

    @abstractmethod
    def along(self, direction: DenseLayer, r_inputs: Tensor | None) -> tuple[Tensor, Back]:
        """Return R{z}, and the way back, which makes R{gradient} and R{dE/dh} of R{delta}.

        Args:
            direction: R{parameters}.
            r_inputs: R{h}; None where the inputs do not change.
        """


def columns(inputs: Tensor, lanes: int) -> Tensor:
    """Return inputs (N, D), the same for all lanes, or (K, N, D) with examples as columns, (K, D, N)."""
    return inputs.mT if inputs.dim() == 3 else inputs.T.expand(lanes, -1, -1)


def forward(
    layers: Sequence[Callable[[Tensor], LayerPass]], activation: ActivationFunction, inputs: Tensor
) -> list[LayerPass]:
    """Send inputs (K, D, N) through layers; the activation is that of all but the last."""
    passes = list[LayerPass]()
    for layer in layers:
        passes.append(layer(activation(passes[-1].sums) if passes else inputs))
    return passes


def loss_and_gradient(
    passes: Sequence[LayerPass], activation: ActivationFunction, loss: TargetedLoss
) -> tuple[Tensor, list[DenseLayer]]:
    """Return E, shape (K,), and its gradient, layer by layer."""
    value, delta = loss.value_and_gradient(passes[-1].sums)
    gradients = list[DenseLayer]()
    for number in range(len(passes) - 1, -1, -1):
        gradient, below = passes[number].back(delta, number > 0)
        gradients.insert(0, gradient)
        if below is not None:
            delta = below.mul_(activation.slope(passes[number - 1].sums, passes[number].inputs))
    return value, gradients


class LayeredLoss:
    """The loss of K nets on a set of examples, as a function of their parameters theta (K, P).

    Args:
        passes: theta -> the forward pass of each layer.
        layers: theta -> its parts, layer by layer.
        joined: The same the other way: parts -> theta.
        activation: phi, of all layers but the last.
        loss: E, bound to these examples' targets.
    """

    def __init__(
        self,
        passes: Callable[[Tensor], list[LayerPass]],
        layers: Callable[[Tensor], list[DenseLayer]],
        joined: Callable[[list[DenseLayer]], Tensor],
        activation: ActivationFunction,
        loss: TargetedLoss,
    ):
        self._passes, self._layers, self._joined = passes, layers, joined
        self._activation, self._loss = activation, loss

    def loss_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Return E (K,) and dE/dtheta (K, P)."""
        return self.outputs_loss_and_gradient(theta)[1:]

    def outputs_loss_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return the outputs (K, N, C), too."""
        passes = self._passes(theta)
        value, gradients = loss_and_gradient(passes, self._activation, self._loss)
        return passes[-1].sums.mT, value, self._joined(gradients)

    def hessian_at(self, theta: Tensor) -> Callable[[Tensor], Tensor]:
        """Return v -> H v at theta, H = d^2 E/dtheta^2 of each lane."""
        product = LayeredHessian(self._passes(theta), self._activation, self._loss)
        return lambda vector: self._joined(product(self._layers(vector)))


class LayeredHessian:
    """Directions -> H directions, layer by layer, for the Hessian of a loss at one forward pass.

    What does not depend on the direction is computed once.
    """

    def __init__(self, passes: Sequence[LayerPass], activation: ActivationFunction, loss: TargetedLoss):
        self._curvature = loss.curvature(passes[-1].sums)
        _, delta = loss.value_and_gradient(passes[-1].sums)
        # Of each hidden layer the slope phi'(z_l), and dE/dh_l phi''(z_l), if not all 0.
        self._turnings, self._slopes, self._bends = list[Turning](), list[Tensor](), list[Tensor | None]()
        for number in range(len(passes) - 1, -1, -1):
            self._turnings.insert(0, passes[number].turning(delta))
            _, below = passes[number].back(delta, number > 0)
            if below is not None:
                z, hidden = passes[number - 1].sums, passes[number].inputs
                bend = activation.bend(z, hidden)
                self._slopes.insert(0, activation.slope(z, hidden))
                self._bends.insert(0, None if bend is None else below * bend)
                delta = below * self._slopes[0]

    def __call__(self, directions: Sequence[DenseLayer]) -> list[DenseLayer]:
        """Return R{gradient}."""
        r_sums, backs, r_hidden = list[Tensor](), list[Back](), None
        for number, (turning, direction) in enumerate(zip(self._turnings, directions, strict=True)):
            if number:
                r_hidden = self._slopes[number - 1] * r_sums[-1]
            r_sum, back = turning.along(direction, r_hidden)
            r_sums.append(r_sum)
            backs.append(back)
        r_delta, product = self._curvature(r_sums[-1]), list[DenseLayer]()
        for number in range(len(backs) - 1, -1, -1):
            r_gradient, r_below = backs[number](r_delta, number > 0)
            product.insert(0, r_gradient)
            if r_below is not None:
                # R{delta} = phi' R{dE/dh} + phi'' R{z} dE/dh, one layer below.
                r_delta, bend = r_below.mul_(self._slopes[number - 1]), self._bends[number - 1]
                if bend is not None:
                    r_delta.addcmul_(bend, r_sums[number - 1])
        return product


class PlainLayer(LayerPass):
    """z = W^T h + beta. With gamma, which is not used, it is of the same form as the others."""

    def __init__(self, inputs: Tensor, layer: DenseLayer):
        self.inputs, self.layer = inputs, layer
        self.sums = torch.baddbmm(layer.beta[..., None], layer.weight.mT, inputs)

    def back(self, delta: Tensor, further: bool) -> tuple[DenseLayer, Tensor | None]:
        weight, below = through_product(self.inputs, self.layer.weight, delta, further)
        return DenseLayer(weight, torch.zeros_like(self.layer.gamma), delta.sum(2)), below

    def turning(self, delta: Tensor) -> Turning:
        return _PlainTurning(self, delta)


class _PlainTurning(Turning):
    def __init__(self, passed: PlainLayer, delta: Tensor):
        self._layer, self._product = passed.layer, TurningProduct(passed.inputs, passed.layer.weight, delta)

    def along(self, direction: DenseLayer, r_inputs: Tensor | None) -> tuple[Tensor, Back]:
        r_products = self._product.along(direction.weight, r_inputs)

        def back(r_delta: Tensor, further: bool) -> tuple[DenseLayer, Tensor | None]:
            r_weight, r_below = self._product.back(direction.weight, r_inputs, r_delta, further)
            return DenseLayer(r_weight, torch.zeros_like(self._layer.gamma), r_delta.sum(2)), r_below

        return r_products.add_(direction.beta[..., None]), back


def through_product(inputs: Tensor, weight: Tensor, delta: Tensor, further: bool) -> tuple[Tensor, Tensor | None]:
    """Return dE/dW and, if `further`, dE/dh of a product x = W^T h, with delta = dE/dx."""
    return torch.bmm(inputs, delta.mT), torch.bmm(weight, delta) if further else None


class TurningProduct:
    """How a product x = W^T h, and its way back from delta = dE/dx, change."""

    def __init__(self, inputs: Tensor, weight: Tensor, delta: Tensor):
        self._inputs, self._weight, self._delta = inputs, weight, delta

    def along(self, r_weight: Tensor, r_inputs: Tensor | None) -> Tensor:
        """R{x} = R{W}^T h + W^T R{h}."""
        r_products = torch.bmm(r_weight.mT, self._inputs)
        return r_products if r_inputs is None else r_products.baddbmm_(self._weight.mT, r_inputs)

    def back(
        self, r_weight: Tensor, r_inputs: Tensor | None, r_delta: Tensor, further: bool
    ) -> tuple[Tensor, Tensor | None]:
        """R{dE/dW} = h R{delta}^T + R{h} delta^T, and R{dE/dh} = W R{delta} + R{W} delta."""
        r_gradient = torch.bmm(self._inputs, r_delta.mT)
        if r_inputs is not None:
            r_gradient.baddbmm_(r_inputs, self._delta.mT)
        if not further:
            return r_gradient, None
        return r_gradient, torch.bmm(self._weight, r_delta).baddbmm_(r_weight, self._delta)
