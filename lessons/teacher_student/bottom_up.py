"""How many nodes are needed by who has to choose them before it is known what they are for?"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.experiment import Experiment, Measurement, Measurements, MeasurementsInParts
from lessons.core.generators import generator
from lessons.core.lanes import Lanes
from lessons.core.parts import StepsInParts
from lessons.core.settings import Settings, setting

MEAN_SQUARE = 1 / (2 * math.pi)  # of the mean of a node's activation, E relu(z) = 1 / sqrt(2 pi)
VARIANCE = 0.5 - MEAN_SQUARE
TARGETS = 20  # teacher nodes, over which the unexplained share is averaged
_GROWTH = 1.1
_JITTER = 1e-9  # on the diagonal: nodes that are alike to rounding do not make a matrix singular


class BottomUpSettings(Settings):
    """Settings of `BottomUp`."""

    dimension: int = setting(
        20,
        label="inputs",
        symbol="d",
        doc="Numbers in an input, N(0, I).",
        low=1,
        high=200,
        slider=(2, 60),
        scale="log",
    )
    level: float = setting(
        0.1,
        label="unexplained share to reach",
        symbol="ε",
        doc="Nodes are counted until the mean unexplained share is below it.",
        low=0.001,
        high=0.9,
        slider=(0.01, 0.5),
        scale="log",
    )
    steps: int = setting(
        60,
        label="steps",
        doc="At each there are a tenth more nodes, and at least one.",
        low=1,
        high=66,
        slider=(10, 66),
        shared=True,
    )
    seed: int = declared.seed(doc="Draws the nodes, and the teacher nodes.")


class BottomUp(Experiment[BottomUpSettings]):
    """A layer of random ReLU nodes that grows, and above it the best linear readout for one teacher node.

    Nodes and teacher nodes have weights of length 1 in a random direction, and no bias. As inputs are Gaussian, all
    inner products of activations are known (`covariance`): the unexplained share is that of infinitely many inputs,
    and nothing is sampled but the nodes. Measures, float64, shape (K,): `nodes` so far; `unexplained`, mean over
    `TARGETS` teacher nodes; `needed`, the number of nodes at which it first was below `level`, 0 until then; and
    `loss`, which is `unexplained`.
    """

    name = "bottom up"
    title = "Nodes that are chosen beforehand"
    settings_type = BottomUpSettings
    references = (
        "Tian, Jiang, Gong & Morcos 2019, arXiv 1905.13405 (top-down modulation)",
        "Yehudai & Shamir 2019, arXiv 1904.00687 (random features and a single ReLU node)",
        "Cho & Saul 2009, NeurIPS 22, eq. 6 (inner products of ReLU nodes)",
    )

    def run(self, lanes: Lanes[BottomUpSettings], device: str = "cpu") -> Measurements:
        return StepsInParts(_in_parts(lanes, device))


def _in_parts(lanes: Lanes[BottomUpSettings], device: str) -> MeasurementsInParts:
    fits = [GrowingReadout(settings.dimension, settings.seed, device) for settings in lanes.settings]
    needed = torch.zeros(len(fits), dtype=torch.float64)
    for step, nodes in enumerate(node_counts(lanes.shared.steps)):
        now = []
        for lane, fit in enumerate(fits):
            before = fit.nodes
            added = fit.grow(nodes).cpu()
            reached = (added < lanes.settings[lane].level).nonzero()
            if needed[lane] == 0 and len(reached):
                needed[lane] = before + 1 + int(reached[0])
            now.append(added[-1])
            yield None
        unexplained = torch.stack(now)
        counts = torch.full_like(unexplained, nodes)
        yield Measurement(
            step, {"nodes": counts, "unexplained": unexplained, "needed": needed.clone(), "loss": unexplained}
        )


class GrowingReadout:
    """The least-squares readout of random nodes, by a Cholesky factor that grows with them.

    Attributes:
        nodes: How many there are.
    """

    def __init__(self, dimension: int, seed: int, device: str = "cpu"):
        self.nodes, self._seed, self._device = 0, seed, device
        self._target = self._directions(TARGETS, dimension, "teacher nodes")
        self._weight = self._target[:0]
        self._factor = self._target.new_zeros(0, 0)
        self._along = self._target.new_zeros(0, TARGETS)

    def grow(self, nodes: int) -> Tensor:
        """Add nodes up to so many; return the mean unexplained share after each of those added."""
        more = self._directions(nodes - self.nodes, self._target.shape[1], f"nodes from {self.nodes}")
        across = torch.linalg.solve_triangular(self._factor, covariance(self._weight, more), upper=False)
        own = covariance(more, more) - across.T @ across
        own = torch.linalg.cholesky(own + _JITTER * torch.eye(len(more)).to(own))
        rest = covariance(more, self._target) - across.T @ self._along
        explained = self._along.square().sum(0)
        along = torch.linalg.solve_triangular(own, rest, upper=False)
        upper = torch.cat([self._factor, torch.zeros_like(across)], 1)
        self._factor = torch.cat([upper, torch.cat([across.T, own], 1)])
        self._weight, self._along = torch.cat([self._weight, more]), torch.cat([self._along, along])
        self.nodes = nodes
        return (1 - (explained + along.square().cumsum(0)) / VARIANCE).mean(1)

    def _directions(self, count: int, dimension: int, purpose: str) -> Tensor:
        drawn = torch.randn(count, dimension, generator=generator(self._seed, purpose), dtype=torch.float64)
        return (drawn / drawn.norm(dim=1, keepdim=True)).to(self._device)


def covariance(first: Tensor, second: Tensor) -> Tensor:
    """Return Cov(relu(u.x), relu(v.x)) over x ~ N(0, I) for weights of length 1, (m, d) and (n, d): shape (m, n).

    The arc-cosine kernel of degree 1 (Cho & Saul 2009), halved, less the product of the means.
    """
    c = (first @ second.T).clamp(-1, 1)
    return ((1 - c.square()).sqrt() + c * (math.pi - torch.arccos(c))) / (2 * math.pi) - MEAN_SQUARE


def node_counts(steps: int) -> list[int]:
    """Return how many nodes there are at each step from 0 on."""
    found = [1]
    for _ in range(steps):
        found.append(max(found[-1] + 1, round(_GROWTH * found[-1])))
    return found


def polynomial_counts(dimension: int, level: float) -> tuple[list[int], list[float], int | None]:
    """Count polynomials instead of nodes: they, too, can be chosen before the teacher node is known.

    A node relu(w.x) has the share E[relu(z) He_k(z)]^2 / (k! `VARIANCE`) of its variance in degree k (Hermite), and
    there are C(d + k - 1, k) polynomials of degree k in d inputs.

    Args:
        dimension: d.
        level: The unexplained share to reach.

    Returns:
        How many there are up to the degrees 0, 1, 2, 4 and 6; what these leave unexplained; and the first of these
        numbers that leaves less than `level`, None if it takes higher degrees.
    """
    moments = {1: 0.25, 2: 1 / (4 * math.pi), 4: 1 / (48 * math.pi), 6: 1 / (160 * math.pi)}  # other odd ones: none
    counts, left = [1], [1.0]
    for degree, square in moments.items():
        counts.append(counts[-1] + math.comb(dimension + degree - 1, degree))
        left.append(left[-1] - square / VARIANCE)
    return counts, left, next((count for count, rest in zip(counts, left, strict=True) if rest < level), None)
