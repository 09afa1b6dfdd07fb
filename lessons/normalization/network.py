"""Fully connected nets with a normalization in each hidden layer: K nets of one kind in one tensor program."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import torch
from torch import Tensor

from lessons.core.activations import ACTIVATIONS
from lessons.core.curvature.sharpness import HessianVectorProduct
from lessons.core.generators import draw_per_seed
from lessons.core.layer_passes import DenseLayer, LayeredHessian, LayerPass, PlainLayer, columns, loss_and_gradient
from lessons.core.losses import Loss, TargetedLoss
from lessons.normalization.normalizers import Memory, Normalizer

Batch = tuple[Tensor, Tensor]  # inputs (N, D) and labels (N,), the same for all lanes, or (K, N, D) and (K, N)


class NormalizedShape:
    """The places of each layer's parameters in the rows of theta (K, P), the same for every normalization.

    Layer by layer: weights, factors gamma, offsets beta. The last layer is linear: weights and, as beta, its biases;
    its gamma is not used. A net without normalization does not use gamma at all; such numbers have gradient 0.

    Args:
        sizes: Units per layer, from input to output: (D, ..., C).
    """

    def __init__(self, sizes: Sequence[int]):
        self.sizes = tuple(sizes)
        self.pairs = list(itertools.pairwise(sizes))
        self._lengths = [length for i, o in self.pairs for length in (i * o, o, o)]
        ends = [0, *itertools.accumulate((i + 2) * o for i, o in self.pairs)]
        self.layer_slices = [slice(start, end) for start, end in itertools.pairwise(ends)]
        self.parameter_count = ends[-1]

    def layers(self, theta: Tensor) -> list[DenseLayer]:
        """View theta (K, P) as layers."""
        parts = theta.split(self._lengths, dim=1)
        triples = zip(self.pairs, parts[::3], parts[1::3], parts[2::3], strict=True)
        return [DenseLayer(w.view(-1, *pair), gamma, beta) for pair, w, gamma, beta in triples]

    def joined(self, layers: Sequence[DenseLayer]) -> Tensor:
        """Return theta (K, P) of layers."""
        return torch.cat([part for each in layers for part in (each.weight.flatten(1), each.gamma, each.beta)], 1)

    def initial(self, seeds: Tensor, scale: Tensor, weight_normed: Tensor) -> Tensor:
        """Draw the parameters of each lane: weights N(0, scale^2 / fan_in), gamma 1, beta 0.

        Lanes of one seed get the same draw, multiplied by their own scale. Under weight norm gamma starts as the
        length of each unit's weights, so that the net starts as it would without.

        Args:
            seeds: Shape (K,).
            scale: Shape (K,).
            weight_normed: Which lanes have weight norm, shape (K,).

        Returns:
            theta, float32, shape (K, P).
        """
        weights = draw_per_seed(seeds, "weights", self._draw) * scale.float()[:, None]
        parts = []
        for (fan_in, fan_out), drawn in zip(self.pairs, weights.split([i * o for i, o in self.pairs], 1), strict=True):
            length = drawn.view(-1, fan_in, fan_out).norm(dim=1)
            gamma = torch.where(weight_normed[:, None], length, torch.ones_like(length))
            parts += [drawn, gamma, torch.zeros_like(gamma)]
        return torch.cat(parts, dim=1)

    def _draw(self, source: torch.Generator) -> Tensor:
        return torch.cat([torch.randn(i * o, generator=source) / math.sqrt(i) for i, o in self.pairs])


class NormalizedNetwork:
    """K nets of one normalization.

    Args:
        shape: Of the nets.
        activation: After each normalization, a key of `ACTIVATIONS`.
        normalizer: What each hidden layer does with its inputs.
    """

    def __init__(self, shape: NormalizedShape, activation: str, normalizer: Normalizer):
        self.shape = shape
        self.normalizer = normalizer
        self.activation = ACTIVATIONS[activation]

    def memories(self, theta: Tensor, seeds: Tensor) -> list[Memory]:
        """Return what each hidden layer remembers at the start."""
        layers = self.shape.layers(theta)[:-1]
        return [self.normalizer.memory(each.weight, seeds, number) for number, each in enumerate(layers, start=1)]

    def __call__(
        self, theta: Tensor, inputs: Tensor, memories: Sequence[Memory], training: bool
    ) -> tuple[Tensor, list[Memory]]:
        """Return the outputs, and each hidden layer's memory after this batch.

        Args:
            theta: Shape (K, P).
            inputs: Shape (K, N, D), or (N, D), the same for all lanes.
            memories: Of each hidden layer.
            training: Whether a layer may take statistics from these inputs, and remember them; in evaluation it goes
                by what it remembers.

        Returns:
            Shape (K, N, C), and the memories.
        """
        if training:
            passes, after = self.passes(theta, inputs, memories)
            return passes[-1].sums.mT, after
        *layers, last = self.shape.layers(theta)
        hidden = columns(inputs, len(theta))
        for layer, memory in zip(layers, memories, strict=True):
            hidden = self.activation(self.normalizer.evaluated(hidden, layer, memory))
        return PlainLayer(hidden, last).sums.mT, list(memories)

    def passes(self, theta: Tensor, inputs: Tensor, memories: Sequence[Memory]) -> tuple[list[LayerPass], list[Memory]]:
        """Return each layer's pass on a batch in training, and the memories after it; arguments as of a call."""
        *layers, last = self.shape.layers(theta)
        hidden, passes, after = columns(inputs, len(theta)), list[LayerPass](), []
        for layer, memory in zip(layers, memories, strict=True):
            passed, kept = self.normalizer.trained(hidden, layer, memory)
            hidden = self.activation(passed.sums)
            passes.append(passed)
            after.append(kept)
        return [*passes, PlainLayer(hidden, last)], after

    def loss_and_gradient(
        self, theta: Tensor, batch: Batch, memories: Sequence[Memory], loss: Loss
    ) -> tuple[Tensor, Tensor, list[Memory]]:
        """Return the loss (K,) on a batch in training, its gradient (K, P), and the memories after it."""
        passes, after = self.passes(theta, batch[0], memories)
        value, gradients = loss_and_gradient(passes, self.activation, self._targeted(loss, batch))
        return value, self.shape.joined(gradients), after

    def hessian_at(self, theta: Tensor, batch: Batch, memories: Sequence[Memory], loss: Loss) -> HessianVectorProduct:
        """Return v -> H v at theta, for the loss on a batch in training."""
        passes, _ = self.passes(theta, batch[0], memories)
        product = LayeredHessian(passes, self.activation, self._targeted(loss, batch))
        return lambda vector: self.shape.joined(product(self.shape.layers(vector)))

    def _targeted(self, loss: Loss, batch: Batch) -> TargetedLoss:
        return loss.on(batch[1], self.shape.sizes[-1], dtype=batch[0].dtype)
