"""A fully connected net whose loss does not depend on the length of its weights, for all lanes at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from lessons.core.activations import ACTIVATIONS
from lessons.core.generators import draw_per_seed
from lessons.core.layer_passes import DenseLayer, LayeredLoss, LayerPass, PlainLayer, columns, forward
from lessons.core.losses import Loss
from lessons.core.standardized_layers import AsTheyAre, BatchNormLayer, StandardizedLayer

RELU = ACTIVATIONS["relu"]
EPSILON = 1e-30  # keeps a unit with no variance finite, and changes no other


@dataclass(frozen=True)
class BatchStatistics:
    """Means and variances of one layer's units over a set of inputs, shape (K, H, 1)."""

    mean: Tensor
    variance: Tensor


class ScaleInvariantNetwork:
    """K nets of ReLU units with batch normalization before each ReLU; their parameters are the rows of theta (K, P).

    A row holds, in this order: the weights of all hidden layers, which have no biases; the affine part of each
    normalization, first all factors gamma and then all offsets beta; weights and biases of the last layer. While the
    normalization is on, the outputs do not change when the first part is multiplied by a number, and next to
    nothing is added to a variance, so this holds to rounding.

    Without normalization a hidden layer is relu(gamma z + beta), so beta is its bias.

    Args:
        sizes: Units per layer, from input to output: (D, ..., C).
        normalized: Whether there is batch normalization.
    """

    def __init__(self, sizes: Sequence[int], normalized: bool = True):
        self.normalized = normalized
        self._hidden = list(itertools.pairwise(sizes[:-1]))
        self._last = (sizes[-2], sizes[-1])
        units = sum(sizes[1:-1])
        lengths = [sum(i * o for i, o in self._hidden), 2 * units, (sizes[-2] + 1) * sizes[-1]]
        ends = list(itertools.accumulate(lengths))
        self.weights = slice(0, ends[0])
        self.affine = slice(ends[0], ends[1])
        self.last_layer = slice(ends[1], ends[2])
        self.parameter_count = ends[2]

    def initial(self, seeds: Tensor, norm: Tensor, last_layer_norm: Tensor) -> Tensor:
        """Draw the parameters of each lane: weights from N(0, 1/fan_in), then stretched to the norms asked for.

        gamma is 1; beta and the last layer's biases are 0. Lanes of one seed get the same directions.

        Args:
            seeds: Shape (K,).
            norm: Length of all hidden layers' weights together, shape (K,).
            last_layer_norm: Length of the last layer's weights, shape (K,).

        Returns:
            theta, float32, shape (K, P).
        """
        theta = draw_per_seed(seeds, "weights", self._draw)
        theta[:, self.weights] *= (norm / theta[:, self.weights].norm(dim=1)).to(theta)[:, None]
        theta[:, self.last_layer] *= (last_layer_norm / theta[:, self.last_layer].norm(dim=1)).to(theta)[:, None]
        return theta

    def _draw(self, source: torch.Generator) -> Tensor:
        drawn = [torch.randn(i * o, generator=source) / math.sqrt(i) for i, o in [*self._hidden, self._last]]
        units = sum(o for _, o in self._hidden)
        return torch.cat([*drawn[:-1], torch.ones(units), torch.zeros(units), drawn[-1], torch.zeros(self._last[1])])

    def trainable(self, affine: Tensor, last_layer: Tensor) -> Tensor:
        """Return 1 where theta is trained and 0 where it is frozen, shape (K, P).

        Args:
            affine: Whether the affine part is trained, shape (K,).
            last_layer: Whether the last layer is trained, shape (K,).
        """
        mask = torch.ones(len(affine), self.parameter_count)
        mask[:, self.affine] = affine.to(mask)[:, None]
        mask[:, self.last_layer] = last_layer.to(mask)[:, None]
        return mask

    def __call__(self, theta: Tensor, inputs: Tensor, statistics: Sequence[BatchStatistics] = ()) -> Tensor:
        """Return the outputs, shape (K, N, C).

        Args:
            theta: Shape (K, P).
            inputs: Shape (N, D), the same for all lanes, or (K, N, D).
            statistics: What to normalize by, layer by layer, from `statistics`; the batch's own if left out.
        """
        if not statistics:
            return self.passes(theta, inputs)[-1].sums.mT
        *layers, last = self.layers(theta)
        hidden = columns(inputs, len(theta))
        for layer, known in zip(layers, statistics, strict=True):
            hidden = self._normalized_by(known, torch.bmm(layer.weight.mT, hidden), layer)
        return PlainLayer(hidden, last).sums.mT

    def passes(self, theta: Tensor, inputs: Tensor) -> list[LayerPass]:
        """Return the forward pass of each layer, hidden ones normalized by the batch's own statistics."""
        *layers, last = self.layers(theta)
        hidden = [partial(self._hidden_layer, layer=layer) for layer in layers]
        return forward([*hidden, partial(PlainLayer, layer=last)], RELU, columns(inputs, len(theta)))

    def loss_on(self, inputs: Tensor, targets: Tensor, loss: Loss) -> LayeredLoss:
        """Return the loss on some examples as a function of theta, with gradient and Hessian.

        Args:
            inputs: Shape (N, D), the same for all lanes, or (K, N, D).
            targets: Of these examples; see the loss.
            loss: A value of `LOSSES`, or another.
        """
        targeted = loss.on(targets, self._last[1], dtype=inputs.dtype)
        return LayeredLoss(partial(self.passes, inputs=inputs), self.layers, _joined, RELU, targeted)

    def statistics(self, theta: Tensor, inputs: Tensor) -> list[BatchStatistics]:
        """Return each hidden layer's statistics over a set of inputs: a net is tested with its training images'."""
        hidden, known = columns(inputs, len(theta)), []
        for layer in self.layers(theta)[:-1]:
            sums = torch.bmm(layer.weight.mT, hidden)
            mean = sums.mean(2, keepdim=True)
            known.append(BatchStatistics(mean, (sums - mean).square().mean(2, keepdim=True)))
            hidden = self._normalized_by(known[-1], sums, layer)
        return known

    def _hidden_layer(self, inputs: Tensor, layer: DenseLayer) -> LayerPass:
        return (
            BatchNormLayer(inputs, layer, EPSILON) if self.normalized else StandardizedLayer(inputs, layer, AsTheyAre)
        )

    def _normalized_by(self, known: BatchStatistics, sums: Tensor, layer: DenseLayer) -> Tensor:
        """What a hidden layer gives out, (K, H, N), by statistics that do not depend on these sums."""
        unit = (sums - known.mean) * (known.variance + EPSILON).rsqrt() if self.normalized else sums
        return RELU(torch.addcmul(layer.beta[..., None], layer.gamma[..., None], unit))

    def layers(self, theta: Tensor) -> list[DenseLayer]:
        """View theta (K, P) as layers; the last has no gamma, and as beta its biases."""
        weights = theta[:, self.weights].split([i * o for i, o in self._hidden], dim=1)
        affine = theta[:, self.affine].split([o for _, o in self._hidden] * 2, dim=1)
        gammas, betas = affine[: len(self._hidden)], affine[len(self._hidden) :]
        parts = zip(self._hidden, weights, gammas, betas, strict=True)
        hidden = [DenseLayer(weight.view(-1, *shape), gamma, beta) for shape, weight, gamma, beta in parts]
        weight, bias = theta[:, self.last_layer].split([self._last[0] * self._last[1], self._last[1]], dim=1)
        return [*hidden, DenseLayer(weight.view(-1, *self._last), bias[:, :0], bias)]


def _joined(layers: Sequence[DenseLayer]) -> Tensor:
    """Parts of theta, layer by layer, in the order of its rows, (K, P)."""
    *hidden, last = layers
    weights = [layer.weight.flatten(1) for layer in hidden]
    affine = [*(layer.gamma for layer in hidden), *(layer.beta for layer in hidden)]
    return torch.cat([*weights, *affine, last.weight.flatten(1), last.beta], 1)
