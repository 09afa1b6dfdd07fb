"""Network deconvolution: the inputs of a layer are decorrelated before its weights see them, for K lanes at once."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import unfold

from lessons.normalization.layers import MOMENTUM


@dataclass(frozen=True)
class Decorrelation:
    """The affine map x -> (x - mean) matrix.

    Attributes:
        mean: Of each feature, shape (K, D).
        matrix: About the inverse square root of the features' covariance, symmetric, shape (K, D, D).
    """

    mean: Tensor
    matrix: Tensor

    @classmethod
    def start(cls, lanes: int, features: int) -> Decorrelation:
        """Return what the running averages begin with: the identity."""
        return cls(torch.zeros(lanes, features), torch.eye(features).repeat(lanes, 1, 1))

    def __call__(self, x: Tensor) -> Tensor:
        """Decorrelate features (K, N, D)."""
        return torch.bmm(x - self.mean[:, None], self.matrix)

    def after(self, batch: Decorrelation, momentum: float = MOMENTUM) -> Decorrelation:
        """Return the running averages after one more batch; evaluation uses them."""
        pairs = ((self.mean, batch.mean), (self.matrix, batch.matrix))
        return Decorrelation(*(old.lerp(new.detach(), momentum) for old, new in pairs))


def patches(images: Tensor, kernel: int, padding: int) -> Tensor:
    """Return all patches that a convolution multiplies with its weights, one a row ("im2col").

    Args:
        images: Shape (K, N, C, H, W).
        kernel: Side of the patch.
        padding: Zeros added on each side.

    Returns:
        Shape (K, N * positions, C * kernel * kernel).
    """
    lanes, samples = images.shape[:2]
    columns = unfold(images.flatten(0, 1), kernel, padding=padding)
    return columns.transpose(1, 2).reshape(lanes, samples * columns.shape[2], -1)


def deconvolution(
    images: Tensor, weight: Tensor, bias: Tensor, kernel: int, padding: int, given: Decorrelation
) -> Tensor:
    """Convolve decorrelated patches.

    Args:
        images: Shape (K, N, C, H, W).
        weight: Shape (K, C * kernel * kernel, channels out).
        bias: Shape (K, channels out).
        kernel: Side of the patch.
        padding: Zeros added on each side.
        given: In training that of the images' own `patches`, in evaluation a running one.

    Returns:
        Shape (K, N, channels out, H', W').
    """
    lanes, samples, _, height, width = images.shape
    out = torch.baddbmm(bias[:, None], given(patches(images, kernel, padding)), weight)
    grown = 2 * padding - kernel + 1
    shaped = out.view(lanes, samples, height + grown, width + grown, -1)
    return shaped.movedim(-1, 2)
