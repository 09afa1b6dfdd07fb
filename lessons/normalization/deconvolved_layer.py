"""A layer whose inputs are decorrelated, with its way back and its change along a direction, written out.

With examples as columns, c = h - mean h and A = c c^T / N + epsilon I, the weights see e = M c with M = A^(-1/2).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lessons.core.layer_passes import Back, DenseLayer, LayerPass, PlainLayer, Turning
from lessons.normalization.deconvolution import Iterates, decorrelation
from lessons.normalization.matrix_root import DifferentiatedRoot


class Decorrelated:
    """e: inputs from which mean and correlations are taken, approximately.

    Args:
        inputs: h, shape (K, D, N).
        epsilon: Added to each variance.

    Attributes:
        given: The map from h to e.
        outputs: e.
    """

    def __init__(self, inputs: Tensor, epsilon: float):
        self.given = decorrelation(inputs.mT, epsilon, noted=(noted := Iterates()))
        self._centred, self._count = inputs - self.given.mean[..., None], inputs.shape[2]
        self._matrix, self._root = self.given.matrix, DifferentiatedRoot(self.given.matrix, noted)
        self.outputs = torch.bmm(self._matrix, self._centred)

    def back(self, gradient: Tensor) -> Tensor:
        """Return dE/dh of dE/de."""
        to_matrix = self._root.back(torch.bmm(gradient, self._centred.mT))
        to_centred = torch.bmm(self._matrix, gradient).baddbmm_(self._both_ways(to_matrix), self._centred)
        return to_centred - to_centred.mean(2, keepdim=True)

    def turning(self, gradient: Tensor) -> Callable[[Tensor], tuple[Tensor, Callable[[Tensor], Tensor]]]:
        """Return how they change with h: R{h} -> R{e}, and the way back of R{dE/de}; `gradient` is dE/de."""
        matrix, centred = self._matrix, self._centred
        to_root = torch.bmm(gradient, centred.mT)
        to_matrix, root_along = self._root.turning(to_root)
        both_ways = self._both_ways(to_matrix)

        def along(r_inputs: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
            r_centred = r_inputs - r_inputs.mean(2, keepdim=True)
            r_root, root_back = root_along(self._both_ways(torch.bmm(r_centred, centred.mT)))

            def back(r_gradient: Tensor) -> Tensor:
                r_to_root = torch.bmm(r_gradient, centred.mT).baddbmm_(gradient, r_centred.mT)
                r_to_centred = torch.bmm(matrix, r_gradient).baddbmm_(r_root, gradient)
                r_to_centred.baddbmm_(self._both_ways(root_back(r_to_root)), centred).baddbmm_(both_ways, r_centred)
                return r_to_centred - r_to_centred.mean(2, keepdim=True)

            return torch.bmm(r_root, centred).baddbmm_(matrix, r_centred), back

        return along

    def _both_ways(self, matrix: Tensor) -> Tensor:
        """c is there twice in the covariance c c^T / N."""
        return (matrix + matrix.mT) / self._count


class DeconvolvedLayer(LayerPass):
    """z = W^T e + beta."""

    def __init__(self, inputs: Tensor, layer: DenseLayer, epsilon: float):
        self.inputs, self._decorrelated = inputs, Decorrelated(inputs, epsilon)
        self._plain = PlainLayer(self._decorrelated.outputs, layer)
        self.given, self.sums = self._decorrelated.given, self._plain.sums

    def back(self, delta: Tensor, further: bool) -> tuple[DenseLayer, Tensor | None]:
        gradient, below = self._plain.back(delta, further)
        return gradient, None if below is None else self._decorrelated.back(below)

    def turning(self, delta: Tensor) -> Turning:
        return _DeconvolvedTurning(self._decorrelated, self._plain, delta)


class _DeconvolvedTurning(Turning):
    def __init__(self, decorrelated: Decorrelated, plain: PlainLayer, delta: Tensor):
        self._plain = plain.turning(delta)
        self._inputs_along = decorrelated.turning(torch.bmm(plain.layer.weight, delta))

    def along(self, direction: DenseLayer, r_inputs: Tensor | None) -> tuple[Tensor, Back]:
        if r_inputs is None:
            return self._plain.along(direction, None)
        r_outputs, inputs_back = self._inputs_along(r_inputs)
        r_sums, plain_back = self._plain.along(direction, r_outputs)

        def back(r_delta: Tensor, further: bool) -> tuple[DenseLayer, Tensor | None]:
            r_gradient, r_below = plain_back(r_delta, further)
            return r_gradient, None if r_below is None else inputs_back(r_below)

        return r_sums, back
