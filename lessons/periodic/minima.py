"""The minima that successive periods end in: how far apart they lie, and what they are worth together."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from lessons.core.data.digits import Split
from lessons.periodic.network import ScaleInvariantNetwork
from lessons.periodic.phases import PhaseDetector


@dataclass(frozen=True)
class Minimum:
    """The parameters (P,) of one lane at the lowest loss of one period, and when that was."""

    lane: int
    period: int
    step: int
    loss: float
    theta: Tensor

    def __deepcopy__(self, memo: dict[int, object]) -> Minimum:
        return self  # nobody changes it


@dataclass
class MinimumCollector:
    """Keeps each lane's parameters at the lowest loss since its last breakdown; one of them is a `Minimum`.

    Attributes:
        detector: Phases as of the last step seen.
        minima: Of all periods that have ended with a breakdown.
    """

    lanes: int
    minima: list[Minimum] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.detector = PhaseDetector(self.lanes)
        self._loss = torch.full((self.lanes,), torch.inf)
        self._step = torch.zeros(self.lanes, dtype=torch.long)
        self._theta: Tensor | None = None

    def update(self, step: int, loss: Tensor, norm: Tensor, theta: Tensor) -> None:
        """Take the next step of a run of `Periodic`: its `loss` (K,), `norm` (K,) and parameters (K, P)."""
        loss, norm, theta, before = loss.cpu(), norm.cpu(), theta.cpu(), self.detector.count
        self.detector.update(loss.numpy(), norm.numpy())
        ended = torch.from_numpy(self.detector.count > before)
        for lane in ended.nonzero()[:, 0].tolist():
            self._keep(lane, int(before[lane]))
        better = ended | (loss < self._loss)
        self._theta = theta if self._theta is None else torch.where(better[:, None], theta, self._theta)
        self._loss = torch.where(better, loss, self._loss)
        self._step = torch.where(better, step, self._step)

    def _keep(self, lane: int, period: int) -> None:
        assert self._theta is not None
        loss, step = float(self._loss[lane]), int(self._step[lane])
        self.minima.append(Minimum(lane, period, step, loss, self._theta[lane].clone()))


def cosine_similarities(weights: Tensor) -> Tensor:
    """Return the cosine between each two of M nets' weights: (M, S) gives (M, M)."""
    directions = weights / weights.norm(dim=1, keepdim=True)
    return directions @ directions.T


@torch.no_grad()
def ensemble_errors(network: ScaleInvariantNetwork, thetas: Tensor, data: Split) -> Tensor:
    """Return the test error of the first 1, 2, ... M nets together, whose class probabilities are averaged.

    Args:
        network: The shape of all nets.
        thetas: Shape (M, P).
        data: Each net is normalized by its statistics of the training images.

    Returns:
        Shape (M,).
    """
    outputs = network(thetas, data.test_inputs, network.statistics(thetas, data.train_inputs))
    together = outputs.softmax(-1).cumsum(0)
    return (together.argmax(-1) != data.test_labels).float().mean(1)


def off_diagonal(matrix: Tensor) -> Tensor:
    """Return the entries of (M, M) for two different nets, shape (M (M - 1) / 2,)."""
    row, column = torch.triu_indices(matrix.shape[0], matrix.shape[1], offset=1)
    return matrix[row, column]
