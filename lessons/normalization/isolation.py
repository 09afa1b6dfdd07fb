"""Isolated eigenvalues of a Hessian: those far beyond its bulk."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

BULK = 0.99  # share of all eigenvalues that lie below the bulk's edge
FAR = 3.0  # times the edge: from there on an eigenvalue is isolated


@dataclass(frozen=True)
class Isolation:
    """The end of the bulk and the eigenvalues beyond, each of shape (K,), float64; NaN in lanes that are not finite.

    Attributes:
        edge: 99 % of the eigenvalues lie below.
        top: The largest eigenvalue.
        count: How many eigenvalues exceed three times the edge.
        ratio: `top` over `edge`.
    """

    edge: Tensor
    top: Tensor
    count: Tensor

    @property
    def ratio(self) -> Tensor:
        return self.top / self.edge


def isolated_eigenvalues(spectrum: Tensor, probes: int) -> Isolation:
    """Read the isolated eigenvalues off a spectrum's Ritz points.

    A Ritz value beyond the bulk is an eigenvalue, as soon as Lanczos has found it; each probe finds them all, so
    `count` is the mean over the probes. The edge is known less well: from the two probes of a run's snapshot it comes
    out up to a half off, the count up to about two.

    Args:
        spectrum: Values and weights, shape (K, 2, R * M), weights with sum 1, as the snapshot `spectrum` has them.
        probes: R; 1 for all eigenvalues of a dense Hessian with equal weights.
    """
    order = spectrum[:, 0].argsort(dim=1)
    values, weights = (part.gather(1, order) for part in spectrum.unbind(1))
    edge = _quantile(values, weights, BULK)
    count = (values > FAR * edge[:, None]).sum(1) / probes
    gone = ~spectrum.isfinite().all(2).all(1)
    return Isolation(edge, values[:, -1], count.to(edge).masked_fill(gone, torch.nan))


def _quantile(values: Tensor, weights: Tensor, share: float) -> Tensor:
    """The value below which a share of the mass lies: each point's mass is spread evenly about its place, (K,)."""
    middle = weights.cumsum(1) - weights / 2
    above = (middle < share).sum(1).clamp(1, values.shape[1] - 1)[:, None]
    low, high = (values.gather(1, at)[:, 0] for at in (above - 1, above))
    start, end = (middle.gather(1, at)[:, 0] for at in (above - 1, above))
    return low + (high - low) * ((share - start) / (end - start).clamp_min(1e-30)).clamp(0, 1)
