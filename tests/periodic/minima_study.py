"""Minima of whole runs of `Periodic`, successive and independent."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.periodic.experiment import Periodic, network_of
from lessons.periodic.minima import Minimum, MinimumCollector, cosine_similarities, ensemble_errors
from lessons.periodic.settings import PeriodicSettings


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
