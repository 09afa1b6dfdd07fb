"""The density of a Hessian's eigenvalues, by stochastic Lanczos quadrature, for all lanes at once."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.curvature.sharpness import HessianVectorProduct, lanczos_in_parts, tridiagonal_matrix
from lessons.core.generators import normal_per_seed
from lessons.core.parts import Parts


@dataclass(frozen=True)
class RitzSpectrum:
    """A sum of points that stands for the density of eigenvalues.

    Attributes:
        values: Ritz values, float64, shape (K, R, M): R probes, M Lanczos steps, smallest first.
        weights: Share of the spectrum at each, float64, shape (K, R, M); they sum to 1 over M. NaN, as the values are,
            in lanes that are not finite.
    """

    values: Tensor
    weights: Tensor

    @property
    def extremes(self) -> tuple[Tensor, Tensor]:
        """Smallest and largest Ritz value of each lane, shape (K,): bounds from within on the spectrum's ends."""
        return self.values.amin((1, 2)), self.values.amax((1, 2))

    def moment(self, power: int) -> Tensor:
        """Return the estimate of tr(H^power) / P, shape (K,); each probe is exact for it in expectation."""
        return (self.weights * self.values**power).sum(2).mean(1)

    def density(self, grid: Tensor, width: Tensor) -> Tensor:
        """Return the density of eigenvalues, each point spread into a Gaussian.

        Args:
            grid: Where, shape (K, G) or (G,).
            width: Deviation of the Gaussians, shape (K,).

        Returns:
            Shape (K, G), with integral 1.
        """
        points, spread = self.values.flatten(1), width.double()[:, None, None]
        distance = (grid.double().expand(len(points), -1)[..., None] - points[:, None]) / spread
        kernel = torch.exp(-distance.square() / 2) / (spread * math.sqrt(2 * math.pi))
        return (kernel * self.weights.flatten(1)[:, None]).sum(-1) / self.values.shape[1]


def draw_probes(seeds: Tensor, count: int, parameter_count: int) -> Tensor:
    """Draw random directions N(0, I), shape (R, K, P), from a stream of their own."""
    return normal_per_seed(seeds, "spectral probes", count, parameter_count).transpose(0, 1)


def spectral_density_in_parts(product: HessianVectorProduct, probes: Tensor, iterations: int) -> Parts[RitzSpectrum]:
    """Estimate the density of eigenvalues of each lane's Hessian, a part for each product.

    From each probe, Lanczos makes a small tridiagonal matrix, whose eigenvalues and the squared first components of
    whose eigenvectors are a Gauss quadrature of the density; probes are averaged. It costs R * M Hessian-vector
    products. Its width of resolution is about the spectrum's over M; isolated eigenvalues at its ends are sharp.

    Args:
        product: v -> H v on shape (K, P).
        probes: Random directions, shape (R, K, P).
        iterations: M, at most P.

    Sources: Golub & Welsch 1969; Lin, Saad & Yang 2016, SIAM Review 58(1); Ghorbani, Krishnan & Xiao 2019,
    arXiv 1901.10159, algorithm 1.
    """
    pairs = []
    for probe in probes:
        pairs.append((yield from _quadrature(product, probe, iterations)))
    return RitzSpectrum(torch.stack([values for values, _ in pairs], 1), torch.stack([w for _, w in pairs], 1))


def _quadrature(product: HessianVectorProduct, probe: Tensor, iterations: int) -> Parts[tuple[Tensor, Tensor]]:
    """Nodes and weights from one probe of each lane, both (K, M)."""
    basis, diagonal, off_diagonal = yield from lanczos_in_parts(product, probe, iterations)
    # Where there is no next direction, a point without weight that lies within the spectrum.
    diagonal = torch.where(basis.ne(0).any(2), diagonal, diagonal[:, :1])
    tridiagonal = tridiagonal_matrix(diagonal.double(), off_diagonal.double())
    finite = tridiagonal.isfinite().all(2).all(1)[:, None]
    values, vectors = torch.linalg.eigh(torch.where(finite[..., None], tridiagonal, torch.zeros_like(tridiagonal)))
    return values.masked_fill(~finite, torch.nan), vectors[:, 0].square().masked_fill(~finite, torch.nan)
