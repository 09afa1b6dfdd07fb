"""The minima that successive periods end in: how far apart they lie, and what they are worth together."""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import Tensor

from lessons.core.data.digits import Split, digits_split
from lessons.core.lanes import Lanes
from lessons.periodic.experiment import Periodic, network_of
from lessons.periodic.network import ScaleInvariantNetwork
from lessons.periodic.phases import PhaseDetector
from lessons.periodic.settings import PeriodicSettings


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


@dataclass(frozen=True)
class MinimaStudy:
    """Minima of M successive periods of one run beside the first minima of M independent runs.

    Attributes:
        successive: Cosines between the weights of the run's minima, shape (M, M).
        independent: Cosines between the weights of the independent nets, shape (M, M).
        successive_errors: Test error of an ensemble of the run's first 1 to M minima, shape (M,).
        independent_errors: Test error of an ensemble of the first 1 to M independent nets, shape (M,).
    """

    successive: Tensor
    independent: Tensor
    successive_errors: Tensor
    independent_errors: Tensor


def collect_minima(lanes: Lanes[PeriodicSettings]) -> list[Minimum]:
    """Train to the end and return the minima of all lanes, in the order in which their periods ended."""
    collector = MinimumCollector(len(lanes))
    for measurement in Periodic().run(lanes):
        collector.update(measurement.step, measurement["loss"], measurement["norm"], measurement.state.theta)
    return collector.minima


def study_minima(settings: PeriodicSettings, nets: int) -> MinimaStudy:
    """Train `nets` lanes that differ in their seed, and compare the first one's minima with those of different lanes.

    Args:
        settings: The first lane's; the others have the next seeds.
        nets: M; fewer if the first lane has fewer periods, or some lane has none.

    Raises:
        ValueError: If the first lane has not had two periods, or not two lanes have had one.
    """
    seeds = range(settings.seed, settings.seed + nets)
    minima = collect_minima(Lanes([settings.with_value("seed", seed) for seed in seeds]))
    successive = [minimum.theta for minimum in minima if minimum.lane == 0][:nets]
    independent = [minimum.theta for minimum in minima if minimum.period == 0]
    count = min(len(successive), len(independent))
    if count < 2:
        raise ValueError("Less than two minima to compare: train longer.")
    network, data = network_of(settings), digits_split(settings.train_size)
    thetas = [torch.stack(group[:count]) for group in (successive, independent)]
    cosines = [cosine_similarities(theta[:, network.weights]) for theta in thetas]
    errors = [ensemble_errors(network, theta, data) for theta in thetas]
    return MinimaStudy(*cosines, *errors)


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
