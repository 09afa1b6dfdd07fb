"""The eigenvalues of a net's Hessian, by stochastic Lanczos quadrature."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lessons.core.curvature.sharpness import HessianAt
from lessons.core.curvature.spectral_density import RitzSpectrum, draw_probes, spectral_density_in_parts
from lessons.core.parts import Parts, whole

PROBES = 2
ITERATIONS = 40


def hessian_spectrum(
    hessian_at: HessianAt, theta: Tensor, seeds: Tensor, probes: int = PROBES, iterations: int = ITERATIONS
) -> RitzSpectrum:
    """Estimate the spectrum of each lane's Hessian; see `lessons.core.curvature.spectral_density`.

    Args:
        hessian_at: Function of theta (K, P) that returns v -> H v there, on shape (K, P).
        theta: Where, shape (K, P).
        seeds: Draw the probes, shape (K,).
        probes: R; the density's error falls as 1 / sqrt(R P).
        iterations: M; the ends of the spectrum are found with few, its inside is resolved by more.
    """
    return whole(_in_parts(hessian_at, theta, seeds, probes, iterations))


def _in_parts(hessian_at: HessianAt, theta: Tensor, seeds: Tensor, probes: int, iterations: int) -> Parts[RitzSpectrum]:
    directions = draw_probes(seeds, probes, theta.shape[1]).to(theta)
    return (yield from spectral_density_in_parts(hessian_at(theta), directions, min(iterations, theta.shape[1])))


class SpectrumAt:
    """The spectrum at one theta, computed when it is first asked for, and then kept.

    It takes as long as many steps of a training: who has others waiting computes it in parts, by `advance`.

    Args:
        hessian_at: As for `hessian_spectrum`.
        theta: Shape (K, P).
        seeds: Shape (K,).
    """

    def __init__(self, hessian_at: HessianAt, theta: Tensor, seeds: Tensor):
        self._parts = _in_parts(hessian_at, theta, seeds, PROBES, ITERATIONS)
        self._stacked: Tensor | None = None

    @property
    def ready(self) -> bool:
        """True if it has been computed."""
        return self._stacked is not None

    def advance(self) -> None:
        """Compute a part of it, one Hessian-vector product."""
        if self.ready:
            return
        try:
            next(self._parts)
        except StopIteration as end:
            self._stacked = stacked(end.value)

    def __call__(self) -> Tensor:
        """Return values and weights, shape (K, 2, R * M); see `stacked`."""
        while self._stacked is None:
            self.advance()
        return self._stacked


class Spectra:
    """The spectra of one Hessian at the thetas that were asked for last; each is computed once.

    Args:
        hessian_at: As for `hessian_spectrum`.
        seeds: Shape (K,).
    """

    KEPT = 2

    def __init__(self, hessian_at: HessianAt, seeds: Tensor):
        self._hessian_at, self._seeds = hessian_at, seeds
        self._known: list[tuple[Tensor, SpectrumAt]] = []

    def at(self, theta: Tensor) -> SpectrumAt:
        """Return the spectrum at this very tensor, shape (K, P), which nobody changes."""
        known = next((pair for pair in self._known if pair[0] is theta), None)
        pair = known or (theta, SpectrumAt(self._hessian_at, theta, self._seeds))
        self._known = [pair, *(other for other in self._known if other is not known)][: self.KEPT]
        return pair[1]


def stacked(spectrum: RitzSpectrum) -> Tensor:
    """Return values and weights as one tensor, shape (K, 2, R * M); each probe's weights are divided by R."""
    weights = spectrum.weights / spectrum.weights.shape[1]
    return torch.stack([spectrum.values.flatten(1), weights.flatten(1)], 1)


def densities(spectrum: np.ndarray, grid: np.ndarray) -> np.ndarray:
    """Return the density on a grid (G,), each point spread over a grid's step.

    Args:
        spectrum: Values and weights of Ritz points, shape (K, 2, R * M).
        grid: Evenly spaced.

    Returns:
        Shape (K, G).
    """
    points = torch.from_numpy(spectrum).double()[:, :, None]
    ritz = RitzSpectrum(points[:, 0], points[:, 1])
    return ritz.density(torch.from_numpy(grid), torch.full((len(points),), grid[1] - grid[0])).numpy()
