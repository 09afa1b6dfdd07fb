"""Random matrices that schemes are made from: each seed, layer and net has a stream of its own.

A deeper net has the layers of a shallower one and some more, and lanes of one seed differ in their scheme alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from lessons.core.generators import generator

_KEPT = 128
_LARGEST_KEPT = 256 * 256


@dataclass(frozen=True)
class Layer:
    """One layer of a net whose weights are to be drawn.

    Attributes:
        number: From 1, next to the input, to `count`.
        count: How many layers there are.
        fan_in: Units that a unit listens to.
        fan_out: Units in the layer.
        net: Which of several nets of one seed.
    """

    number: int
    count: int
    fan_in: int
    fan_out: int
    net: int = 0

    @property
    def stream(self) -> str:
        """Name of the layer's random stream."""
        return f"weights {self.number} of net {self.net}"


Draw = Callable[[Tensor, Layer], Tensor]


def ones(seeds: Tensor, layer: Layer) -> Tensor:
    """Return what is not random: 1 everywhere, shape (K, fan_in, fan_out)."""
    return torch.ones(len(seeds), layer.fan_in, layer.fan_out)


def standard_normal(seeds: Tensor, layer: Layer) -> Tensor:
    """Return independent N(0, 1) numbers, shape (K, fan_in, fan_out)."""
    return _for_each_seed(_normal, seeds, layer)


def signs(seeds: Tensor, layer: Layer) -> Tensor:
    """Return the signs of `standard_normal`, +1 and -1, shape (K, fan_in, fan_out)."""
    return standard_normal(seeds, layer).sign()


def uniform(seeds: Tensor, layer: Layer) -> Tensor:
    """Return uniform numbers of variance 1, ordered as those of `standard_normal`, shape (K, fan_in, fan_out)."""
    return (math.sqrt(12) * (_rank(seeds, layer) - 0.5)).float()


def cauchy(seeds: Tensor, layer: Layer) -> Tensor:
    """Return Cauchy numbers, which have no variance, ordered as those of `standard_normal`, (K, fan_in, fan_out)."""
    return torch.tan(math.pi * (_rank(seeds, layer) - 0.5)).float()


def _rank(seeds: Tensor, layer: Layer) -> Tensor:
    """Return each number's place in N(0, 1), from 0 to 1, in float64: float32 knows nothing between 1 - 6e-8 and 1."""
    return torch.special.ndtr(standard_normal(seeds, layer).double())


def orthogonal(seeds: Tensor, layer: Layer) -> Tensor:
    """Return random matrices with orthonormal rows or columns, whichever are fewer, shape (K, fan_in, fan_out).

    Uniform under the Haar measure, as the Q of a Gaussian matrix with R's diagonal positive. That Q is a product of
    reflections along independent Gaussian vectors, each one shorter than the last, which are drawn here: half the work.
    Sources: Stewart 1980, SIAM J. Numer. Anal. 17(3); Mezzadri 2007, Notices of the AMS 54(5).
    """
    return _for_each_seed(_orthogonal, seeds, layer)


def _for_each_seed(draw: Callable[[int, str, int, int], Tensor], seeds: Tensor, layer: Layer) -> Tensor:
    """One matrix a lane; lanes of one seed share one draw. The layers of the first net are kept for the next call."""
    keep = layer.net == 0 and layer.fan_in * layer.fan_out <= _LARGEST_KEPT
    function = _kept if keep else _newest
    keys = [int(seed) for seed in seeds]
    drawn = {key: function(draw, key, layer.stream, layer.fan_in, layer.fan_out) for key in dict.fromkeys(keys)}
    if len(drawn) == 1:  # no copy
        return drawn[keys[0]].expand(len(keys), -1, -1)
    return torch.stack([drawn[key] for key in keys])


@lru_cache(maxsize=4)
def _newest(draw: Callable[[int, str, int, int], Tensor], seed: int, stream: str, fan_in: int, fan_out: int) -> Tensor:
    """Schemes that multiply one draw ask for it one after the other."""
    return draw(seed, stream, fan_in, fan_out)


@lru_cache(maxsize=2 * _KEPT)
def _kept(draw: Callable[[int, str, int, int], Tensor], seed: int, stream: str, fan_in: int, fan_out: int) -> Tensor:
    return draw(seed, stream, fan_in, fan_out)


def _normal(seed: int, stream: str, fan_in: int, fan_out: int) -> Tensor:
    return torch.randn(fan_in, fan_out, generator=generator(seed, stream))


def _orthogonal(seed: int, stream: str, fan_in: int, fan_out: int) -> Tensor:
    normal = _normal(seed, stream, fan_in, fan_out)
    return reflections(normal.T).T if fan_in < fan_out else reflections(normal)


def reflections(normal: Tensor) -> Tensor:
    """Return the product of reflections along the columns of a lower triangle of N(0, 1) numbers, shape (m, n), m >= n.

    Column k is the vector that reflection k sends to an axis. In LAPACK's terms: v = x + sign(x_1) |x| e_1, divided by
    its first entry, and tau = 2 / |v|^2.
    """
    vectors = normal * _lower_triangle(*normal.shape)  # several times quicker than `tril`
    first, length = vectors.diagonal(), vectors.norm(dim=0)
    sign = torch.where(first < 0, -1.0, 1.0)
    product = torch.linalg.householder_product(vectors / (first + sign * length), 1 + first.abs() / length)
    return -sign * product


@lru_cache(maxsize=4)
def _lower_triangle(rows: int, columns: int) -> Tensor:
    """Ones on and below the diagonal."""
    return torch.ones(rows, columns).tril()
