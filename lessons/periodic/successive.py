"""The minima of successive periods beside those of independent nets, as they are found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial

import torch
from torch import Tensor

from lessons.core.data.digits import digits_split
from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.periodic.experiment import Periodic, network_of
from lessons.periodic.minima import Minimum, MinimumCollector, cosine_similarities, ensemble_errors
from lessons.periodic.settings import PeriodicSettings

Group = Callable[[Sequence[Minimum]], list[Minimum]]
KEPT = ("loss", "norm", "phase", "onset", "test_error")


class SuccessiveMinima(Experiment):
    """K nets train in periods. The first one's minima are compared with the first minima of all of them.

    Measures `loss`, `norm`, `phase`, `onset` and `test_error` as `Periodic` does, and, of shape (K,), `minima`, how
    many minima each lane has left behind, and `minimum_step`, the step of the last of them, -1 before the first.
    Snapshots: `successive_cosines` and `independent_cosines`, between the weights of the first lane's first K minima
    and between those of the lanes' first minima, (K, K); `successive_errors` and `independent_errors`, test error of
    an ensemble of the first 1 to K of them, (K,); nan for minima not found yet.
    """

    name = "successive_minima"
    title = "Minima of successive periods"
    settings_type = PeriodicSettings
    references = ("Lobacheva, Kodryan, Chirkova, Malinin & Vetrov 2021, arXiv 2106.15739, section 6",)

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        collector, steps = MinimumCollector(len(lanes)), torch.full((len(lanes),), -1.0, dtype=torch.float64)
        shape = lanes.shared
        for measurement in Periodic().run(lanes, device):
            known = len(collector.minima)
            collector.update(measurement)
            if len(collector.minima) > known:
                steps = steps.clone()
                for minimum in collector.minima[known:]:
                    steps[minimum.lane] = minimum.step
            count = torch.from_numpy(collector.detector.count).double()
            values = {name: measurement[name] for name in KEPT} | {"minima": count, "minimum_step": steps}
            found = tuple(collector.minima)
            groups = {"successive": _of_first_lane, "independent": _first_of_each}
            snapshots = {}
            for name, group in groups.items():
                snapshots[f"{name}_cosines"] = partial(_cosines, found, group, len(lanes), shape)
                snapshots[f"{name}_errors"] = partial(_errors, found, group, len(lanes), shape)
            yield Measurement(measurement.step, values, snapshots)


def _of_first_lane(minima: Sequence[Minimum]) -> list[Minimum]:
    return [minimum for minimum in minima if minimum.lane == 0]


def _first_of_each(minima: Sequence[Minimum]) -> list[Minimum]:
    return [minimum for minimum in minima if minimum.period == 0]


def _cosines(minima: Sequence[Minimum], group: Group, count: int, shape: PeriodicSettings) -> Tensor:
    """Shape (K, K)."""
    chosen, cosines = group(minima)[:count], torch.full((count, count), torch.nan)
    if chosen:
        weights = torch.stack([minimum.theta for minimum in chosen])[:, network_of(shape).weights]
        cosines[: len(chosen), : len(chosen)] = cosine_similarities(weights)
    return cosines


def _errors(minima: Sequence[Minimum], group: Group, count: int, shape: PeriodicSettings) -> Tensor:
    """Shape (K,)."""
    chosen, errors = group(minima)[:count], torch.full((count,), torch.nan)
    if chosen:
        thetas = torch.stack([minimum.theta for minimum in chosen])
        errors[: len(chosen)] = ensemble_errors(network_of(shape), thetas, digits_split(shape.train_size))
    return errors
