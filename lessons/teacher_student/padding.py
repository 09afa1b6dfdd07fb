"""Networks of different widths side by side in one tensor program.

All lanes are as wide as the widest. Where a lane is narrower, the nodes that it lacks have all weights 0, in and out:
their activation and its derivative are 0, so their gradient is 0 and they stay as they are, exactly.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from lessons.core.generators import generator
from lessons.core.network import DenseNetwork

DrawWeights = Callable[[int, int, torch.Generator], Tensor]


def draw_padded(network: DenseNetwork, seeds: Sequence[int], widths: Tensor, purpose: str, draw: DrawWeights) -> Tensor:
    """Draw weights for lanes of different widths; biases and missing nodes are 0.

    A lane's draw depends on its own seed and width alone, and not on how wide the widest is.

    Args:
        network: Shape of the widest.
        seeds: K of them.
        widths: Nodes in each hidden layer, shape (K,).
        purpose: Stream of random numbers.
        draw: Makes weights (fan_in, fan_out) from these two numbers and a generator.

    Returns:
        theta, shape (K, P).
    """
    theta = torch.zeros(len(widths), network.parameter_count)
    keys = list(zip(seeds, widths.tolist(), strict=True))
    drawn = {key: _draw_layers(network.sizes, *key, purpose, draw) for key in dict.fromkeys(keys)}
    for number, (weight, _) in enumerate(network.layers(theta)):
        weight[:] = torch.stack([drawn[key][number] for key in keys])
    return theta


def keep_nodes(network: DenseNetwork, theta: Tensor, kept: Tensor) -> Tensor:
    """Return a copy of theta (K, P) in which nodes of the last hidden layer that are not `kept` have all weights 0.

    Args:
        network: Shape of the widest.
        theta: Parameters.
        kept: Flags, shape (K, m).
    """
    pruned = theta.detach().clone()
    (into, bias), (out, _) = network.layers(pruned)[-2:]
    into *= kept[:, None]
    bias *= kept[:, None]
    out *= kept[..., None]
    return pruned


def _draw_layers(sizes: Sequence[int], seed: int, width: int, purpose: str, draw: DrawWeights) -> list[Tensor]:
    source, weights = generator(seed, purpose), []
    own = (sizes[0], *[width] * (len(sizes) - 2), sizes[-1])
    for (fan_in, fan_out), full in zip(itertools.pairwise(own), itertools.pairwise(sizes), strict=True):
        weight = torch.zeros(full)
        weight[:fan_in, :fan_out] = draw(fan_in, fan_out, source)
        weights.append(weight)
    return weights
