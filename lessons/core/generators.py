"""Private random generators, so that no run touches torch's global random state."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

import torch


def generator(seed: int, purpose: str) -> torch.Generator:
    """Return a CPU generator that depends on the seed and on what it is for.

    Weights, batches and noise draw from separate streams: one more draw in one of them moves none of the others.
    """
    digest = hashlib.sha256(f"{seed}/{purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)


def draw_per_seed(seeds: torch.Tensor, purpose: str, draw: Callable[[torch.Generator], torch.Tensor]) -> torch.Tensor:
    """Stack `draw(generator)` over lanes; lanes of one seed share one draw.

    Args:
        seeds: Shape (K,).
        purpose: Name of the stream.
        draw: Function of a generator that returns a tensor of shape (...).

    Returns:
        Shape (K, ...).
    """
    keys = [int(seed) for seed in seeds]
    drawn = {key: draw(generator(key, purpose)) for key in dict.fromkeys(keys)}
    return torch.stack([drawn[key] for key in keys])


def normal_per_seed(seeds: torch.Tensor, purpose: str, *shape: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """Draw standard normal numbers, shape (K, *shape); arguments as of `draw_per_seed`."""
    return draw_per_seed(seeds, purpose, lambda source: torch.randn(shape, generator=source, dtype=dtype))
