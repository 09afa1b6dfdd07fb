"""A fully connected net whose loss does not depend on the length of its weights, for all lanes at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import batch_norm

from lessons.core.generators import draw_per_seed

EPSILON = 1e-30  # keeps a unit with no variance finite, and changes no other


@dataclass(frozen=True)
class BatchStatistics:
    """Means and variances of one layer's units over a set of inputs, the lanes' units in a row: shape (K * H,)."""

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
        hidden = inputs if inputs.dim() == 3 else inputs.expand(len(theta), *inputs.shape)
        for number, layer in enumerate(self._layers(theta)):
            hidden = self._layer(layer, hidden, statistics[number] if statistics else None)
        weight, bias = self._output(theta)
        return torch.baddbmm(bias, hidden, weight)

    def statistics(self, theta: Tensor, inputs: Tensor) -> list[BatchStatistics]:
        """Return each hidden layer's statistics over a set of inputs: a net is tested with its training images'."""
        hidden, known = inputs.expand(len(theta), *inputs.shape), []
        for layer in self._layers(theta):
            sums = _side_by_side(torch.bmm(hidden, layer[0]))
            variance, mean = torch.var_mean(sums, dim=0, correction=0)
            known.append(BatchStatistics(mean, variance))
            hidden = self._layer(layer, hidden, known[-1])
        return known

    def _layer(self, layer: tuple[Tensor, Tensor, Tensor], hidden: Tensor, given: BatchStatistics | None) -> Tensor:
        """One hidden layer, from (K, N, fan_in) to (K, N, fan_out). All lanes' units are the channels of one batch."""
        weight, gamma, beta = layer
        sums = _side_by_side(torch.bmm(hidden, weight))
        if not self.normalized:
            sums = torch.addcmul(beta, gamma, sums)
        elif given is None:
            sums = batch_norm(sums, None, None, gamma, beta, training=True, eps=EPSILON)
        else:
            sums = batch_norm(sums, given.mean, given.variance, gamma, beta, training=False, eps=EPSILON)
        return torch.relu(sums).view(len(sums), len(weight), -1).transpose(0, 1)

    def _layers(self, theta: Tensor) -> list[tuple[Tensor, Tensor, Tensor]]:
        """Weights (K, fan_in, fan_out), gamma and beta (K * fan_out,) of each hidden layer."""
        weights = theta[:, self.weights].split([i * o for i, o in self._hidden], dim=1)
        affine = [part.reshape(-1) for part in theta[:, self.affine].split([o for _, o in self._hidden] * 2, dim=1)]
        gammas, betas = affine[: len(self._hidden)], affine[len(self._hidden) :]
        shaped = [w.view(-1, *shape) for w, shape in zip(weights, self._hidden, strict=True)]
        return list(zip(shaped, gammas, betas, strict=True))

    def _output(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        weight, bias = theta[:, self.last_layer].split([self._last[0] * self._last[1], self._last[1]], dim=1)
        return weight.view(-1, *self._last), bias[:, None]


def _side_by_side(hidden: Tensor) -> Tensor:
    """(K, N, H) as (N, K * H)."""
    return hidden.transpose(0, 1).reshape(hidden.shape[1], -1)
