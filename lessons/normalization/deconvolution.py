"""Network deconvolution: the inputs of a layer are decorrelated before its weights see them, for K lanes at once."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor
from torch.nn.functional import unfold

from lessons.normalization.layers import MOMENTUM

ITERATIONS = 5  # of Newton and Schulz, as in the authors' code


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


@dataclass
class Iterates:
    """What the iteration of `inverse_square_root` went through: |A|_F, and Y, Z and T of each step."""

    size: Tensor = field(init=False)
    steps: list[tuple[Tensor, Tensor, Tensor]] = field(default_factory=list)


def decorrelation(
    x: Tensor, epsilon: float, iterations: int = ITERATIONS, noted: Iterates | None = None
) -> Decorrelation:
    """Return the map that takes mean and correlations from a batch.

    Args:
        x: Features (K, N, D): of samples, or of patches as `patches` gives them.
        epsilon: Added to each variance: (covariance + epsilon I)^(-1/2) is what is approached.
        iterations: More of them come nearer; directions of small variance are the last to be scaled up.
        noted: As for `inverse_square_root`.

    Source: Ye, Evanusa, He, Mitrokhin, Goldstein, Yorke, Fermüller & Aloimonos 2020, arXiv 1905.11926, algorithm 1.
    """
    mean = x.mean(1)
    centred = x - mean[:, None]
    covariance = torch.bmm(centred.transpose(1, 2), centred) / x.shape[1]
    covariance = covariance + epsilon * torch.eye(x.shape[2]).to(x)
    return Decorrelation(mean, inverse_square_root(covariance, iterations, noted))


def inverse_square_root(matrix: Tensor, iterations: int = ITERATIONS, noted: Iterates | None = None) -> Tensor:
    """Approach A^(-1/2) by the coupled iteration of Newton and Schulz: products of matrices alone.

    Y_0 = A / |A|_F, Z_0 = I; T = (3 I - Z Y) / 2, Y <- Y T, Z <- T Z; Z / sqrt(|A|_F) goes to A^(-1/2). At first an
    eigenvalue's factor grows by 3/2 an iteration, so of condition number c it takes about log(c) / (2 log 1.5).

    Args:
        matrix: A, symmetric and positive definite, shape (K, D, D).
        iterations: Number of iterations.
        noted: Where the iterates are kept, for the way back.

    Source: Higham 2008, Functions of Matrices, equation 6.35; Ye et al. 2020, section 3.2.
    """
    size = matrix.flatten(1).norm(dim=1)[:, None, None]
    unit = torch.eye(matrix.shape[1]).to(matrix)
    y, z = matrix / size, unit.expand_as(matrix)
    for _ in range(iterations):
        t = torch.baddbmm(1.5 * unit, z, y, alpha=-0.5)
        if noted is not None:
            noted.size = size
            noted.steps.append((y, z, t))
        y, z = torch.bmm(y, t), torch.bmm(t, z)
    return z / size.sqrt()


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
