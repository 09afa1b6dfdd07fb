"""Random matrices that schemes are made from: each seed, layer and net has a stream of its own.

A deeper net has the layers of a shallower one and some more, and lanes of one seed differ in their scheme alone.
"""

from __future__ import annotations

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


def orthogonal(seeds: Tensor, layer: Layer) -> Tensor:
    """Return random matrices with orthonormal rows or columns, whichever are fewer, shape (K, fan_in, fan_out).

    Uniform under the Haar measure: the Q of a Gaussian matrix, with signs that make R's diagonal positive.
    Source: Mezzadri 2007, Notices of the AMS 54(5).
    """
    return _for_each_seed(_orthogonal, seeds, layer)


def _for_each_seed(draw: Callable[[int, str, int, int], Tensor], seeds: Tensor, layer: Layer) -> Tensor:
    """Stack over lanes; lanes of one seed share one draw. The layers of the first net are kept for the next call."""
    keep = layer.net == 0 and layer.fan_in * layer.fan_out <= _LARGEST_KEPT
    function = _kept if keep else _fresh
    keys = [int(seed) for seed in seeds]
    drawn = {key: function(draw, key, layer.stream, layer.fan_in, layer.fan_out) for key in dict.fromkeys(keys)}
    return torch.stack([drawn[key] for key in keys])


def _fresh(draw: Callable[[int, str, int, int], Tensor], seed: int, stream: str, fan_in: int, fan_out: int) -> Tensor:
    return draw(seed, stream, fan_in, fan_out)


@lru_cache(maxsize=2 * _KEPT)
def _kept(draw: Callable[[int, str, int, int], Tensor], seed: int, stream: str, fan_in: int, fan_out: int) -> Tensor:
    return draw(seed, stream, fan_in, fan_out)


def _normal(seed: int, stream: str, fan_in: int, fan_out: int) -> Tensor:
    return torch.randn(fan_in, fan_out, generator=generator(seed, stream))


def _orthogonal(seed: int, stream: str, fan_in: int, fan_out: int) -> Tensor:
    normal = _normal(seed, stream, fan_in, fan_out)
    wide = fan_in < fan_out
    q, r = torch.linalg.qr(normal.T if wide else normal)
    q = q * torch.where(r.diagonal() < 0, -1.0, 1.0)
    return q.T if wide else q
