"""A layer whose inputs are decorrelated, with its way back and its change along a direction, written out.

With examples as columns, c = h - mean h and A = c c^T / N + epsilon I, the weights see e = M c with M = A^(-1/2).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from lessons.core.layer_passes import Back, DenseLayer, LayerPass, PlainLayer, Turning
from lessons.normalization.deconvolution import Decorrelation
from lessons.normalization.matrix_root import ITERATIONS, InverseSquareRoot


class Decorrelated:
    """e: inputs from which mean and correlations are taken, approximately.

    Args:
        inputs: h, shape (K, D, N).
        epsilon: Added to each variance.
        iterations: More of them come nearer; directions of small variance are the last to be scaled up.

    Attributes:
        given: The map from h to e.
        outputs: e.

    Source: Ye, Evanusa, He, Mitrokhin, Goldstein, Yorke, Fermüller & Aloimonos 2020, arXiv 1905.11926, algorithm 1.
    """

    def __init__(self, inputs: Tensor, epsilon: float, iterations: int = ITERATIONS):
        mean = inputs.mean(2, keepdim=True)
        self._centred, self._count = inputs - mean, inputs.shape[2]
        unit = torch.eye(inputs.shape[1]).to(inputs)
        covariance = torch.baddbmm(epsilon * unit, self._centred, self._centred.mT, alpha=1 / self._count)
        self._root = InverseSquareRoot(covariance, iterations)
        self.given = Decorrelation(mean[..., 0], self._root.root)
        self.outputs = torch.bmm(self._root.root, self._centred)

    def back(self, gradient: Tensor) -> Tensor:
        """Return dE/dh of dE/de."""
        to_matrix = self._root.back(torch.bmm(gradient, self._centred.mT))
        to_centred = torch.bmm(self._root.root, gradient).baddbmm_(self._both_ways(to_matrix), self._centred)
        return to_centred - to_centred.mean(2, keepdim=True)

    def along(self, r_inputs: Tensor, gradient: Tensor) -> tuple[Tensor, Callable[[Tensor], Tensor]]:
        """Return R{e} of R{h}, and the way back from R{dE/de} to R{dE/dh}; `gradient` is dE/de."""
        root, centred = self._root.root, self._centred
        r_centred = r_inputs - r_inputs.mean(2, keepdim=True)
        to_root = torch.bmm(gradient, centred.mT)
        r_root, root_back = self._root.along(self._both_ways(torch.bmm(r_centred, centred.mT)), to_root)
        both_ways = self._both_ways(self._root.back(to_root))

        def back(r_gradient: Tensor) -> Tensor:
            r_to_root = torch.bmm(r_gradient, centred.mT).baddbmm_(gradient, r_centred.mT)
            r_to_centred = torch.bmm(root, r_gradient).baddbmm_(r_root, gradient)
            r_to_centred.baddbmm_(self._both_ways(root_back(r_to_root)), centred).baddbmm_(both_ways, r_centred)
            return r_to_centred - r_to_centred.mean(2, keepdim=True)

        return torch.bmm(r_root, centred).baddbmm_(root, r_centred), back

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
        self._decorrelated, self._plain = decorrelated, plain.turning(delta)
        self._gradient = torch.bmm(plain.layer.weight, delta)  # dE/de

    def along(self, direction: DenseLayer, r_inputs: Tensor | None) -> tuple[Tensor, Back]:
        if r_inputs is None:
            return self._plain.along(direction, None)
        r_outputs, inputs_back = self._decorrelated.along(r_inputs, self._gradient)
        r_sums, plain_back = self._plain.along(direction, r_outputs)

        def back(r_delta: Tensor, further: bool) -> tuple[DenseLayer, Tensor | None]:
            r_gradient, r_below = plain_back(r_delta, further)
            return r_gradient, None if r_below is None else inputs_back(r_below)

        return r_sums, back
