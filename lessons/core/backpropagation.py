"""Backpropagation, and the Hessian-vector product that follows from it, written out: K dense nets at once.

Autograd would find the same numbers, but where nets are small most of its time goes into its own bookkeeping.

Examples are columns here: what a layer gives out is of shape (K, units, N). The examples are many and the units of the
last layer few, and products of matrices are quicker where the long side is the contiguous one. In layer l, from 1 to L,

    z_l = W_l^T h_(l-1) + b_l,    h_l = phi(z_l),    h_0 the inputs, z_L the outputs, and E the loss of these.

The gradient is that of Rumelhart, Hinton & Williams 1986, Nature 323, equations 4 to 7; the Hessian-vector product is
that of Pearlmutter 1994, Neural Computation 6(1), section 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.activations import ActivationFunction
from lessons.core.losses import TargetedLoss

Layers = list[tuple[Tensor, Tensor]]  # weights (K, fan_in, fan_out) and biases (K, fan_out, 1), layer by layer


@dataclass(frozen=True)
class Passed:
    """What a forward pass leaves behind: h_0 to h_(L-1), and z_1 to z_L."""

    activations: list[Tensor]
    sums: list[Tensor]

    @property
    def outputs(self) -> Tensor:
        """z_L, shape (K, C, N)."""
        return self.sums[-1]


def forward(layers: Layers, activation: ActivationFunction, inputs: Tensor) -> Passed:
    """Send inputs (N, D), the same for all lanes, or (K, N, D) down K nets."""
    hidden = inputs.mT if inputs.dim() == 3 else inputs.T.expand(len(layers[0][0]), -1, -1)
    passed = Passed([], [])
    for weight, bias in layers:
        if passed.sums:
            hidden = activation(passed.sums[-1])
        passed.activations.append(hidden)
        passed.sums.append(torch.baddbmm(bias, weight.transpose(1, 2), hidden))
    return passed


class DenseLoss:
    """The loss of K dense nets on a set of examples, as a function of their parameters theta (K, P).

    Args:
        layers: theta -> the nets' layers; theta is these in their order, weights before biases.
        activation: phi, of all layers but the last.
        inputs: Shape (N, D), or (K, N, D).
        loss: E, bound to these examples' targets.
    """

    def __init__(
        self,
        layers: Callable[[Tensor], Layers],
        activation: ActivationFunction,
        inputs: Tensor,
        loss: TargetedLoss,
    ):
        self.layers, self.activation, self.inputs, self.loss = layers, activation, inputs, loss

    def value(self, theta: Tensor) -> Tensor:
        """Return E, shape (K,)."""
        return self.loss.value(forward(self.layers(theta), self.activation, self.inputs).outputs)

    def loss_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        """Return E (K,) and dE/dtheta (K, P)."""
        layers = self.layers(theta)
        passed = forward(layers, self.activation, self.inputs)
        value, delta = self.loss.value_and_gradient(passed.outputs)
        gradient = []
        for number in range(len(layers) - 1, -1, -1):
            # delta = dE/dz_l. The weights and the bias see it through z_l = W_l^T h_(l-1) + b_l ...
            hidden, (weight, _) = passed.activations[number], layers[number]
            gradient += [delta.sum(2), torch.bmm(hidden, delta.transpose(1, 2)).flatten(1)]
            if number:  # ... and so does the layer below, through its activation.
                slope = self.activation.slope(passed.sums[number - 1], hidden)
                delta = torch.bmm(weight, delta).mul_(slope)
        return value, torch.cat(gradient[::-1], 1)

    def hessian_at(self, theta: Tensor) -> HessianProduct:
        """Return v -> H v at theta, H = d^2 E/dtheta^2 of each lane."""
        return HessianProduct(self, theta)


class HessianProduct:
    """v -> H v on shape (K, P), for the Hessian of a loss at one theta.

    H v is how the gradient changes when theta moves along v. With R{x} the derivative of x along v, each stage of
    forward and backward pass has a counterpart, found by the rules of differentiation: R{theta} = v, R{h_0} = 0. What
    does not depend on v is computed once.

    Args:
        loss: Of theta.
        theta: Where, shape (K, P).
    """

    def __init__(self, loss: DenseLoss, theta: Tensor):
        self._layers, activation = loss.layers, loss.activation
        layers = loss.layers(theta)
        passed = forward(layers, activation, loss.inputs)
        self._weights, self._activations = [weight for weight, _ in layers], passed.activations
        self._curvature = loss.loss.curvature(passed.outputs)
        # Of each layer dE/dz_l; and of each hidden layer the slope phi'(z_l), and dE/dh_l phi''(z_l), if not all 0.
        _, delta = loss.loss.value_and_gradient(passed.outputs)
        self._deltas, self._slopes = [delta], list[Tensor]()
        self._bends = list[Tensor | None]()
        for number in range(len(layers) - 1, 0, -1):
            z, hidden = passed.sums[number - 1], passed.activations[number]
            to_hidden = torch.bmm(self._weights[number], self._deltas[0])
            slope, bend = activation.slope(z, hidden), activation.bend(z, hidden)
            self._slopes.insert(0, slope)
            self._bends.insert(0, None if bend is None else to_hidden * bend)
            self._deltas.insert(0, to_hidden * slope)

    def __call__(self, vector: Tensor) -> Tensor:
        """Return H v, shape (K, P)."""
        directions = self._layers(vector)
        r_hidden, r_sums = self._forward(directions)
        r_delta, product = self._curvature(r_sums[-1]), list[Tensor]()
        for number in range(len(directions) - 1, -1, -1):
            # R{dE/dW_l} = R{h_(l-1)} delta_l^T + h_(l-1) R{delta_l}^T, and R{dE/db_l} = R{delta_l}, summed.
            r_weight = torch.bmm(self._activations[number], r_delta.transpose(1, 2))
            if number:
                r_weight.baddbmm_(r_hidden[number - 1], self._deltas[number].transpose(1, 2))
            product += [r_delta.sum(2), r_weight.flatten(1)]
            if number:
                # R{dE/dh} = R{W_l} delta_l + W_l R{delta_l}; R{delta} = phi' R{dE/dh} + phi'' R{z} dE/dh, one below.
                r_delta = torch.bmm(self._weights[number], r_delta)
                r_delta.baddbmm_(directions[number][0], self._deltas[number]).mul_(self._slopes[number - 1])
                bend = self._bends[number - 1]
                if bend is not None:
                    r_delta.addcmul_(bend, r_sums[number - 1])
        return torch.cat(product[::-1], 1)

    def _forward(self, directions: Layers) -> tuple[list[Tensor], list[Tensor]]:
        """R{h_1} to R{h_(L-1)}, and R{z_1} to R{z_L}."""
        r_hidden, r_sums = list[Tensor](), list[Tensor]()
        for number, (r_weight, r_bias) in enumerate(directions):
            # R{z_l} = R{W_l}^T h_(l-1) + R{b_l} + W_l^T R{h_(l-1)}, and R{h_l} = phi'(z_l) R{z_l}.
            r_sum = torch.baddbmm(r_bias, r_weight.transpose(1, 2), self._activations[number])
            if number:
                r_hidden.append(self._slopes[number - 1] * r_sums[-1])
                r_sum.baddbmm_(self._weights[number].transpose(1, 2), r_hidden[-1])
            r_sums.append(r_sum)
        return r_hidden, r_sums
